"""The district, its schools and its staff: streams ``district``, ``school/{id}`` and ``staff/{id}`` of plan-service."""

from datetime import date
from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.event import Event, EventClass, Value, event
from contracts.fields import (
    Code,
    Email,
    ExternalId,
    LanguageTag,
    Line,
    Name,
    Narrative,
    Phone,
    SchoolId,
    StaffId,
)
from contracts.values import Imported, PostalAddress

Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO: 1 is Monday."""


class Term(Value):
    """A part of the school year, e.g. a quarter; both days inclusive."""

    name: Name
    first_on: date
    last_on: date


class SchoolYear(Value):
    """The days on which children attend for instruction (34 CFR 300.11): what a school day is in this district."""

    first_on: date
    last_on: date
    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5)
    days_off: tuple[date, ...] = ()
    half_days: tuple[date, ...] = ()
    """School days that are shorter; a school day all the same."""
    closures: tuple[date, ...] | None = None
    """Of the days off those that were to be school days: school was closed for snow, a flood, an order."""
    terms: tuple[Term, ...] | None = None
    """What a service promised per term is counted by."""


class HelpSource(Value):
    """Whom parents may ask to understand their rights (part 5 of a prior written notice)."""

    name: Name
    phone: Phone | None = None
    email: Email | None = None
    website: Line | None = None


class Office(Value):
    """Who writes to parents, as it stands at the head of a letter."""

    name: Name
    address: PostalAddress | None = None
    phone: Phone | None = None
    email: Email | None = None


@event("plan.district_profile_set")
class DistrictProfileSet(Event):
    """What holds in this district from a day on: names, zone, calendar, the numbers a state or district sets."""

    name: Name
    time_zone: Name
    state_profile: Name
    """The rule set, e.g. ``federal@2026-1`` or ``federal@2026-1+tx@2025-2``."""
    languages: tuple[LanguageTag, ...]
    """Languages in which the district writes to parents."""
    calendar: tuple[SchoolYear, ...] = ()
    partial_consent: bool
    """A consent given for some items changes those items and no others."""
    notice_days: int = Field(ge=0)
    """Calendar days between the day a prior written notice was given and the earliest day of the change."""
    mailing_days: int = Field(ge=0)
    """Calendar days after posting on which a letter counts as given."""
    office: Office | None = None
    help_sources: tuple[HelpSource, ...] = ()
    safeguards_at: Line | None = None
    """Where a parent gets the procedural safeguards booklet (part 4 of a prior written notice)."""


@event("plan.school_added")
class SchoolAdded(Event):
    """A school of the district."""

    school_id: SchoolId
    name: Name
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


@event("plan.school_changed")
class SchoolChanged(Event):
    """The school's details from now on, in full."""

    school_id: SchoolId
    name: Name
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


class StaffPersonalData(Value):
    """Who the staff member is."""

    given_name: Name
    family_name: Name
    email: Email | None = None


class RoleHeld(Value):
    """A role in the district, or in one school; both days inclusive."""

    role: Code
    """Of the list ``staff_role``."""
    school_id: SchoolId | None = None
    """Absent: in the whole district."""
    starts_on: date
    ends_on: date | None = None


class Credential(Value):
    """A licence or certificate."""

    code: Code
    """Of the list ``credential``."""
    issued_by: Name | None = None
    starts_on: date | None = None
    ends_on: date | None = None


@event("plan.staff_added", of=EventClass.IDENTITY)
class StaffAdded(Event):
    """Somebody who works for the district."""

    staff_id: StaffId
    personal: StaffPersonalData
    roles: tuple[RoleHeld, ...] = ()
    credentials: tuple[Credential, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


@event("plan.staff_changed", of=EventClass.IDENTITY)
class StaffChanged(Event):
    """The staff member's details from now on, in full."""

    staff_id: StaffId
    personal: StaffPersonalData
    roles: tuple[RoleHeld, ...] = ()
    credentials: tuple[Credential, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    imported: Imported | None = None


@event("plan.staff_ended", of=EventClass.IDENTITY)
class StaffEnded(Event):
    """The staff member no longer works here; ``effective_on`` is the first day without them."""

    staff_id: StaffId


class BankEntryPersonalData(Value):
    """What an entry says. It is about no student; but it is free text, in which somebody may have typed a name."""

    title: Line
    text: Narrative
    """With a place to fill in braces: ``{student} will read {words} words a minute``."""


@event("plan.bank_entry_added")
class BankEntryAdded(Event):
    """A text that the district offers to who drafts plans; it is a beginning, and about no student."""

    bank_entry_id: UUID
    kind: Code
    """The kind of item it is for: ``goal``, ``accommodation``, ``service``, ..."""
    personal: BankEntryPersonalData
    areas: tuple[Code, ...] = ()
    """Of the list ``area``."""
    categories: tuple[Code, ...] = ()
    """Of the list ``idea_category``: where it is looked for, never for whom it is right."""
    grades: tuple[Code, ...] = ()
    """Of the list ``grade``."""
    external_id: ExternalId | None = None
    imported: Imported | None = None


@event("plan.bank_entry_changed")
class BankEntryChanged(Event):
    """The entry from now on, in full; plans that began with the earlier text stay as they are."""

    bank_entry_id: UUID
    personal: BankEntryPersonalData
    areas: tuple[Code, ...] = ()
    categories: tuple[Code, ...] = ()
    grades: tuple[Code, ...] = ()


@event("plan.bank_entry_ended")
class BankEntryEnded(Event):
    """The district offers it no longer; ``effective_on`` is the first day without it. Nothing of it is deleted."""

    bank_entry_id: UUID


DistrictEvent: TypeAlias = DistrictProfileSet
SchoolEvent: TypeAlias = SchoolAdded | SchoolChanged
StaffEvent: TypeAlias = StaffAdded | StaffChanged | StaffEnded
BankEvent: TypeAlias = BankEntryAdded | BankEntryChanged | BankEntryEnded
