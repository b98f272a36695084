"""Meetings by HTTP: set, told of, attended, held; and each refusal with its citation."""

from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from contracts.ids import new_id
from plan_service.testing_service import ON_ONE_SERVICE, World

pytestmark = ON_ONE_SERVICE

HELD = {"starts_on": "2010-06-20"}
REPORTED = {"source": "paper file", "reason": "It was before our time.", "occurred_on": "2026-11-20"}
TODAY_AT_THREE = "2026-11-24T15:00:00-06:00"


@dataclass
class Team:
    """A student, a mother who decides, an aunt who is a contact, a teacher."""

    world: World
    student: str
    mother: str
    aunt: str
    teacher: str

    @property
    def parent(self) -> dict[str, str]:
        return {"kind": "rights_holder", "holder_id": self.mother}

    @property
    def staff(self) -> dict[str, str]:
        return {"kind": "staff", "staff_id": self.teacher}

    def meeting(self, **fields: Any) -> dict[str, Any]:
        return {"student": self.student, "purpose": "annual_review", "starts_at": TODAY_AT_THREE, "place": "Room 4",
                "invitees": [{"person": self.parent, "roles": ["parent"]}]} | fields  # fmt: skip

    async def set(self, **fields: Any) -> str:
        made: str = (await self.world.new("/meetings", self.meeting(**fields)))["id"]
        return made

    async def attends(self, meeting: str, person: Any, *roles: str, **fields: Any) -> Any:
        body = {"person": person, "roles": list(roles), "attendance": "present"} | fields
        return await self.world.post(f"/meetings/{meeting}/attendance", body)

    async def hold(self, meeting: str, **fields: Any) -> Any:
        etag = (await self.world.get(f"/meetings/{meeting}")).headers["etag"]
        return await self.world.post(f"/meetings/{meeting}/held", fields, if_match=etag)


@pytest_asyncio.fixture(loop_scope="module")
async def team(world: World) -> Team:
    student = await world.new(
        "/students", {"given_name": "Mira", "family_name": "Quill", "birth_date": "2010-06-20"}
    )
    teacher = await world.new("/staff", {"given_name": "Carol", "family_name": "Roe"})
    path = f"/students/{student['id']}"
    mother = await world.new(
        f"{path}/rights-holders",
        {"name": "Ana Quill", "ground": "biological_parent", "language": "es", "confirmed_by": teacher["id"],
         "rights": {"decision": HELD, "record": HELD, "notice": HELD, "contact": HELD}},
    )  # fmt: skip
    aunt = await world.new(f"{path}/contacts", {"given_name": "Luz", "family_name": "Quill"})
    return Team(world, student["id"], mother["id"], aunt["id"], teacher["id"])


def codes(answer: Any) -> set[str]:
    return {error["code"] for error in answer.json()["errors"]}


async def test_a_meeting_from_its_notice_to_the_day_it_was_held(team: Team) -> None:
    meeting = await team.set(external_id="northwind:m1")
    invited = await team.world.new(
        f"/meetings/{meeting}/invitations",
        {"person": team.parent, "channel": "letter", "given_on": "2026-11-10", "language": "es",
         "parts": ["purpose", "time", "place"]},
    )  # fmt: skip
    tried = await team.world.new(
        f"/meetings/{meeting}/attempts", {"person": team.parent, "means": "phone", "result": "will_attend"}
    )
    assert (await team.attends(meeting, team.parent, "parent")).status_code == 201
    assert (await team.attends(meeting, team.staff, "special_education_teacher")).status_code == 201
    held = await team.hold(meeting)

    assert held.status_code == 200, held.text
    told = held.json()
    assert (told["held_on"], told["parent_present"], told["attendance"]) == ("2026-11-24", True, 2)
    assert (told["invitations"], told["attempts"]) == (1, 1)
    assert (await team.world.get(f"/meetings/{meeting}/invitations")).json()["items"] == [
        invited | {"version": 6}
    ]
    assert (await team.world.get(f"/meetings/{meeting}/attempts/{tried['id']}")).json()["means"] == "phone"
    assert len((await team.world.get(f"/meetings/{meeting}/attendance")).json()["items"]) == 2
    listed = await team.world.get("/meetings", student=team.student)
    assert [each["id"] for each in listed.json()["items"]] == [meeting]


async def test_a_meeting_that_was_never_set_is_not_found(team: Team) -> None:
    nowhere = f"/meetings/{new_id()}"

    assert (await team.world.get(nowhere)).status_code == 404
    assert (await team.attends(str(new_id()), team.parent, "parent")).status_code == 404
    assert (await team.world.post(f"{nowhere}/held", {}, if_match='"1"')).status_code == 404


async def test_a_meeting_in_the_past_is_reported_not_decided(team: Team) -> None:
    past = {"starts_at": "2026-11-20T15:00:00-06:00"}
    refused = await team.world.post("/meetings", team.meeting(**past))
    meeting = await team.set(**past, reported=REPORTED)
    without_anybody = await team.hold(meeting)
    held = await team.hold(meeting, parent_present=True, reported=REPORTED)

    assert (refused.status_code, codes(refused)) == (409, {"meeting-in-the-past"})
    assert codes(without_anybody) == {"attendance-not-recorded", "parent-not-present"}
    assert (held.status_code, held.json()["reported"]) == (200, True)


async def test_the_student_is_invited_where_transition_is_discussed(team: Team) -> None:
    refused = await team.world.post("/meetings", team.meeting(transition_discussed=True))
    invitees = [{"person": {"kind": "student"}, "roles": ["student"]}]

    assert (refused.status_code, codes(refused)) == (409, {"student-not-invited"})
    assert refused.json()["errors"][0]["citation"] == "34 CFR 300.321(b)(1)"
    await team.set(transition_discussed=True, invitees=invitees)


async def test_without_a_parent_each_attempt_to_reach_them_is_on_record(team: Team) -> None:
    meeting = await team.set()
    await team.attends(meeting, team.staff, "agency_representative")
    await team.attends(meeting, {"kind": "rights_holder", "holder_id": team.aunt}, "parent")
    refused = await team.hold(meeting)
    claimed = await team.hold(meeting, parent_present=True)
    await team.world.new(
        f"/meetings/{meeting}/attempts", {"person": team.parent, "means": "phone", "result": "no_answer"}
    )
    held = await team.hold(meeting)

    assert (refused.status_code, codes(refused)) == (409, {"parent-not-present"}), "a contact is no parent"
    assert (claimed.status_code, codes(claimed)) == (422, {"attendance-says-otherwise"})
    assert held.json()["parent_present"] is False


async def test_a_member_is_excused_in_a_form_beforehand_by_a_parent(team: Team) -> None:
    meeting = await team.set()
    excused = {"attendance": "excused"}
    agreement = {"form": "written_agreement", "agreed_on": "2026-11-20", "agreed_by": team.mother}
    formless = await team.attends(meeting, team.staff, "interprets_evaluation", **excused)
    by_the_aunt = await team.attends(
        meeting, team.staff, "interprets_evaluation", **excused, excusal=agreement | {"agreed_by": team.aunt}
    )
    without_input = await team.attends(
        meeting,
        team.staff,
        "interprets_evaluation",
        **excused,
        excusal=agreement | {"form": "written_consent"},
    )
    a_parent = await team.attends(meeting, team.parent, "parent", **excused, excusal=agreement)
    good = await team.attends(meeting, team.staff, "interprets_evaluation", **excused, excusal=agreement)

    assert (formless.status_code, codes(formless)) == (422, {"excusal-has-a-form"})
    assert (by_the_aunt.status_code, codes(by_the_aunt)) == (409, {"excusal-not-by-a-parent"})
    assert codes(without_input) == {"excusal-without-input"}
    assert codes(a_parent) == {"role-cannot-be-excused"}
    assert good.status_code == 201, good.text


async def test_of_one_person_the_newer_attendance_holds(team: Team) -> None:
    meeting = await team.set()
    first = await team.attends(meeting, team.parent, "parent", attendance="absent")
    newer = await team.attends(meeting, team.parent, "parent", mode="phone")

    assert first.json()["id"] == newer.json()["id"]
    listed = (await team.world.get(f"/meetings/{meeting}/attendance")).json()["items"]
    assert [each["mode"] for each in listed] == ["phone"]


async def test_a_meeting_is_moved_while_it_has_not_been_held(team: Team) -> None:
    meeting = await team.set()
    moved = team.meeting(starts_at="2026-12-03T15:30:00-06:00")
    del moved["student"]
    unread = await team.world.put(f"/meetings/{meeting}", moved)
    done = await team.world.put(f"/meetings/{meeting}", moved, if_match='"1"')
    too_soon = await team.attends(meeting, team.parent, "parent")
    not_yet = await team.hold(meeting)

    assert unread.status_code == 428
    assert done.json()["starts_at"] == "2026-12-03T21:30:00.000000Z"
    assert (codes(too_soon), codes(not_yet)) == ({"still-to-come"}, {"still-to-come"})
    await team.world.today_is("2026-12-03")
    await team.attends(meeting, team.parent, "parent")
    assert (await team.hold(meeting)).status_code == 200
    held = await team.world.put(f"/meetings/{meeting}", moved, if_match='"4"')
    another = await team.hold(meeting, held_on="2026-12-02")
    assert (held.status_code, held.json()["code"]) == (409, "meeting-already-held")
    assert (another.status_code, codes(another)) == (422, {"held-already"})


async def test_nobody_unknown_is_invited(team: Team) -> None:
    stranger = {"person": {"kind": "staff", "staff_id": str(new_id())}, "roles": []}
    guest = {"guest_id": str(new_id()), "name": "Luz Quill", "capacity": "aunt"}
    nameless = {"person": {"kind": "guest", "guest_id": guest["guest_id"]}, "roles": ["other"]}
    unknown = await team.world.post("/meetings", team.meeting(invitees=[stranger]))
    unnamed = await team.world.post("/meetings", team.meeting(invitees=[nameless]))
    named = await team.world.new("/meetings", team.meeting(invitees=[nameless], guests=[guest]))

    assert (unknown.status_code, codes(unknown)) == (422, {"unknown-person"})
    assert unknown.json()["errors"][0]["pointer"] == "/invitees/0"
    assert unnamed.status_code == 422
    assert named["guests"] == [guest]


async def test_a_notice_after_the_meeting_is_reported_not_decided(team: Team) -> None:
    meeting = await team.set(starts_at="2026-11-20T15:00:00-06:00", reported=REPORTED)
    body = {"person": team.parent, "channel": "letter", "given_on": "2026-11-21"}
    refused = await team.world.post(f"/meetings/{meeting}/invitations", body)
    made = await team.world.new(f"/meetings/{meeting}/invitations", body | {"reported": REPORTED})

    assert codes(refused) == {"invited-after-the-meeting"}
    assert [each["code"] for each in made["reported"]["unmet"]] == ["invited-after-the-meeting"]


async def test_what_was_signed_at_a_meeting_is_named_by_it(team: Team) -> None:
    upload = await team.world.http.post(
        f"/plan/v1/students/{team.student}/documents", data={"title": "Who was there, signed"},
        files={"file": ("a.txt", b"R. Quill, C. Roe", "text/plain")}, headers=team.world.vendor(),
    )  # fmt: skip
    assert upload.status_code == 201, upload.text
    page = upload.json()["id"]
    meeting = await team.set()
    tried = await team.world.new(
        f"/meetings/{meeting}/attempts",
        {"person": team.parent, "means": "letter", "result": "returned", "documents": [page]},
    )
    came = (await team.attends(meeting, team.parent, "parent", documents=[page])).json()
    held = (await team.hold(meeting, documents=[page])).json()

    for shown in (tried, came, held):
        assert [each["document"] for each in shown["documents"]] == [page]
    other = await team.attends(meeting, team.staff, "other", documents=[team.student])
    assert (other.status_code, codes(other)) == (422, {"unknown-document"})
