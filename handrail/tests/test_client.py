"""What a refusal says, and how a story that is told again is answered as before."""

from handrail.client import Handrail, Refused

PROBLEM = {
    "title": "Amendment refused", "detail": "This amendment is refused: 2 rules are not met.",
    "errors": [
        {"pointer": "/effective_on", "code": "prior-written-notice-required", "citation": "34 CFR 300.503(a)",
         "detail": "The notice given allows this from 2026-03-09 at the earliest.", "cure": "Choose 2026-03-09 or later."},
        {"code": "consent-required", "detail": "1 of the changes lacks consent in writing."},
    ],
}  # fmt: skip


def test_a_refusal_names_every_reason_with_its_citation_and_cure():
    assert str(Refused(409, PROBLEM)).splitlines() == [
        "This amendment is refused: 2 rules are not met.",
        "  /effective_on The notice given allows this from 2026-03-09 at the earliest. [34 CFR 300.503(a)]"
        " -> Choose 2026-03-09 or later.",
        "   1 of the changes lacks consent in writing.",
    ]


def test_a_refusal_without_words_gives_its_status():
    assert str(Refused(502, {})) == "HTTP 502"


def test_keys_are_the_same_when_the_same_is_told_again_and_left_out_posts_move_no_other():
    def keys(*paths: str) -> list[str]:
        told = Handrail("http://127.0.0.1:9", "operator", "secret").telling("a life")
        return [told.keys(path) for path in paths]

    assert keys("/plans", "/meetings", "/plans") == ["a life-1", "a life-1", "a life-2"]
    assert keys("/meetings", "/plans")[1] == keys("/plans")[0]


def test_other_requests_have_keys_of_their_own():
    client = Handrail("http://127.0.0.1:9", "operator", "secret")

    assert client.keys("/plans") != client.keys("/plans")
