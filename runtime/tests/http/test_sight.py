"""Who sees which student: by assignment, by school, by district; on the district's own day; and nobody else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from fastapi.routing import APIRoute

from contracts.district import (
    DistrictProfileSet,
    RoleHeld,
    StaffAdded,
    StaffChanged,
    StaffEnded,
    StaffPersonalData,
)
from contracts.event import Actor, Event, Recorded
from contracts.ids import new_event_id, new_id
from contracts.students import AssignmentEnded, StudentAssigned, StudentEnrolled, StudentWithdrawn
from runtime.projection import check, rebuild
from runtime.sight import SIGHT, TABLES, Held, Reach, reach_of, sees, sight
from runtime.testing import open_test_tenant, sequence
from runtime.testing_http import routes_of

TODAY = datetime.now(UTC).date()
LAKESIDE, HILLSIDE = new_id(), new_id()
ME = new_id()


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


LONG_AGO, A_WHILE_AGO = days(-300), days(-100)

# --- The decision ---


@pytest.mark.parametrize(
    ("roles", "district", "schools"),
    [
        ([], False, set()),
        ([Held("case_manager", None)], False, set()),
        ([Held("case_manager", LAKESIDE)], False, set()),
        ([Held("principal", LAKESIDE)], False, {LAKESIDE}),
        ([Held("site_administrator", LAKESIDE), Held("principal", HILLSIDE)], False, {LAKESIDE, HILLSIDE}),
        ([Held("principal", None)], False, set()),
        ([Held("special_education_director", None)], True, set()),
        ([Held("compliance_officer", None)], True, set()),
        ([Held("district_administrator", None)], True, set()),
        ([Held("special_education_director", LAKESIDE)], False, {LAKESIDE}),
        ([Held("superhero", None)], False, set()),
    ],
)
def test_roles_reach_a_school_or_the_district(roles, district: bool, schools: set[UUID]) -> None:
    reach = reach_of(ME, TODAY, roles, works_here=True)
    assert (reach.district, reach.schools) == (district, frozenset(schools))
    nothing = reach_of(ME, TODAY, roles, works_here=False)
    assert not any(sees(nothing, assigned=True, school=school) for school in (LAKESIDE, HILLSIDE, None))


@pytest.mark.parametrize(
    ("reach", "assigned", "school", "seen"),
    [
        (Reach(TODAY, ME), False, LAKESIDE, False),
        (Reach(TODAY, ME), True, LAKESIDE, True),
        (Reach(TODAY, ME), True, None, True),
        (Reach(TODAY, ME, schools=frozenset({LAKESIDE})), False, LAKESIDE, True),
        (Reach(TODAY, ME, schools=frozenset({LAKESIDE})), False, HILLSIDE, False),
        (Reach(TODAY, ME, schools=frozenset({LAKESIDE})), False, None, False),
        (Reach(TODAY, ME, district=True), False, None, True),
    ],
)
def test_a_student_is_seen_by_assignment_by_school_or_by_district(
    reach: Reach, assigned: bool, school: UUID | None, seen: bool
) -> None:
    assert sees(reach, assigned=assigned, school=school) is seen


# --- The facts, and what a request sees of them ---


class Town:
    """Two schools, three students, and the events that tell who works with whom."""

    def __init__(self, sample) -> None:
        self.sample = sample
        self.versions: dict[UUID, int] = {}
        self.student, self.neighbour, self.stranger = new_id(), new_id(), new_id()

    async def tell(self, subject: UUID, *events: Event) -> list[Recorded[Event]]:
        told = []
        for event in events:
            self.versions[subject] = self.versions.get(subject, 0) + 1
            recorded = Recorded(
                event=event, id=new_event_id(), source="plan", tenant="lakeside", subject=subject, stream="any",
                version=self.versions[subject], recorded_at=datetime.now(UTC), actor=Actor(id="x", role="x"),
                correlation="x",
            )  # fmt: skip
            await self.take(recorded)
            told.append(recorded)
        return told

    async def take(self, *all_recorded: Recorded[Event]) -> None:
        for recorded in all_recorded:
            async with self.sample.plan.database.begin(recorded.tenant) as rows:
                await sight(recorded, rows)

    async def staff(self, *roles: RoleHeld, staff: UUID | None = None) -> UUID:
        staff = staff or new_id()
        await self.tell(staff, added(staff, *roles))
        return staff

    async def enrolled(self, student: UUID, school: UUID, on: date = A_WHILE_AGO) -> None:
        await self.tell(student, StudentEnrolled(effective_on=on, student_id=student, school_id=school))

    async def assigned(
        self, student: UUID, staff: UUID, on: date = A_WHILE_AGO, until: date | None = None
    ) -> UUID:
        assignment = new_id()
        await self.tell(
            student,
            StudentAssigned(
                effective_on=on, student_id=student, assignment_id=assignment, staff_id=staff, role="case_manager",
                ends_on=until,
            ),
        )  # fmt: skip
        return assignment

    async def sees(self, staff: UUID, student: UUID, role: str = "case_manager") -> bool:
        headers = self.sample.issuer.person(role, "plan.read", staff=staff)
        answer = await self.sample.http.get(f"/plan/v1/students/{student}/letter", headers=headers)
        assert answer.status_code in (200, 404), answer.text
        return bool(answer.status_code == 200)


def added(staff: UUID, *roles: RoleHeld, on: date = LONG_AGO, changed: bool = False) -> Event:
    of = StaffChanged if changed else StaffAdded
    return of(
        effective_on=on,
        staff_id=staff,
        personal=StaffPersonalData(given_name="A", family_name="B"),
        roles=roles,
    )


def role(
    name: str, school: UUID | None = None, starts: date = LONG_AGO, ends: date | None = None
) -> RoleHeld:
    return RoleHeld(role=name, school_id=school, starts_on=starts, ends_on=ends)


@pytest.fixture
def town(sample) -> Town:
    return Town(sample)


@pytest.mark.parametrize(
    ("starts", "ends", "seen"),
    [(-10, None, True), (0, None, True), (0, 0, True), (-10, -1, False), (1, None, False), (-10, 5, True)],
)
async def test_an_assignment_counts_from_its_first_to_its_last_day(
    town, starts: int, ends, seen: bool
) -> None:
    teacher = await town.staff(role("special_education_teacher"))
    await town.assigned(town.student, teacher, days(starts), None if ends is None else days(ends))
    assert await town.sees(teacher, town.student) is seen
    assert await town.sees(teacher, town.stranger) is False


@pytest.mark.parametrize(("ended", "seen"), [(0, False), (1, True), (-5, False)])
async def test_an_assignment_that_ended_counts_no_more_from_the_first_day_without_it(
    town, ended, seen
) -> None:
    teacher = await town.staff(role("case_manager"))
    assignment = await town.assigned(town.student, teacher)
    event = AssignmentEnded(effective_on=days(ended), student_id=town.student, assignment_id=assignment)
    await town.tell(town.student, event)
    assert await town.sees(teacher, town.student) is seen


async def test_a_principal_sees_the_students_of_the_school(town) -> None:
    principal = await town.staff(role("principal", LAKESIDE))
    await town.enrolled(town.student, LAKESIDE)
    await town.enrolled(town.neighbour, HILLSIDE)
    seen = [await town.sees(principal, s, "principal") for s in (town.student, town.neighbour, town.stranger)]
    assert seen == [True, False, False]


async def test_a_student_who_changes_school_is_seen_by_the_new_ones_principal(town) -> None:
    old, new = await town.staff(role("principal", LAKESIDE)), await town.staff(role("principal", HILLSIDE))
    await town.enrolled(town.student, LAKESIDE, days(-100))
    await town.enrolled(town.student, HILLSIDE, days(0))
    assert [await town.sees(who, town.student, "principal") for who in (old, new)] == [False, True]


async def test_a_change_of_school_still_to_come_changes_nothing_yet(town) -> None:
    old, new = await town.staff(role("principal", LAKESIDE)), await town.staff(role("principal", HILLSIDE))
    await town.enrolled(town.student, LAKESIDE, days(-100))
    await town.enrolled(town.student, HILLSIDE, days(3))
    assert [await town.sees(who, town.student, "principal") for who in (old, new)] == [True, False]


@pytest.mark.parametrize(
    ("left", "on", "seen"), [(LAKESIDE, 0, False), (LAKESIDE, 1, True), (HILLSIDE, 0, True)]
)
async def test_a_withdrawal_ends_the_sight_of_its_own_school(town, left: UUID, on: int, seen: bool) -> None:
    principal = await town.staff(role("principal", LAKESIDE))
    await town.enrolled(town.student, LAKESIDE)
    await town.tell(
        town.student, StudentWithdrawn(effective_on=days(on), student_id=town.student, school_id=left)
    )
    assert await town.sees(principal, town.student, "principal") is seen


async def test_who_comes_back_to_a_school_is_seen_again(town) -> None:
    principal = await town.staff(role("principal", LAKESIDE))
    await town.enrolled(town.student, LAKESIDE, days(-100))
    gone = StudentWithdrawn(effective_on=days(-50), student_id=town.student, school_id=LAKESIDE)
    await town.tell(town.student, gone)
    await town.enrolled(town.student, LAKESIDE, days(-50))
    assert await town.sees(principal, town.student, "principal") is True


async def test_the_districts_officers_see_every_student(town) -> None:
    officer = await town.staff(role("compliance_officer"))
    assert await town.sees(officer, town.stranger, "compliance_officer") is True


@pytest.mark.parametrize(("starts", "ends", "seen"), [(-5, -1, False), (1, None, False), (-5, 0, True)])
async def test_a_role_counts_in_its_time(town, starts: int, ends, seen: bool) -> None:
    held = role("compliance_officer", None, days(starts), None if ends is None else days(ends))
    officer = await town.staff(held)
    assert await town.sees(officer, town.student, "compliance_officer") is seen


async def test_a_role_in_the_token_that_the_record_does_not_know_shows_nothing(town) -> None:
    teacher = await town.staff(role("special_education_teacher"))
    assert await town.sees(teacher, town.student, "special_education_director") is False
    nobody = new_id()
    assert await town.sees(nobody, town.student, "special_education_director") is False


async def test_who_has_left_sees_nothing_and_who_comes_back_sees_again(town) -> None:
    teacher = await town.staff(role("case_manager"))
    await town.assigned(town.student, teacher)
    await town.tell(teacher, StaffEnded(effective_on=days(1), staff_id=teacher))
    assert await town.sees(teacher, town.student) is True
    await town.tell(teacher, StaffEnded(effective_on=days(0), staff_id=teacher))
    assert await town.sees(teacher, town.student) is False
    await town.tell(teacher, added(teacher, role("case_manager"), changed=True))
    assert await town.sees(teacher, town.student) is False
    await town.tell(teacher, added(teacher, role("case_manager")))
    assert await town.sees(teacher, town.student) is True


async def test_changed_roles_take_the_old_ones_place(town) -> None:
    who = await town.staff(role("compliance_officer"), role("principal", LAKESIDE))
    await town.tell(who, added(who, role("principal", HILLSIDE), changed=True))
    await town.enrolled(town.student, LAKESIDE)
    await town.enrolled(town.neighbour, HILLSIDE)
    assert [await town.sees(who, s, "principal") for s in (town.student, town.neighbour)] == [False, True]


async def test_today_is_the_districts_own_day(town) -> None:
    """Somewhere on earth it is another day at any moment: 26 hours lie between the zones at the ends."""
    teacher = await town.staff(role("case_manager"))
    now = datetime.now(UTC)
    for zone, offset in (("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12), ("America/Chicago", None)):
        profile = DistrictProfileSet(
            effective_on=TODAY, name="L", time_zone=zone, state_profile="federal@2026-1", languages=("en",),
            partial_consent=True, notice_days=5, mailing_days=3,
        )  # fmt: skip
        await town.tell(new_id(), profile)
        if offset is None:
            continue
        here = (now + timedelta(hours=offset)).date()
        last, first = new_id(), new_id()
        await town.assigned(last, teacher, days(-50), here - timedelta(days=1))
        await town.assigned(first, teacher, here)
        assert [await town.sees(teacher, s) for s in (last, first)] == [False, True]


async def test_another_districts_facts_are_not_seen(town) -> None:
    officer = await town.staff(role("compliance_officer"))
    await open_test_tenant(town.sample.plan.database, "hillside")
    headers = town.sample.issuer.person("compliance_officer", "plan.read", staff=officer, tenant="hillside")
    answer = await town.sample.http.get(f"/plan/v1/students/{town.student}/letter", headers=headers)
    assert answer.status_code == 404


async def test_a_vendors_client_sees_its_tenant_within_its_scopes(town) -> None:
    path = f"/plan/v1/students/{town.stranger}/letter"
    assert (
        await town.sample.http.get(path, headers=town.sample.issuer.vendor("plan.read"))
    ).status_code == 200
    assert (
        await town.sample.http.get(path, headers=town.sample.issuer.vendor("notice.read"))
    ).status_code == 403


# --- In lists ---


async def test_a_list_holds_only_whom_one_may_see(town) -> None:
    body = {"given_name": "A", "family_name": "B", "birth_date": "2015-04-01"}
    made = []
    for name in ("Ann", "Ben", "Cy", "Di"):
        answer = await town.sample.http.post(
            "/plan/v1/students", json=body | {"given_name": name}, headers=town.sample.vendor("roster.write")
        )
        made.append(UUID(answer.json()["id"]))
    ann, ben, cy, _ = made
    teacher = await town.staff(role("case_manager"))
    principal = await town.staff(role("principal", LAKESIDE))
    director = await town.staff(role("special_education_director"))
    await town.assigned(ann, teacher)
    await town.enrolled(ben, LAKESIDE)
    await town.enrolled(cy, LAKESIDE)
    await town.assigned(ann, principal)

    async def names(job: str, staff: UUID, query: str = "") -> list[str]:
        headers = town.sample.issuer.person(job, "plan.read", staff=staff)
        path, found = f"/plan/v1/students?limit=2{query}", []
        while path:
            page = (await town.sample.http.get(path, headers=headers)).json()
            found += [row["given_name"] for row in page["items"]]
            path = page.get("next")
        return sorted(found)

    assert await names("case_manager", teacher) == ["Ann"]
    assert await names("principal", principal) == ["Ann", "Ben", "Cy"]
    assert await names("special_education_director", director) == ["Ann", "Ben", "Cy", "Di"]
    assert await names("case_manager", new_id()) == []
    assert await names("case_manager", teacher, f"&student={ben}") == []


# --- Every route ---


async def test_every_route_that_names_a_student_looks_empty_to_an_unassigned_teacher(town) -> None:
    """The walk that every service's tests take over their own routes: unseen and absent are told the same."""
    sample = town.sample
    made = await sample.http.post(
        "/plan/v1/students", json={"given_name": "A", "family_name": "B", "birth_date": "2015-04-01"},
        headers=sample.vendor("roster.write"),
    )  # fmt: skip
    student, absent = made.json()["id"], str(new_id())
    teacher = await town.staff(role("special_education_teacher"))
    headers = sample.issuer.person("special_education_teacher", "plan.read", "plan.write", staff=teacher)
    walked = []
    for context in routes_of(sample.app):
        if "{student_id}" not in context.path:
            continue
        for method in context.methods:
            answers = [
                await sample.http.request(method, context.path.format(student_id=id), headers=headers)
                for id in (student, absent)
            ]
            assert [answer.status_code for answer in answers] == [404, 404]
            bodies = [answer.json() | {"instance": ""} for answer in answers]
            assert bodies[0] == bodies[1]
            walked.append(context.path)
    assert len(walked) == 3
    assert all(isinstance(context.original_route, APIRoute) for context in routes_of(sample.app))


# --- The projection ---


async def table_rows(sample) -> dict[str, list[str]]:
    found = {}
    async with sample.plan.database.lend("lakeside") as connection:
        for table in TABLES:
            rows = await connection.fetch(f"SELECT t::text AS row FROM plan_read.{table} t ORDER BY 1")
            found[table] = [row["row"] for row in rows]
            await connection.execute(f"DELETE FROM plan_read.{table}")
    return found


async def test_twice_and_in_any_order_between_subjects_comes_to_the_same(town) -> None:
    staff, student = new_id(), new_id()
    of_staff = await town.tell(
        staff, added(staff, role("principal", LAKESIDE)), added(staff, role("principal", HILLSIDE), changed=True),
        StaffEnded(effective_on=days(5), staff_id=staff),
    )  # fmt: skip
    assignment = new_id()
    of_student: Sequence[Recorded[Event]] = await town.tell(
        student, StudentEnrolled(effective_on=days(-9), student_id=student, school_id=LAKESIDE),
        StudentAssigned(effective_on=days(-5), student_id=student, assignment_id=assignment, staff_id=staff,
                        role="principal"),
        AssignmentEnded(effective_on=days(3), student_id=student, assignment_id=assignment),
    )  # fmt: skip
    expected = await table_rows(town.sample)
    assert all(expected[table] for table in TABLES if table != "sight_districts")

    for first, second in permutations([of_staff, of_student]):
        await town.take(*first, *second)
        assert await table_rows(town.sample) == expected
        await town.take(*(recorded for each in zip(second, first, strict=True) for recorded in each))
        await town.take(*(replace(recorded) for recorded in [*first, *second]))
        assert await table_rows(town.sample) == expected


async def test_a_rebuild_from_the_log_is_what_stands(town) -> None:
    """The events go through the store and the sequencer; rebuilt and live tables are the same (P12)."""
    from runtime.append_request import Change
    from runtime.stream_model import Model

    sample = town.sample
    any_stream: Model[int] = Model("student", "count", 0, lambda count, _event: count + 1)
    staff, student = new_id(), new_id()
    for subject, events in {
        staff: [added(staff, role("principal", LAKESIDE))],
        student: [StudentEnrolled(effective_on=days(-9), student_id=student, school_id=LAKESIDE)],
    }.items():
        loaded = await sample.plan.store.load("lakeside", any_stream, subject)
        appended = await sample.plan.store.append(sample.plan.context(), [Change(loaded, subject, events)])
        await town.take(*appended.events)
    await sequence(sample.plan)

    assert await check(SIGHT, sample.plan.database, sample.plan.store) == []
    assert await rebuild(SIGHT, sample.plan.database, sample.plan.store) == 2
    assert await check(SIGHT, sample.plan.database, sample.plan.store) == []
    assert await town.sees(staff, student, "principal") is True
