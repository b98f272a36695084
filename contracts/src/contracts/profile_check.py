"""What is wrong with a rule profile, all at once: what it lacks, what it contradicts, where it goes below the floor.

Of the floor only the evaluation clock may be made longer, 34 CFR 300.301(c)(1)(ii). Which of two times is shorter is
asked of their shortest and longest run in calendar days; where that does not say for certain, the state's is refused.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from contracts.codes import MISSED_REASON
from contracts.day_count import COUNTABLE, pauses_of
from contracts.rule_profile import FLOOR, Due, Heading, MinutesConvention, Rule, RuleProfile, RuleProfiles
from contracts.vocabulary import ClockEnd

COUNTED_HERE = {
    "idea.pwn-before": ("calendar", "school"),
    "idea.annual-review": ("calendar", "month", "year"),
    "idea.referral-answered": COUNTABLE,
    "rec.inspect": COUNTABLE,
    "rec.amend": COUNTABLE,
    "idea.iee-answered": COUNTABLE,
    "idea.evaluation-60": COUNTABLE,
    "idea.partial-consent": COUNTABLE,
    "idea.majority-notice": ("calendar", "month", "year"),
}
"""Times by which Handrail decides, and the kinds of day it can count there."""

DECIDED_BY = {
    "idea.referral-answered": ("due",),
    "rec.inspect": ("due",),
    "rec.amend": ("due",),
    "idea.iee-answered": ("due",),
    "idea.evaluation-60": ("due", "ends_at", "extends"),
    "idea.pwn-before": ("due", "waivable_by", "silence"),
    "idea.annual-review": ("due",),
    "idea.transition-16": ("age", "grade"),
    "idea.majority-notice": ("due",),
    "idea.partial-consent": ("enabled", "due", "silence"),
}
"""What of a rule's numbers and switches a decision asks for; all others are kept for findings."""

SWITCHES = ("due", "ends_at", "extends", "age", "grade", "enabled", "waivable_by", "silence", "signed_by")
ENDS = tuple(ClockEnd)

Path = tuple[str, ...]
SEVERITIES = "LMH"
FOR_CERTAIN = "Say it in the floor's kind of day, and no longer."
OF_THE_FLOOR = "The floor says what holds where no state says it."
AS_IN_THE_FLOOR = "Take the line out, or keep to the floor."
YOUNGEST_ADULT = 18
"""No state has a younger age of majority (34 CFR 300.520, 99.3)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what, and what to do."""

    field: str
    what: str
    cure: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line else ""
        return f"{where}{self.field}: {self.what} {self.cure}".strip()


def check_profile(text: str, known: RuleProfiles) -> tuple[RuleProfile | None, list[Fault]]:
    """The profile, if nothing is wrong with it; else everything that is, with its line."""
    try:
        said = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        return None, [_not_toml(str(error), text)]
    lines = _lines(text)
    try:
        profile = RuleProfile.model_validate(said)
    except ValidationError as error:
        faults = list(
            {each[3]: each for each in reversed([_malformed(said, e) for e in error.errors()])}.values()
        )
    else:
        faults = [*_in_itself(profile), *_against_the_floor(profile, known)]
    placed = [Fault(each[0], each[1], each[2], _line_of(each[3], lines)) for each in faults]
    return (None if placed else profile), sorted(placed, key=lambda fault: fault.line or 0)


_Found = tuple[str, str, str, Path]


def _at(path: Path, what: str, cure: str) -> _Found:
    return ".".join(f'"{part}"' if "." in part else part for part in path), what, cure, path


def _in_itself(profile: RuleProfile) -> Iterator[_Found]:
    head = profile.profile
    if (head.id == FLOOR) != (head.floor is None):
        yield (
            _at(("profile", "floor"), "The floor stands on nothing.", "Take the line out, or give the profile its state's id.")
            if head.floor
            else _at(("profile", "floor"), "is missing.", f'Name the federal rules it stands on, e.g. floor = "{FLOOR}@2026-1".')
        )  # fmt: skip
    if head.floor is None:
        for name in ("majority_age", "rights_transfer"):
            if getattr(head, name) is None:
                yield _at(("profile", name), "is missing.", OF_THE_FLOOR)
        if profile.rule.get("idea.annual-review", Rule()).due is None:
            yield _at(("rule", "idea.annual-review", "due"), "is missing.", OF_THE_FLOOR)
    if head.majority_age is not None and head.majority_age < YOUNGEST_ADULT:
        yield _at(("profile", "majority_age"), f"Nobody is of age at {head.majority_age}: parents would lose their rights.",
                  f"{YOUNGEST_ADULT} at the earliest.")  # fmt: skip
    yield from _days_in_order(("profile",), head)
    unknown = set((profile.minutes or MinutesConvention()).not_owed or ()) - set(MISSED_REASON.labels)
    if unknown:
        yield _at(("minutes", "not_owed"), f"Nothing is missed for a reason {', '.join(sorted(unknown))}.",
                  f"Use some of: {', '.join(MISSED_REASON.labels)}.")  # fmt: skip
    for rule_id, rule in profile.rule.items():
        yield from _days_in_order(("rule", rule_id), rule)
        if rule_id == "idea.pwn-before" and rule.due and rule.due.count >= 0:
            yield _at(("rule", rule_id, "due"), f"{_in_words(rule.due)} after the change is no notice of it.",
                      "Give a count below zero: so long before.")  # fmt: skip
        if rule_id == "idea.evaluation-60":
            yield from _clock_not_known(("rule", rule_id), rule)
        countable = COUNTED_HERE.get(rule_id)
        if countable and rule.due and rule.due.kind not in countable:
            yield _at(("rule", rule_id, "due"), f"Days of the kind {rule.due.kind} cannot be counted for this rule.",
                      f"Use one of: {', '.join(countable)}.")  # fmt: skip


def _clock_not_known(path: Path, rule: Rule) -> Iterator[_Found]:
    """With what an evaluation's time ends, and what prolongs it: only what can be seen in the record."""
    if rule.ends_at is not None and rule.ends_at not in ENDS:
        yield _at(
            (*path, "ends_at"), f"Nothing here is called {rule.ends_at}.", f"Use one of: {', '.join(ENDS)}."
        )
    _, unknown = pauses_of(rule.extends)
    if unknown:
        yield _at((*path, "extends"), f"{', '.join(unknown)} cannot be counted.",
                  "Say absence>=N (school days of absence) or break>Ns (a break of more than N school days).")  # fmt: skip


def not_decided(profile: RuleProfile, text: str = "") -> list[Fault]:
    """What a sound profile says and no decision asks for: it is kept for findings, and refuses nothing by itself."""
    lines = _lines(text)
    found = [each for rule_id, rule in profile.rule.items() for each in _not_decided(rule_id, rule)]
    if profile.profile.floor is not None:
        found += [
            _at(
                ("rule", rule_id),
                "It names no law of the state.",
                "Add cite; until then decisions name the floor's.",
            )
            for rule_id, rule in profile.rule.items()
            if rule.cite is None and any(getattr(rule, name) not in (None, (), False) for name in SWITCHES)
        ]
    return sorted(
        (Fault(each[0], each[1], each[2], _line_of(each[3], lines)) for each in found),
        key=lambda fault: fault.line or 0,
    )


def _not_decided(rule_id: str, rule: Rule) -> Iterator[_Found]:
    for name in SWITCHES:
        asked = DECIDED_BY.get(rule_id, ("due",) if rule.trigger == "meeting requested" else ())
        if getattr(rule, name) not in (None, ()) and name not in asked:
            yield _at(("rule", rule_id, name), "No decision asks for it.", "It is kept for findings.")
    if rule_id == "idea.evaluation-60" and rule.ends_at == ClockEnd.PLAN_PROPOSED:
        yield _at(("rule", rule_id, "ends_at"), "The student's record does not say when a plan was proposed.",
                  "The due day is counted; whether it was kept is for a person to say.")  # fmt: skip
    if rule.due is not None and rule.due.kind == "school_working":
        yield _at(("rule", rule_id, "due"), "School working days are counted as the district's school days.",
                  "Let the district's calendar hold the days that count.")  # fmt: skip


def _days_in_order(path: Path, dated: Heading | Rule) -> Iterator[_Found]:
    if dated.in_force_from and dated.in_force_until and dated.in_force_until < dated.in_force_from:
        yield _at((*path, "in_force_until"), f"ends on {dated.in_force_until}, before it begins on {dated.in_force_from}.",
                  "Give the last day on which it holds.")  # fmt: skip


def _against_the_floor(profile: RuleProfile, known: RuleProfiles) -> Iterator[_Found]:
    wanted = profile.profile.floor
    if profile.profile.id == FLOOR or wanted is None:
        for rule_id, rule in profile.rule.items():
            yield from _lacks(("rule", rule_id), rule)
        return
    floor = known.named(wanted)
    if floor is None or floor.profile.id != FLOOR:
        floors = ", ".join(each.name for each in known if each.profile.id == FLOOR)
        yield _at(("profile", "floor"), f"There are no federal rules {wanted}.", f"Name one of: {floors}.")
        return
    for rule_id, rule in profile.rule.items():
        path = ("rule", rule_id)
        if rule_id in floor.rule:
            yield from _below(path, floor.rule[rule_id], rule, floor.name)
        elif rule_id.startswith(f"{profile.profile.id}."):
            yield from _lacks(path, rule)
        else:
            near = get_close_matches(rule_id, floor.rule, 1)
            meant = f" Was {near[0]} meant?" if near else ""
            yield _at(path, f"{wanted} has no such rule.{meant}",
                      f"A rule of the state's own is named {profile.profile.id}.and-what-it-is.")  # fmt: skip


def _lacks(path: Path, rule: Rule) -> Iterator[_Found]:
    """A rule that stands on no other says what it is and where it is written."""
    for name, cure in (
        ("cite", "Say where it is written."), ("severity", "H: a right. M: procedure. L: practice, not law."),
        ("trigger", "Say what sets it off."),
    ):  # fmt: skip
        if getattr(rule, name) is None:
            yield _at((*path, name), "is missing.", cure)


def _below(path: Path, floor: Rule, state: Rule, floor_name: str) -> Iterator[_Found]:
    """Everything in which a state's rule asks for less than the floor's."""
    by = f"{path[-1]} of {floor_name}, {floor.cite}"
    if state.enabled is False and floor.enabled is not False:
        yield _at((*path, "enabled"), f"false switches off {by}, which holds everywhere.", AS_IN_THE_FLOOR)
    if (
        state.severity
        and floor.severity
        and SEVERITIES.index(state.severity) < SEVERITIES.index(floor.severity)
    ):
        yield _at(
            (*path, "severity"), f"{state.severity} is less than {floor.severity} in {by}.", AS_IN_THE_FLOOR
        )
    if state.age is not None and floor.age is not None and state.age > floor.age:
        yield _at(
            (*path, "age"), f"{state.age} is later than {floor.age} in {by}.", f"{floor.age} at the latest."
        )
    if state.silence not in (None, floor.silence) and floor.silence is not None:
        yield _at(
            (*path, "silence"),
            f"{state.silence} in place of {floor.silence} takes away consent: {by}.",
            AS_IN_THE_FLOOR,
        )
    if state.may_be_longer is not None:
        yield _at(
            (*path, "may_be_longer"), "Only the floor says whose time may be longer.", "Take the line out."
        )
    bound = floor.due is not None and not floor.may_be_longer
    if bound and state.extends:
        yield _at(
            (*path, "extends"),
            f"{', '.join(state.extends)} would prolong {_in_words(floor.due)} in {by}.",
            AS_IN_THE_FLOOR,
        )
    if state.waivable_by and (bound or floor.silence):
        yield _at((*path, "waivable_by"), f"Nobody can waive {by}.", AS_IN_THE_FLOOR)
    if bound and state.due is not None and floor.due is not None and not _within(state.due, floor.due):
        yield _at((*path, "due"), f"{_in_words(state.due)} may be more than {_in_words(floor.due)} in {by}."
                  if floor.due.count >= 0 else f"{_in_words(state.due)} may be less than {_in_words(floor.due)} in {by}.",
                  FOR_CERTAIN)  # fmt: skip


def _within(state: Due, floor: Due) -> bool:
    """The state's time is for certain not longer than the floor's; of a time beforehand: not shorter."""
    if (state.count < 0) != (floor.count < 0):
        return False
    if state.kind == floor.kind:
        return state.count <= floor.count
    if floor.count < 0:
        return _longest(floor) <= _shortest(state)
    return _longest(state) <= _shortest(floor)


def _shortest(due: Due) -> float:
    return abs(due.count) * {"month": 28, "year": 365}.get(due.kind, 1)


def _longest(due: Due) -> float:
    """In calendar days. School and business days stand still for as long as a holiday lasts."""
    return abs(due.count) * {"calendar": 1.0, "month": 31.0, "year": 366.0}.get(due.kind, float("inf"))


def _in_words(due: Due | None) -> str:
    if due is None:
        return "no number"
    unit = due.kind if due.kind in ("month", "year") else f"{due.kind.replace('_', ' ')} day"
    return f"{abs(due.count)} {unit}{'' if abs(due.count) == 1 else 's'}{' before' if due.count < 0 else ''}"


def _malformed(said: Any, error: Any) -> _Found:
    """Pydantic's error in our words, at the path that the file itself has: without the tags of unions."""
    path: list[str] = []
    inside = said
    for part in error["loc"]:
        if not isinstance(inside, dict) or (part not in inside and error["type"] != "missing"):
            break
        path.append(str(part))
        inside = inside.get(part)
    at = tuple(path)
    match error["type"]:
        case "missing":
            return _at(at, "is missing.", "Add it.")
        case "extra_forbidden":
            return _at(at, "There is no such field here.", f"There are: {', '.join(_fields_beside(at))}.")
        case _:
            return _at(at, f"{error['msg']}, not {error['input']!r}.", "")


def _fields_beside(path: Path) -> tuple[str, ...]:
    """What may stand where ``path`` ends."""
    match path:
        case ("profile", _):
            fields = Heading.model_fields
        case ("rule", _, _):
            fields = Rule.model_fields
        case ("rule", _, _, _):
            fields = Due.model_fields
        case ("minutes", _):
            fields = MinutesConvention.model_fields
        case _:
            fields = RuleProfile.model_fields
    return tuple(fields)


def _not_toml(message: str, text: str) -> Fault:
    said = re.search(r"at line (\d+)", message)
    line = int(said[1]) if said else len(text.splitlines())
    return Fault(
        "the file", f"This is not TOML: {message}.", "See https://toml.io for how it is written.", line
    )


def _lines(text: str) -> dict[Path, int]:
    """At which line each table and each of its keys begins."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            table = _path_in(line)
            found.setdefault(table, number)
        elif key := re.match(
            r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""", line
        ):
            found.setdefault((*table, *_path_in(f"{key[1]} = 0")), number)
    return found


def _path_in(line: str) -> Path:
    """The names in a table's header or before an equals sign, as TOML reads them."""
    try:
        inside: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(inside, dict) and inside:
        (name, inside), *_ = inside.items()
        path.append(name)
    return tuple(path)


def _line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """Where it stands; of what is missing, where its table begins."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None
