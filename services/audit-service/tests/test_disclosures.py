"""What is given out by hand: on which ground it may be, that it is recorded as it was, and who can read of it."""

from datetime import UTC, date, datetime

import pytest
import pytest_asyncio

from audit_service.application.access_record import row_on_paper
from audit_service.testing_facts import (
    DANA,
    FATHER,
    JONAS,
    JONAS_AS_HOLDER,
    PLAN,
    adopted,
    confirmed,
    dana,
    draft_opened,
    registered,
    release,
    rights_transferred,
)
from contracts.ids import new_id
from runtime.testing_http import no_row_differs

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORTED = {
    "source": "Paper file",
    "reason": "It was given before anybody asked.",
    "occurred_on": "2026-05-04",
}


@pytest_asyncio.fixture(loop_scope="module")
async def grown_up(world):
    """Jonas has been eighteen since 3 March 2026; until then his father held the record rights."""
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write(
        "plan", JONAS, f"student/{JONAS}", registered(), confirmed(), *rights_transferred(), release()
    )
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted())
    await world.caught_up()
    yield world
    await no_row_differs(world.app)


def copy(**other) -> dict[str, object]:
    return {
        "student": str(JONAS), "recipient": {"name": "Karl Feld"}, "holder": str(FATHER), "ground": "own_record",
        "purpose": "other", "interest": "To read at home.",
        "items": ["plan", "evaluation_summary"], "channel": "handed_over", "disclosed_on": "2025-11-19",
    } | other  # fmt: skip


EMERGENCY = {"ground": "health_or_safety_emergency", "holder": None, "interest": None}


def codes(answer) -> list[str]:
    return [each["code"] for each in answer.json()["errors"]]


async def test_the_copy_a_parent_got_is_on_record_and_in_the_record_of_access(grown_up) -> None:
    made = await grown_up.post("/disclosures", copy(external_id="northwind:copy-1"))
    assert made.status_code == 201, made.text
    said = made.json()
    assert (said["holder"], said["channel"], said["disclosed_on"]) == (
        str(FATHER),
        "handed_over",
        "2025-11-19",
    )
    assert (await grown_up.http.get(made.headers["location"], headers=grown_up.vendor())).json() == said
    listed = await grown_up.get("/disclosures", student=str(JONAS), external_id="northwind:copy-1")
    assert listed.json()["items"] == [said]

    await grown_up.caught_up()
    event = made.headers["handrail-event"]
    shown = (await grown_up.get("/access-record", student=str(JONAS), after_event=event)).json()["items"][-1]
    assert (shown["what"], shown["recipient"], shown["ground"]) == ("disclosed", "Karl Feld", "own_record")
    assert (shown["channel"], shown["parts"]) == ("handed_over", ["plan", "evaluation_summary"])
    assert (
        (shown["purpose"], shown["interest"])
        == ("other", "To read at home.")
        == (said["purpose"], said["interest"])
    )
    on_paper = row_on_paper(shown, datetime.now(UTC))
    assert (on_paper[1].startswith("given to Karl Feld, by "), on_paper[3]) == (True, "To read at home.")
    told = (await grown_up.get(f"/students/{JONAS}/timeline", after_event=event)).json()["items"][-1]
    assert "Reason: To read at home." in told["what"]
    assert "recorded the disclosure of plan and evaluation summary to Karl Feld" in told["what"]


async def test_the_same_again_is_the_first_and_another_body_is_refused(grown_up) -> None:
    first = await grown_up.post("/disclosures", copy(external_id="northwind:copy-1"))
    again = await grown_up.post("/disclosures", copy(external_id="northwind:copy-1"))
    assert (again.status_code, again.json()) == (200, first.json())
    other = await grown_up.post("/disclosures", copy(external_id="northwind:copy-1", items=["notices"]))
    assert (other.status_code, other.json()["code"]) == (409, "external-id-taken")
    keyed = grown_up.vendor()
    made = await grown_up.post("/disclosures", copy(), keyed)
    replayed = await grown_up.post("/disclosures", copy(), keyed)
    assert (replayed.status_code, replayed.json()["id"]) == (201, made.json()["id"])
    assert replayed.headers["idempotent-replayed"] == "true"


async def test_without_its_ground_it_is_refused_and_reported_it_is_recorded_with_what_it_left_unmet(
    grown_up,
) -> None:
    body = copy(disclosed_on="2026-05-04")
    refused = await grown_up.post("/disclosures", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "disclosure-refused"), refused.text
    assert codes(refused) == ["recipient-held-no-record-rights"]
    assert all(each["cure"] and each["citation"] for each in refused.json()["errors"])
    assert "Feld" not in refused.text

    scopes = grown_up.vendor("packet.write", "plan.report")
    made = await grown_up.post("/disclosures", body | {"reported": REPORTED}, scopes)
    assert made.status_code == 201, made.text
    assert [each["code"] for each in made.json()["reported"]["unmet"]] == ["recipient-held-no-record-rights"]


async def test_a_wrong_form_is_refused_with_its_field(grown_up) -> None:
    wrong = {
        "value-error": [copy(holder=None), copy(ground="order_or_subpoena"), copy(release=str(new_id())),
                        copy(interest=None), copy(purpose="school", **EMERGENCY)],
        "literal-error": [copy(ground="school_official", holder=None)], "too-short": [copy(items=[])],
        "extra-forbidden": [copy(mood="good")], "holder-unknown": [copy(holder=str(new_id()))],
    }  # fmt: skip
    for code, bodies in wrong.items():
        for body in bodies:
            answer = await grown_up.post("/disclosures", body)
            assert (answer.status_code, codes(answer)) == (422, [code]), answer.text
            assert answer.json()["errors"][0]["detail"]
            assert "Feld" not in answer.text


async def test_who_may_record_it_and_who_may_report(grown_up) -> None:
    assert (await grown_up.post("/disclosures", copy(), grown_up.vendor("plan.read"))).status_code == 403
    refused = await grown_up.post("/disclosures", copy(disclosed_on=None, reported=REPORTED))
    assert (refused.status_code, "plan.report" in refused.text) == (403, True)
    assert (await grown_up.post("/disclosures", copy(student=str(new_id())))).status_code == 404
    elsewhere = grown_up.issuer.vendor("packet.write", tenant="sandbox-hillside") | {"idempotency-key": "k"}
    assert (await grown_up.post("/disclosures", copy(), elsewhere)).status_code in (403, 404)


async def test_without_a_day_it_was_today_by_the_districts_own_clock(grown_up) -> None:
    before = (await grown_up.evidence.now(grown_up.tenant)).date()
    body = copy(holder=str(JONAS_AS_HOLDER), recipient={"name": "Jonas Feld"}, disclosed_on=None)
    made = await grown_up.post("/disclosures", body)
    after = (await grown_up.evidence.now(grown_up.tenant)).date()
    assert before <= date.fromisoformat(made.json()["disclosed_on"]) <= after, made.text


async def test_what_was_recorded_by_mistake_is_struck_out_and_the_record_of_access_shows_both(
    grown_up,
) -> None:
    made = await grown_up.post("/disclosures", copy())
    path = f"/disclosures/{made.json()['id']}/void"
    assert codes(await grown_up.post(path, {"reason": ""})) == ["string-too-short"]
    assert (await grown_up.post(path, {"reason": "x"}, grown_up.vendor("plan.read"))).status_code == 403
    struck = await grown_up.post(path, {"reason": "Entered for another student."})
    assert (struck.status_code, struck.json()["voided"]) == (200, {"reason": "Entered for another student."})
    again = await grown_up.post(path, {"reason": "Once more."})
    assert again.json() == struck.json()

    await grown_up.caught_up()
    event = struck.headers["handrail-event"]
    shown = (await grown_up.get("/access-record", student=str(JONAS), after_event=event)).json()["items"][-2:]
    assert [each["what"] for each in shown] == ["disclosed", "voided"]
    assert {(each["recipient"], each["voided"], each["disclosure"]) for each in shown} == {
        ("Karl Feld", "Entered for another student.", made.json()["id"])
    }
    first, second = (row_on_paper(each, datetime.now(UTC))[1] for each in shown)
    assert first.startswith("given to Karl Feld, struck out since, by ")
    assert second.startswith(
        "struck out, entered by mistake: given to Karl Feld, reason: Entered for another student., by "
    )
    told = (await grown_up.get(f"/students/{JONAS}/timeline", after_event=event)).json()["items"][-1]
    assert "struck out " in told["what"]
    assert "Reason: Entered for another student." in told["what"]
