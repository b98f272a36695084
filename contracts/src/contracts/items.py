"""The items of a plan: every part that can be agreed, changed, consented to or measured, each with a lasting id.

A draft may be incomplete, so every field but ``id`` and ``kind`` may be absent; what an adopted plan must say is
plan-service's to ask. Requests refuse unknown fields; stored items are read with `read_item`, which ignores them.
Days are inclusive.
"""

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from contracts.event import Value
from contracts.fields import Code, Codes, ExternalId, ItemId, Line, Measure, Minutes, Narrative, Percent
from contracts.vocabulary import MeasureKind, Period


class BaseItem(Value):
    """What every item has."""

    id: ItemId
    external_id: ExternalId | None = None


class PresentLevels(BaseItem):
    """PLAAFP: how the student does now, with dated data (34 CFR 300.320(a)(1))."""

    kind: Literal["present_levels"] = "present_levels"
    area: Code | None = None
    """Of the list ``area``."""
    statement: Narrative | None = None
    effect: Narrative | None = None
    """How the disability affects involvement and progress in the general curriculum (preschool: activities)."""
    strengths: Narrative | None = None
    parents_concerns: Narrative | None = None
    evaluation: Narrative | None = None
    """What the initial or latest evaluation found, as the team considered it (300.324(a)(1)(iii))."""
    needs: Narrative | None = None
    """Academic, developmental and functional needs (300.324(a)(1)(iv))."""
    as_of_on: date | None = None
    """The date of the data."""


class Goal(BaseItem):
    """An annual goal: measurable, academic or functional (300.320(a)(2))."""

    kind: Literal["goal"] = "goal"
    statement: Narrative | None = None
    area: Code | None = None
    baseline: Measure | None = None
    target: Measure | None = None
    """At or above the baseline: a result must reach it; below the baseline: a result must come down to it."""
    unit: Line | None = None
    measure_method: Narrative | None = None
    criterion: Narrative | None = None
    results_needed: int | None = Field(default=None, ge=1)
    """How many results in a row must reach the target; absent means one."""
    due_on: date | None = None
    present_levels: ItemId | None = None
    """The present levels it grows out of."""
    measured_as: MeasureKind | None = None
    results_of: int | None = Field(default=None, ge=1)
    """Of how many results in a row ``results_needed`` must reach the target: 4 of 5; absent: all of them."""


class Objective(BaseItem):
    """A short-term objective: a measurable step of an annual goal (300.320(a)(2)(ii))."""

    kind: Literal["objective"] = "objective"
    goal: ItemId | None = None
    order: int | None = Field(default=None, ge=1)
    statement: Narrative | None = None
    target: Measure | None = None
    unit: Line | None = None
    results_needed: int | None = Field(default=None, ge=1)
    """How many results in a row must reach the target; absent means one."""
    due_on: date | None = None
    measured_as: MeasureKind | None = None
    results_of: int | None = Field(default=None, ge=1)
    """Of how many results in a row ``results_needed`` must reach the target: 4 of 5; absent: all of them."""


class Service(BaseItem):
    """Special education or a related service: start, frequency, location, duration (300.320(a)(4), (a)(7))."""

    kind: Literal["service"] = "service"
    service: Code | None = None
    """Of the list ``service``."""
    minutes: Minutes | None = None
    """Minutes promised in each period, all its sessions together: 5 sessions of 45 minutes a week are 225."""
    per: Period | None = None
    sessions_per: int | None = Field(default=None, ge=1, le=1000)
    """The number of sessions in a period over which the minutes are spread."""
    location: Line | None = None
    """Where, e.g. ``Room 12``."""
    setting: Code | None = None
    """Of the list ``service_setting``: among whom."""
    group: Code | None = None
    """Of the list ``group``: alone, in a small group, with the class."""
    provider_role: Code | None = None
    """Of the list ``staff_role``."""
    starts_on: date | None = None
    ends_on: date | None = None
    """Last day."""
    group_most: int | None = Field(default=None, ge=1, le=1000)
    """At most so many students at once."""
    credential: Code | None = None
    """Of the list ``credential``: the licence whoever gives it must hold."""
    extended_school_year: bool | None = None
    """Given beyond the school year (300.106): owed from Monday to Friday from ``starts_on`` to ``ends_on``."""


class Accommodation(BaseItem):
    """A change in how the student takes part, not in what is expected: who does what, where (300.320(a)(4), 104.33)."""

    kind: Literal["accommodation"] = "accommodation"
    accommodation: Code | None = None
    """Of the list ``accommodation``: seating, extended time, excused lateness, adjusted schedule, ..."""
    what: Narrative | None = None
    need: Narrative | None = None
    """The need it meets."""
    where: Codes | None = None
    """Of the list ``place``: class, test, bus, ..."""
    responsible_role: Code | None = None
    """Of the list ``staff_role``."""
    since: date | None = None
    ends_on: date | None = None
    """Last day; absent: as long as the plan says it."""
    how_checked: Narrative | None = None


class Modification(BaseItem):
    """A change in what is expected of the student (300.320(a)(4))."""

    kind: Literal["modification"] = "modification"
    what: Narrative | None = None
    need: Narrative | None = None
    where: Codes | None = None
    responsible_role: Code | None = None
    since: date | None = None
    ends_on: date | None = None
    """Last day; absent: as long as the plan says it."""
    how_checked: Narrative | None = None


class AssistiveTechnology(BaseItem):
    """Assistive technology: considered, and if needed which, by whom, with what training (300.105, 104.33(b)).

    A Section 504 plan says who provides, who buys and who trains; that nobody does is an answer too.
    """

    kind: Literal["assistive_technology"] = "assistive_technology"
    considered: bool | None = None
    need: Narrative | None = None
    """Why it is needed, or why not."""
    device_or_service: Narrative | None = None
    provided_by: Line | None = None
    """Who sees to it that it is there and works: ``nobody`` where there is nothing to provide."""
    bought_by: Line | None = None
    """Who pays for it; never the family, where the student needs it for FAPE."""
    trained_by: Line | None = None
    """Who trains student and staff in using it."""
    training: Narrative | None = None


class Placement(BaseItem):
    """Least restrictive environment: the kind of setting, and why not more with other children (300.114-300.116)."""

    kind: Literal["placement"] = "placement"
    setting: Code | None = None
    """Of the list ``placement_setting``."""
    percent_with_peers: Percent | None = None
    """Of the school day, in regular class."""
    explanation: Narrative | None = None
    """Of any time apart from children without disabilities."""
    alternatives_considered: Narrative | None = None


class Assessment(BaseItem):
    """How the student takes part in state and district assessments (300.320(a)(6))."""

    kind: Literal["assessment"] = "assessment"
    assessment: Line | None = None
    participation: Literal["standard", "with_accommodations", "alternate"] | None = None
    accommodations: tuple[Line, ...] | None = None
    reason: Narrative | None = None
    """Why the alternate assessment, and why the one chosen fits."""


class Transition(BaseItem):
    """Postsecondary goals from assessments, and the services and courses to reach them (300.320(b), (c))."""

    kind: Literal["transition"] = "transition"
    training: Narrative | None = None
    education: Narrative | None = None
    employment: Narrative | None = None
    independent_living: Narrative | None = None
    assessments: Narrative | None = None
    services: Narrative | None = None
    courses: Narrative | None = None
    told_of_rights_on: date | None = None
    """When the student was told of the rights that pass at majority."""


class SpecialFactor(BaseItem):
    """A factor the team must consider, with its answer and reason (300.324(a)(2))."""

    kind: Literal["special_factor"] = "special_factor"
    factor: (
        Literal["behavior", "limited_english", "braille", "communication", "deafness", "assistive_technology"]
        | None
    ) = None
    answer: Literal["yes", "no", "not_applicable"] | None = None
    reason: Narrative | None = None
    supports: Narrative | None = None


class ProgressSchedule(BaseItem):
    """How progress is measured and on which days reports go out (300.320(a)(3))."""

    kind: Literal["progress_schedule"] = "progress_schedule"
    how: Narrative | None = None
    report_dates: tuple[date, ...] | None = None


class ActivityLimited(BaseItem):
    """A major life activity or bodily function that is substantially limited (42 USC 12102(2))."""

    kind: Literal["activity_limited"] = "activity_limited"
    activity: Code | None = None
    """Of the list ``activity``."""
    other: Line | None = None
    """Which, where the activity is ``other``."""
    how: Narrative | None = None
    impairment: Narrative | None = None
    """What limits it, mitigating measures left aside."""
    evidence: Narrative | None = None
    """The sources that were considered (104.35(c))."""


class SchoolServices(BaseItem):
    """Regular or special education and related aids and services of a 504 plan (104.33(b))."""

    kind: Literal["school_services"] = "school_services"
    service: Code | None = None
    """Of the list ``service``: transportation, speech-language therapy, physical therapy, counseling, ..."""
    what: Narrative | None = None
    need: Narrative | None = None
    where: Codes | None = None
    responsible_role: Code | None = None
    since: date | None = None
    ends_on: date | None = None
    """Last day; absent: as long as the plan says it."""
    how_checked: Narrative | None = None


class ExtendedSchoolYear(BaseItem):
    """Services beyond the school year, decided individually (300.106)."""

    kind: Literal["extended_school_year"] = "extended_school_year"
    considered: bool | None = None
    needed: bool | None = None
    reason: Narrative | None = None
    services: Narrative | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    """Last day."""


AnyItem: TypeAlias = (
    PresentLevels
    | Goal
    | Objective
    | Service
    | Accommodation
    | Modification
    | AssistiveTechnology
    | Placement
    | Assessment
    | Transition
    | SpecialFactor
    | ProgressSchedule
    | ActivityLimited
    | SchoolServices
    | ExtendedSchoolYear
)
Item = Annotated[AnyItem, Field(discriminator="kind")]

ITEM_CLASSES: dict[str, type[BaseItem]] = {
    "present_levels": PresentLevels,
    "goal": Goal,
    "objective": Objective,
    "service": Service,
    "accommodation": Accommodation,
    "modification": Modification,
    "assistive_technology": AssistiveTechnology,
    "placement": Placement,
    "assessment": Assessment,
    "transition": Transition,
    "special_factor": SpecialFactor,
    "progress_schedule": ProgressSchedule,
    "activity_limited": ActivityLimited,
    "school_services": SchoolServices,
    "extended_school_year": ExtendedSchoolYear,
}
"""By ``kind``, in the order in which a plan is read."""


class Add(Value):
    """A new item."""

    op: Literal["add"] = "add"
    item: Item

    @property
    def item_id(self) -> ItemId:
        """The item it is about."""
        return self.item.id


class Replace(Value):
    """The item's whole new text."""

    op: Literal["replace"] = "replace"
    item: Item

    @property
    def item_id(self) -> ItemId:
        """The item it is about."""
        return self.item.id


class End(Value):
    """The item no longer binds."""

    op: Literal["end"] = "end"
    item: ItemId

    @property
    def item_id(self) -> ItemId:
        """The item it is about."""
        return self.item


AnyChange: TypeAlias = Add | Replace | End
Change = Annotated[AnyChange, Field(discriminator="op")]

_item: TypeAdapter[AnyItem] = TypeAdapter(Item)
_change: TypeAdapter[AnyChange] = TypeAdapter(Change)


def read_item(fields: Any) -> AnyItem:
    """A stored item; fields this version does not know are ignored."""
    return _item.validate_python(fields, extra="ignore")


def parse_item(fields: Any) -> AnyItem:
    """An item as somebody sends it; unknown fields are refused with pydantic's ``ValidationError``."""
    return _item.validate_python(fields)


def parse_change(fields: Any) -> AnyChange:
    """A change as somebody sends it; unknown fields are refused with pydantic's ``ValidationError``."""
    return _change.validate_python(fields)


def item_fields(item: BaseItem) -> dict[str, Any]:
    """The item as JSON: what is absent has no key."""
    return item.model_dump(mode="json", exclude_none=True)
