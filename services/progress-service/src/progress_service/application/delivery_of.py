"""A student's promises against what became of them, as known at K."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import StudentId
from contracts.plan_history import History
from contracts.problems import NotFound
from contracts.promises import PromisedServices
from contracts.school_days import SchoolDays
from contracts.streams import school_year
from progress_service.application.known_plans import histories_of_student, is_a_student, known_profiles
from progress_service.application.recorded_facts import basis_of, facts_of, years_of
from progress_service.domain.delivery import ServiceDelivery, delivery
from progress_service.domain.known import Basis, Knowledge
from runtime.event_store import EventStore


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """Whether a school year's days are known, and who said them."""

    school_year: str
    said_by: UUID | None


@dataclass(frozen=True, slots=True)
class DeliveryOf:
    """The answer, and what it rests on."""

    services: tuple[ServiceDelivery, ...]
    calendars: tuple[CalendarYear, ...]
    basis: Basis


async def delivery_of(
    store: EventStore, tenant: str, student: StudentId, first_on: date, last_on: date, knowledge: Knowledge
) -> DeliveryOf:
    """What was owed, given, missed and made up from ``first_on`` to ``last_on``; raises `NotFound` for nobody's id."""
    all_facts = await facts_of(store, tenant, student)
    facts = knowledge.of_progress(all_facts)
    async with store.database.begin(tenant) as rows:
        histories = await histories_of_student(rows, student)
        if not (all_facts or histories or await is_a_student(rows, student)):
            raise NotFound("There is nothing here under this id that you may see.")
        profiles = knowledge.of_plan(await known_profiles(rows))
    entries = {plan_id: knowledge.of_plan(history.entries) for plan_id, history in histories.items()}
    plans = [PromisedServices(History(tuple(of_plan))) for of_plan in entries.values() if of_plan]
    days = SchoolDays(profiles)
    sessions = [session for year in years_of(facts) for session in year.sessions.values()]
    indexes = [entry.index for of_plan in entries.values() for entry in of_plan]
    labels = sorted({school_year(first_on), school_year(last_on)})
    return DeliveryOf(
        services=delivery(plans, sessions, days, first_on, last_on),
        calendars=tuple(CalendarYear(label, days.said_by.get(label)) for label in labels),
        basis=basis_of([*indexes, *(profile.index for profile in profiles)], facts),
    )
