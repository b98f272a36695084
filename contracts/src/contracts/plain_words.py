"""A plan's items in words a parent can read: one line per item, a label per field, a value as people write it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.codes import label
from contracts.items import BaseItem, Service, item_fields

KIND_LABELS: Mapping[str, str] = {
    "present_levels": "present levels",
    "goal": "annual goal",
    "objective": "short-term objective",
    "service": "service",
    "accommodation": "accommodation",
    "modification": "modification",
    "assistive_technology": "assistive technology",
    "placement": "placement",
    "assessment": "assessment",
    "transition": "transition",
    "special_factor": "special factor",
    "progress_schedule": "progress reports",
    "activity_limited": "activity limited",
    "school_services": "services at school",
    "extended_school_year": "extended school year",
}

FIELD_LABELS: Mapping[str, str] = {
    "activity": "activity",
    "alternatives_considered": "alternatives considered",
    "answer": "answer",
    "area": "area",
    "as_of_on": "date of the data",
    "baseline": "starting point",
    "bought_by": "paid for by",
    "credential": "licence needed",
    "criterion": "what counts as reached",
    "device_or_service": "device or service",
    "due_on": "date to be reached by",
    "effect": "effect on learning",
    "ends_on": "last day",
    "evaluation": "latest evaluation",
    "external_id": "number in the other system",
    "extended_school_year": "beyond the school year",
    "goal": "annual goal it belongs to",
    "group_most": "most students at once",
    "how": "how",
    "how_checked": "how it is checked",
    "measure_method": "how it is measured",
    "measured_as": "results are counted as",
    "parents_concerns": "parents' concerns",
    "per": "counted per",
    "percent_with_peers": "percent of the day with other children",
    "present_levels": "present levels it grows out of",
    "provider_role": "given by",
    "provided_by": "provided by",
    "report_dates": "report dates",
    "responsible_role": "responsible",
    "results_needed": "results needed in a row",
    "results_of": "out of so many results",
    "sessions_per": "number of sessions",
    "since": "since",
    "starts_on": "first day",
    "told_of_rights_on": "told of rights on",
    "trained_by": "training given by",
}
"""Where the field's own name does not say it."""

CODE_FIELDS: Mapping[tuple[str, str], str] = {
    ("service", "setting"): "service_setting",
    ("placement", "setting"): "placement_setting",
    ("service", "service"): "service",
    ("service", "group"): "group",
    ("activity_limited", "activity"): "activity",
    ("accommodation", "accommodation"): "accommodation",
    ("school_services", "service"): "service",
}
"""Fields whose values are codes, by kind and field; those that mean the same in every kind are below."""

COMMON_CODE_FIELDS: Mapping[str, str] = {
    "area": "area",
    "where": "place",
    "responsible_role": "staff_role",
    "provider_role": "staff_role",
    "credential": "credential",
}

_TITLE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "present_levels": ("area", "statement"),
    "goal": ("statement",),
    "objective": ("statement",),
    "accommodation": ("what",),
    "modification": ("what",),
    "assistive_technology": ("device_or_service",),
    "placement": ("setting",),
    "assessment": ("assessment",),
    "special_factor": ("factor", "answer"),
    "activity_limited": ("activity", "other"),
    "school_services": ("what",),
}
"""What an item is known by."""

# Not calendar.month_name: it follows the process's locale.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_A_PERIOD = {"day": "a day", "week": "a week", "month": "a month", "term": "a term", "year": "a year"}


def day_in_words(day: date) -> str:
    """``March 9, 2026``."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def kind_label(kind: str) -> str:
    """The kind of an item in words."""
    return KIND_LABELS.get(kind, kind.replace("_", " "))


def field_label(field: str) -> str:
    """The field of an item in words."""
    return FIELD_LABELS.get(field, field.replace("_", " "))


def value_in_words(kind: str, field: str, value: Any) -> str:
    """A field's JSON value as people write it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value_in_words(kind, field, inner) for inner in value) or "nothing"
    code_list = CODE_FIELDS.get((kind, field)) or COMMON_CODE_FIELDS.get(field)
    if code_list:
        return label(code_list, str(value))
    if field.endswith("_on") or field in {"since", "report_dates"}:
        return _day(str(value))
    if field in {"factor", "answer", "participation"}:
        return str(value).replace("_", " ")
    return str(value)


def item_in_words(item: BaseItem) -> str:
    """One line that says which item it is, e.g. ``service: speech-language therapy, 60 minutes a week``."""
    fields = item_fields(item)
    kind = fields["kind"]
    if isinstance(item, Service):
        return f"{kind_label(kind)}: {_service(item)}"
    known_by = [
        value_in_words(kind, field, fields[field]) for field in _TITLE_FIELDS.get(kind, ()) if field in fields
    ]
    # The title goes on within a sentence.
    return f"{kind_label(kind)}: {', '.join(known_by).rstrip('. ')}" if known_by else kind_label(kind)


def _service(item: Service) -> str:
    name = label("service", item.service) if item.service else "not named yet"
    if item.minutes is None or item.per is None:
        return name
    sessions = f" in {item.sessions_per} sessions" if item.sessions_per and item.sessions_per > 1 else ""
    return f"{name}, {item.minutes} minutes {_A_PERIOD[item.per]}{sessions}"


def _day(text: str) -> str:
    try:
        return day_in_words(date.fromisoformat(text))
    except ValueError:
        return text
