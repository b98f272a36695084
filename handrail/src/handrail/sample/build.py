"""Building `sandbox-sample`: a district with a year behind it, some things late or broken as in life.

Everything is made from one seed and written through the ordinary routes, as somebody of the district or as its
information system. Which lives there are, and when they begin, is said here; what happens in them, in the modules beside.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from handrail.client import Handrail
from handrail.sample import (
    carrying_out,
    changes,
    discipline,
    disputes,
    evaluations,
    families,
    leaving,
    newcomer,
    plans,
    roster,
    taking_back,
    teaching,
    waiting,
)
from handrail.sample.parents_page import ParentsPage
from handrail.sample.roster import LOGINS
from handrail.sample.telling import Telling
from handrail.sample.world import ACCOUNTS_OF_MANAGERS, BEGINS, SEED, TENANT, ZONE, Enrolled, Held, World
from handrail.stage import Stage

__all__ = ["LOGINS", "TENANT", "Report", "build"]
IEPS = 30
PLANS_504 = 10
REVIEWED = 15
"""IEPs whose annual review was held; those of the others are late."""
SPRING = BEGINS + 1
NOT_REPORTED = 20
"""The IEP of whose progress nobody reports."""

Report = Callable[[str, int, int], None]
"""What is being made, how much of it is done, of how much."""


def build(client: Handrail, password: str, report: Report = lambda _what, _done, _of: None) -> None:
    """Make the sample district, or complete one whose making was interrupted; ``password``: of its demo accounts."""
    district = client.for_tenant(TENANT)
    roster.open_the_district(district)
    yesterday = datetime.now(ZoneInfo(ZONE)).date() - timedelta(days=1)
    world = World()
    world.until = max(world.until, yesterday)
    actors = {"operator": district} | {
        login: district.signed_in(login, password) for login in ("director", *ACCOUNTS_OF_MANAGERS)
    }
    telling = Telling(
        Stage(district, ZONE), actors, SEED, ZONE, date(BEGINS, 8, 4), _days(world),
        lambda done, of: report("days", done, of),
    )  # fmt: skip
    roster.people(telling, world, password)
    roster.students(
        telling.scene("roster"), world, world.year.first, lambda done, of: report("students", done, of)
    )
    _plans(telling, world)
    _district_life(telling, world)
    _family_life(telling, world)
    _changes(telling, world, ParentsPage(client.url))
    _school_life(telling, world)
    telling.tell()
    # The clock goes on to yesterday evening; what has come due by then and was not done is late, as in life.
    telling.to(yesterday)


def _days(world: World) -> list[date]:
    """When something is done: once a week."""
    return world.ends_of_weeks[1:]


def _autumn(world: World) -> list[date]:
    """The days of the annual reviews that were held."""
    first = world.office_day(SPRING, 9)
    return [first, first + timedelta(days=7), first + timedelta(days=14)]


def _plans(telling: Telling, world: World) -> None:
    """Thirty IEPs and ten Section 504 plans, decided on the Tuesdays of the first weeks."""
    days = world.tuesdays()[2:5]
    chosen = _chosen(world)
    for n, enrolled in enumerate(chosen):
        is_iep = n % 4 != 3
        number = n - n // 4 if is_iep else n // 4
        held = Held(
            enrolled, world.schools[enrolled.child.school], number, is_iep, days[n * len(days) // len(chosen)]
        )
        plans.write(telling.scene(f"text-{enrolled.child.number}"), world, held)
        world.held.append(held)
        telling.begin(f"plan-{enrolled.child.number}", held.student, plans.plan_of, world, held)


def _chosen(world: World) -> list[Enrolled]:
    """Anybody who does not come of age within the story; but the first 504 plan is a senior's who does, in spring."""
    seniors = [one for one in world.roster if date(SPRING, 1, 5) <= one.child.adult_on <= date(SPRING, 5, 20)]
    others = [one for one in world.roster if one.child.adult_on > date(SPRING, 10, 31)]
    chosen = Random(SEED).sample(others, IEPS + PLANS_504 - 1)
    return [*chosen[:3], seniors[0], *chosen[3:]]


def _district_life(telling: Telling, world: World) -> None:
    day = world.office_day
    telling.begin("vendors", "district", roster.vendors, day(BEGINS, 8))
    telling.begin("endpoint", "district", roster.an_endpoint, day(SPRING, 10))
    telling.begin("profile", "district", roster.another_profile, world, day(SPRING, 8))
    telling.begin("bank", "district", roster.bank_of_goals, day(BEGINS, 10))
    telling.begin("wording", "district", roster.own_wording, day(BEGINS, 10))
    telling.begin("renamed", "district", roster.school_renamed, world.schools[1], day(SPRING, 1))
    telling.begin("marries", "district", roster.teacher_marries, world.schools[1], day(BEGINS, 11))
    telling.begin("therapist", "district", roster.therapist_leaves, world, world.schools[0], day(SPRING, 2))
    telling.begin("newcomer", "newcomer", newcomer.comes_from_elsewhere, world, day(BEGINS, 10))


def _family_life(telling: Telling, world: World) -> None:
    day, ieps = world.office_day, world.ieps
    without = [one for one in world.roster if one.student not in {held.student for held in world.held}]

    def of(held: Held) -> tuple[str, str]:
        return f"family-{held.child.number}", held.student

    telling.begin(*of(ieps[8]), families.second_parent, world, ieps[8], day(BEGINS, 11))
    telling.begin(*of(ieps[11]), families.a_guardian, world, ieps[11], day(BEGINS, 11))
    telling.begin(*of(ieps[13]), families.limits_on_contact, ieps[13], day(SPRING, 2))
    telling.begin(
        *of(_with_mail(ieps[14:])), families.mistyped_address, world, _with_mail(ieps[14:]), day(SPRING, 3)
    )
    telling.begin("letter-returned", ieps[8].student, families.letter_comes_back, ieps[8], day(SPRING, 10))
    telling.begin(*of(ieps[0]), families.asks_for_the_record, ieps[0], day(BEGINS, 12))
    telling.begin(*of(ieps[1]), families.refused_by_the_district, ieps[1], day(SPRING, 1))
    telling.begin(*of(ieps[2]), families.a_tutor_for_a_while, ieps[2], day(BEGINS, 11))
    for n, enrolled in enumerate(without[:24]):
        name, student = f"around-{enrolled.child.number}", enrolled.student
        when = day(BEGINS, 9 + n % 4)
        if n < 8:
            telling.begin(name, student, families.new_telephone, enrolled, when)
        elif n < 14:
            telling.begin(name, student, families.a_neighbor_moves_away, enrolled, when)
        elif n < 18:
            telling.begin(name, student, families.another_school, world, enrolled, when)
        elif n < 22:
            telling.begin(name, student, families.another_name, enrolled, when)
        else:
            telling.begin(name, student, families.not_eligible, enrolled, when)
    for n, enrolled in enumerate(without[24:30]):
        name, when = f"evaluation-{enrolled.child.number}", day(BEGINS, 10 + n % 3)
        if n < 5:
            telling.begin(name, enrolled.student, evaluations.referred, world, enrolled, when, late=n == 4)
        else:
            telling.begin(name, enrolled.student, evaluations.refused, world, enrolled, when)
    back = without[30]
    telling.begin(
        f"evaluation-{back.child.number}", back.student, evaluations.taken_back, world, back, day(SPRING, 1)
    )
    unwilling = without[31]
    telling.begin(
        f"services-{unwilling.child.number}", unwilling.student, evaluations.services_refused, world, unwilling,
        day(SPRING, 2),
    )  # fmt: skip
    telling.begin("record-amended", ieps[16].student, disputes.record_amended, ieps[16], day(SPRING, 2))
    telling.begin("record-shown", ieps[17].student, disputes.record_shown, ieps[17], day(SPRING, 2))
    telling.begin("disputed", ieps[18].student, disputes.placement_disputed, ieps[18], day(SPRING, 2))
    telling.begin("declined", ieps[15].student, evaluations.declined, ieps[15], day(SPRING, 3))
    telling.begin("waiver", ieps[4].student, evaluations.waived, ieps[4], day(SPRING, 2))


def _with_mail(found: Sequence[Held]) -> Held:
    """The first who gets notices by mail."""
    by_hand = {plans.READ_TO, plans.WRITTEN_TO}
    return next(held for held in found if held.child.parent_email and held.number not in by_hand)


def _changes(telling: Telling, world: World, page: ParentsPage) -> None:
    day, ieps, plans_504 = world.office_day, world.ieps, world.section_504
    agreed = (
        (3, BEGINS, 11, False), (4, SPRING, 1, True), (8, SPRING, 2, False), (20, SPRING, 3, False),
        (21, SPRING, 4, True), (plans.READ_TO, SPRING, 5, False),
    )  # fmt: skip
    for number, year, month, refuses in agreed:
        held, on = ieps[number], day(year, month)
        telling.begin(f"amendment-{number}", held.student, changes.agreed, held, on, refuses=refuses)
    mistyped, objecting, reading = (_with_mail(ieps[start:]) for start in (14, 16, 18))
    telling.begin("amendment-mistyped", mistyped.student, changes.agreed, mistyped, day(SPRING, 3))
    telling.begin(
        "amendment-met", ieps[6].student, changes.decided_at_a_meeting, world, ieps[6], day(SPRING, 1)
    )
    telling.begin("amendment-withdrawn", ieps[9].student, changes.withdrawn, ieps[9], day(SPRING, 2))
    telling.begin(
        "amendment-objected", objecting.student, changes.objected_to, objecting, day(SPRING, 3), page
    )
    telling.begin("amendment-read", reading.student, changes.acknowledged, reading, day(SPRING, 4), page)
    telling.begin("amendment-at-once", ieps[12].student, changes.done_at_once, ieps[12], day(SPRING, 4))
    telling.begin("amendment-blocked", ieps[13].student, changes.blocked, ieps[13], day(SPRING, 3))
    lying = ieps[plans.WRITTEN_TO]
    telling.begin("amendment-lying", lying.student, changes.left_lying, lying, day(SPRING, 5))
    telling.begin(
        "amendment-504", plans_504[1].student, changes.accommodation_added, plans_504[1], day(SPRING, 4)
    )
    telling.begin("correction", ieps[5].student, changes.corrected, ieps[5], day(BEGINS, 12))
    telling.begin(
        "correction-waits", ieps[7].student, changes.corrected, ieps[7], day(SPRING, 5), approved=False
    )
    telling.begin("mistaken-end", ieps[25].student, taking_back.ended_by_mistake, ieps[25], day(SPRING, 2))
    telling.begin("removals", ieps[22].student, discipline.looked_at_in_time, world, ieps[22], day(SPRING, 4))
    telling.begin(
        "sent-home", plans_504[3].student, discipline.looked_at_by_nobody, world, plans_504[3], day(SPRING, 2)
    )
    telling.begin("begun-twice", ieps[26].student, taking_back.begun_twice, ieps[26], day(SPRING, 1))


def _carried_out(telling: Telling, world: World) -> None:
    day, ieps, plans_504 = world.office_day, world.ieps, world.section_504
    for held in ieps:
        name = f"schedule-{held.child.number}"
        telling.begin(name, held.student, carrying_out.scheduled, world, held)
    for n, answer in ((10, "agreed"), (11, "declined"), (14, "wrong")):
        telling.begin(f"made-up-{n}", ieps[n].student, carrying_out.made_up, ieps[n], day(SPRING, 1), answer)
    for held in (ieps[0], plans_504[1]):
        days = [day(BEGINS, 12), day(SPRING, 2), day(SPRING, 3), day(SPRING, 5)]
        telling.begin(f"used-{held.child.number}", held.student, carrying_out.accommodated, held, days)
    for n, held in enumerate(ieps):
        if n != NOT_REPORTED:
            late = timedelta(days=14 if n == 2 else 0)
            telling.begin(f"reports-{n}", held.student, carrying_out.reported, held, late)


def _school_life(telling: Telling, world: World) -> None:
    """Month by month what was given and measured; then the year's end, and the reviews of the next autumn."""
    day, ieps, plans_504, autumn = world.office_day, world.ieps, world.section_504, _autumn(world)
    for n, school in enumerate(world.schools):
        telling.at_the_end_of_the_day(
            f"sheets-{n}", teaching.sessions, world, school, late=n == 0, lost=n == 1
        )
    telling.at_the_end_of_the_day("waiting", waiting.seen_to, world)
    for held in ieps:
        telling.begin(f"results-{held.child.number}", held.student, teaching.results, world, held)
    telling.begin("twice", ieps[10].student, teaching.twice, ieps[10], day(BEGINS, 11))
    _carried_out(telling, world)
    telling.begin("college", plans_504[0].student, leaving.comes_of_age, world, plans_504[0])
    telling.begin("packet", plans_504[0].student, leaving.to_college, world, plans_504[0])
    telling.begin("moves", ieps[29].student, leaving.moves_away, ieps[29], day(SPRING, 3))
    for n, held in enumerate(ieps[:REVIEWED]):
        on = autumn[n * len(autumn) // REVIEWED]
        telling.begin(f"review-{held.child.number}", held.student, leaving.reviewed, world, held, on)
    for held in plans_504[1:6]:
        name = f"review-{held.child.number}"
        telling.begin(name, held.student, leaving.section_504_reviewed, held, day(SPRING, 9))
