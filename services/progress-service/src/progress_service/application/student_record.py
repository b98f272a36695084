"""Everything known of one student at K, read once for whatever is asked: plans, days, conventions, what was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.event import Event, Recorded
from contracts.fields import ItemId, PlanId, StudentId
from contracts.goals.results import Result
from contracts.items import Service
from contracts.minutes_convention import ConventionOn, conventions
from contracts.plan_history import History
from contracts.problems import NotFound
from contracts.progress import ServiceDelivered, SessionMissed
from contracts.promises import PromisedServices
from contracts.school_days import SchoolDays
from contracts.sessions import Session
from contracts.shipped_profiles import shipped_profiles
from progress_service.application.knowledge import zone_of
from progress_service.application.known_plans import histories_of_student, is_a_student, known_profiles
from progress_service.application.recorded_facts import basis_of, facts_of, years_of
from progress_service.domain.carried import Acknowledgement, MakeUp, Schedule, Use
from progress_service.domain.item_year import ItemYear
from progress_service.domain.known import Basis, Knowledge
from runtime.event_store import EventStore


@dataclass(frozen=True, slots=True)
class StudentRecord:
    """What was known then."""

    student: StudentId
    histories: dict[PlanId, History]
    plans: list[PromisedServices]
    days: SchoolDays
    on: ConventionOn
    """The convention of each day."""
    years: Sequence[ItemYear]
    recorded_on: dict[UUID, date]
    """The day on which each session was recorded, in the district's zone."""
    basis: Basis
    zone: ZoneInfo
    """The district's."""

    @property
    def sessions(self) -> list[Session]:
        """All of them, voided ones too."""
        return [session for year in self.years for session in year.sessions.values()]

    @property
    def results(self) -> list[Result]:
        """All of them, voided ones too."""
        return [result for year in self.years for result in year.results.values()]

    @property
    def schedules(self) -> list[Schedule]:
        """All of them."""
        return [schedule for year in self.years for schedule in year.schedules.values()]

    @property
    def offers(self) -> list[MakeUp]:
        """Offers of make-up, voided ones too."""
        return [offer for year in self.years for offer in year.offers.values()]

    @property
    def agreements(self) -> list[MakeUp]:
        """Agreements on make-up, voided ones too."""
        return [agreement for year in self.years for agreement in year.agreements.values()]

    @property
    def named(self) -> dict[UUID, tuple[UUID, ...]]:
        """The missed sessions that each agreement is for."""
        return {agreed.id: agreed.sessions for agreed in self.agreements if agreed.counts}

    @property
    def acknowledgements(self) -> list[Acknowledgement]:
        """Who said that they know their duties."""
        return [given for year in self.years for given in year.acknowledgements.values()]

    @property
    def uses(self) -> list[Use]:
        """Logged use of accommodations, voided ones too."""
        return [use for year in self.years for use in year.uses.values()]

    def service_on(self, item: ItemId, day: date) -> Service | None:
        """The service's text in force on a day."""
        texts = (plan.text_on(item, day) for plan in self.plans)
        return next((text.service for text in texts if text is not None), None)


async def record_of(
    store: EventStore, tenant: str, student: StudentId, knowledge: Knowledge
) -> StudentRecord:
    """All that was known of the student; raises `NotFound` for nobody's id."""
    all_facts = await facts_of(store, tenant, student)
    facts = knowledge.of_progress(all_facts)
    async with store.database.read(tenant) as rows:
        histories = await histories_of_student(rows, student)
        if not (all_facts or histories or await is_a_student(rows, student)):
            raise NotFound("There is nothing here under this id that you may see.")
        profiles = knowledge.of_plan(await known_profiles(rows))
        zone = ZoneInfo(await zone_of(rows))
    entries = {plan_id: knowledge.of_plan(history.entries) for plan_id, history in histories.items()}
    known = {plan_id: History(tuple(of_plan)) for plan_id, of_plan in entries.items() if of_plan}
    indexes = [entry.index for of_plan in entries.values() for entry in of_plan]
    return StudentRecord(
        student,
        known,
        [PromisedServices(history) for history in known.values()],
        SchoolDays(profiles),
        conventions(profiles, shipped_profiles()),
        years_of(facts),
        _recorded_on(facts, zone),
        basis_of([*indexes, *(profile.index for profile in profiles)], facts),
        zone,
    )


def _recorded_on(facts: Sequence[Recorded[Event]], zone: ZoneInfo) -> dict[UUID, date]:
    return {
        fact.event.session_id: (fact.known_at or fact.recorded_at).astimezone(zone).date()
        for fact in facts
        if isinstance(fact.event, ServiceDelivered | SessionMissed)
    }
