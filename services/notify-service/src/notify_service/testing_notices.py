"""Builders for tests about notices: a district, a family and a plan, of which a test says only what it is about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from contracts import streams
from contracts.district import DistrictProfileSet, HelpSource, Office
from contracts.event import Event
from contracts.ids import new_id
from contracts.items import AnyItem, End, Replace, parse_item
from contracts.plan import (
    AmendmentPersonalData,
    AmendmentProposed,
    DraftOpened,
    PlanAdopted,
    WrittenAgreement,
)
from contracts.students import (
    ContactPersonalData,
    ContactProposed,
    Held,
    HolderPersonalData,
    Rights,
    RightsHolderConfirmed,
    StudentPersonalData,
    StudentRegistered,
)
from contracts.testing import an_id
from contracts.values import PostalAddress, Reported
from contracts.vocabulary import PlanKind, RightsGround

HOLDER = an_id("mother")
BIRTH = date(2010, 6, 20)
DAY = date(2026, 2, 24)
ADDRESS = PostalAddress(
    lines=("14 Pier Street",), city="Harborview", state="TX", postal_code="78834", country="us"
)
HELD = Held(starts_on=BIRTH)
ALL_RIGHTS = Rights(decision=HELD, record=HELD, notice=HELD, contact=HELD)


def service_item(item_id: UUID, minutes: int = 30, **fields: Any) -> AnyItem:
    """Speech therapy."""
    told = {"id": str(item_id), "kind": "service", "service": "speech_language_therapy", "minutes": minutes,
            "per": "week", "location": "Room 12"}  # fmt: skip
    return parse_item(told | fields)


def extended_time(item_id: UUID) -> AnyItem:
    """An accommodation."""
    told = {"id": str(item_id), "kind": "accommodation", "what": "time and a half", "where": ["test"]}
    return parse_item(told)


@dataclass
class Family:
    """One student, their people, their plan and their district."""

    student: UUID = field(default_factory=new_id)
    plan: UUID = field(default_factory=new_id)
    amendment: UUID = field(default_factory=new_id)
    speech: UUID = field(default_factory=new_id)
    time: UUID = field(default_factory=new_id)
    holder: UUID = HOLDER
    language: str = "es"
    email: str | None = "ana.quill@example.org"
    address: PostalAddress | None = ADDRESS
    rights: Rights = ALL_RIGHTS
    restrictions: str | None = None
    kind: PlanKind = PlanKind.IEP
    mailing_days: int = 3
    notice_days: int = 10
    state_profile: str = "federal@2026-1"
    help_sources: tuple[HelpSource, ...] = (
        HelpSource(name="Harborview Parent Center", phone="(555) 010-0111"),
    )

    def profile(self) -> DistrictProfileSet:
        """The district's profile."""
        return DistrictProfileSet(
            effective_on=date(2025, 8, 1), name="Harborview Unified School District", time_zone="America/Chicago",
            state_profile=self.state_profile, languages=("en", "es"), partial_consent=True, notice_days=self.notice_days,
            mailing_days=self.mailing_days, help_sources=self.help_sources,
            office=Office(name="Office of Special Education", address=ADDRESS, phone="(555) 010-0100",
                          email="sped@harborview.example.org"),
            safeguards_at="https://harborview.example.org/safeguards",
        )  # fmt: skip

    def registered(self) -> StudentRegistered:
        """The student."""
        personal = StudentPersonalData(given_name="Mira", family_name="Quill", birth_date=BIRTH)
        return StudentRegistered(effective_on=BIRTH, student_id=self.student, personal=personal)

    def confirmed(
        self, holder: UUID | None = None, name: str = "Ana Quill", **fields: Any
    ) -> RightsHolderConfirmed:
        """A rights holder."""
        contact = an_id("contact") if self.restrictions is not None and holder is None else None
        told: dict[str, Any] = {
            "personal": HolderPersonalData(name=name, email=self.email, address=self.address), "rights": self.rights,
            "language": self.language, "contact_id": contact,
        }  # fmt: skip
        return RightsHolderConfirmed(
            effective_on=date(2025, 9, 8), student_id=self.student, holder_id=holder or self.holder,
            ground=RightsGround.BIOLOGICAL_PARENT, confirmed_by="a-person", **told | fields,
        )  # fmt: skip

    def contact(self) -> ContactProposed:
        """Somebody a roster names."""
        personal = ContactPersonalData(given_name="Ana", family_name="Quill", restrictions=self.restrictions)
        return ContactProposed(
            effective_on=date(2025, 9, 1),
            student_id=self.student,
            contact_id=an_id("contact"),
            personal=personal,
        )

    def adopted(self) -> PlanAdopted:
        """The plan binds, as another system had it: notice of it was given there."""
        before = Reported(source="Paper file", reason="Before Handrail.", occurred_on=date(2025, 12, 9))
        return PlanAdopted(
            effective_on=date(2025, 12, 9), plan_id=self.plan, kind=self.kind,
            items=(service_item(self.speech), extended_time(self.time)), reported=before,
        )  # fmt: skip

    def proposed(self, *, on: date = DAY, **fields: Any) -> AmendmentProposed:
        """Twice the speech, no extended time."""
        told: dict[str, Any] = {
            "amendment_id": self.amendment,
            "basis": WrittenAgreement(agreed_on=on, holder_ids=(self.holder,)),
            "changes": (Replace(item=service_item(self.speech, 60)), End(item=self.time)),
            "personal": AmendmentPersonalData(
                reason="Mira learns faster in longer sessions.", evaluations_used="Therapist's results.",
                options_considered="Two sessions of 30 minutes: she would miss art.", other_factors="None.",
            ),
        }  # fmt: skip
        return AmendmentProposed(effective_on=on, plan_id=self.plan, **told | fields)


def known_plan(family: Family) -> Iterator[tuple[str, UUID, list[Event]]]:
    """The streams of plan-service before an amendment."""
    yield streams.district(), an_id("district"), [family.profile()]
    people: list[Event] = [family.registered(), family.contact(), family.confirmed()]
    yield streams.student(family.student), family.student, people
    opened = DraftOpened(
        effective_on=date(2025, 12, 1), plan_id=family.plan, student_id=family.student, kind=family.kind
    )
    yield streams.plan(family.plan), family.student, [opened, family.adopted()]
