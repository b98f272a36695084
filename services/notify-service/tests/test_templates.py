"""A district's own wordings, and the proof of what was given in them."""

import pytest

from contracts.notify import NoticeRendered

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/notify/v1/templates"


def template(**fields) -> dict:
    told = {
        "kind": "prior_written_notice",
        "language": "es",
        "name": "Aviso 2026",
        "texts": {"letter.dear": "Querida familia {name}:"},
    }
    return told | fields


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"letter.dear": "Dear {name} of {planet},"}, "place-not-known"),
        ({"letter.nowhere": "Hello"}, "text-not-known"),
        ({"page.intro": "Hello"}, "text-not-known"),
        ({"letter.dear": "Dear {name.__class__},"}, "text-not-readable"),
        ({"letter.dear": "Dear {name:>99999999},"}, "text-not-readable"),
        ({"letter.dear": "Dear {name!r},"}, "text-not-readable"),
        ({"letter.dear": "Dear {name"}, "text-not-readable"),
        ({"letter.dear": "Dear {0},"}, "text-not-readable"),
        ({"letter.dear": "{% for each in name %}{{ each }}{% endfor %}"}, "text-not-readable"),
        ({"letter.dear": "{name:{name}}"}, "text-not-readable"),
        ({"letter.dear": "Dear {letter.dear},"}, "text-not-readable"),
    ],
)
async def test_a_wording_with_a_place_that_no_notice_has_is_refused(world, texts, code):
    refused = await world.post(PATH, template(texts=texts))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)


async def test_every_passage_that_may_be_worded_otherwise_can_be_read_and_uploaded_as_it_is(world):
    read = (await world.get("/notify/v1/templates/wording/es")).json()
    body = {"kind": "prior_written_notice", "language": "es", "name": "As it is", "texts": read["texts"]}

    uploaded = await world.post("/notify/v1/templates", body)

    assert uploaded.status_code == 201, uploaded.text
    assert "{name}" in read["texts"]["letter.dear"]
    assert (await world.get("/notify/v1/templates/wording/fr")).status_code == 404


async def test_a_wording_that_no_letter_can_be_set_with_is_refused(world):
    refused = await world.post(PATH, template(texts={"letter.dear": "Dear\x00 {name}"}))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "sample-not-written")


async def test_a_wording_in_a_language_that_is_not_worded_is_refused(world):
    refused = await world.post(PATH, template(language="tlh"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/language")


async def test_a_notice_is_written_in_the_district_s_own_wording_once_it_is_in_use(world):
    made = (await world.post(PATH, template())).json()
    reviewed = await world.post(f"{PATH}/{made['id']}/review", {"reviewed_by": "Harborview Language Office"})
    assert reviewed.json()["translation"] == "reviewed"
    await world.arrange()
    await world.elect_email()
    await world.propose()
    before = await world.reaches("given")
    activated = await world.post(f"{PATH}/{made['id']}/activation", {})
    assert activated.status_code == 200, activated.text

    await world.arrange()
    await world.elect_email()
    await world.propose()
    after = await world.reaches("given")

    ours, own = [
        next(each for each in await world.history(notice) if isinstance(each, NoticeRendered))
        for notice in (before, after)
    ]
    assert ours.template_id is None
    assert str(own.template_id) == made["id"]
    assert (own.translation, own.reviewed_by) == ("reviewed", "Harborview Language Office")
    retired = await world.post(f"{PATH}/{made['id']}/retirement", {})
    assert retired.json()["retired_on"]
    again = await world.post(f"{PATH}/{made['id']}/activation", {})
    assert (again.status_code, again.json()["code"]) == (409, "template-not-usable")


async def test_the_proof_of_notice_is_a_document_of_what_the_log_holds(world):
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")

    proof = await world.get(f"/notify/v1/notices/{notice}/proof.pdf")

    assert proof.status_code == 200
    assert proof.content.startswith(b"%PDF-")
