"""All the judgements, and each rule's page: what is generated from its data and from what its function says."""

from collections.abc import Iterator
from datetime import date

from audit_service.domain.findings import (  # noqa: F401  (each registers its rules)
    access,
    benchmarks,
    content,
    delivery,
    destructions,
    discipline,
    evaluation,
    meetings,
    notices,
    quality,
    records,
    safeguards,
    section504,
    transfers,
    transition,
)
from audit_service.domain.findings.district import FLOOR
from audit_service.domain.findings.engine import judge, judgements, own_rules
from contracts.event import Value
from contracts.rule_profile import Rule, RuleProfile, RuleProfiles, RuleSet, resolve

_PRACTICE = " Practice, not law."
_KINDS = {"calendar": "calendar days", "school": "school days", "school_working": "school working days",
          "business": "business days", "month": "months", "year": "years"}  # fmt: skip


class RulePage(Value):
    """One rule, explained from its own data."""

    id: str
    rules: str
    """The rule set by which it is told: ``federal@2026-1``; ``handrail`` for a rule of our own, beside the law's table."""
    severity: str
    cite: str | None = None
    enabled: bool = True
    trigger: str | None = None
    due: str | None = None
    satisfied_by: str | None = None
    excused_by: str | None = None
    finding: str | None = None
    explanation: str
    set_by_state: str | None = None
    """What the state's profile sets in place of the floor's."""
    in_force_from: date | None = None
    in_force_until: date | None = None
    verified: bool = False
    """Counsel has signed the profile."""
    uncertain: bool = False
    note: str | None = None
    judged: bool
    """Findings are made of it."""


def rule_pages(name: str, day: date, profiles: RuleProfiles) -> list[RulePage]:
    """Every rule as it holds on a day under a rule set; raises `contracts.rule_profile.RuleSetNotShipped`."""
    rules = resolve(name, day, profiles)
    return [_page(rule_id, rules, profiles) for rule_id in sorted(rules.rules)]


def rule_page(rule_id: str, name: str, day: date, profiles: RuleProfiles) -> RulePage | None:
    """One of them, or one of Handrail's own; ``None`` where there is no such rule."""
    rules = resolve(name, day, profiles)
    if rule_id in own_rules():
        return _page(rule_id, rules, profiles).model_copy(update={"rules": "handrail", "verified": False})
    return _page(rule_id, rules, profiles) if rule_id in rules.rules else None


def _page(rule_id: str, rules: RuleSet, profiles: RuleProfiles) -> RulePage:
    said = own_rules().get(rule_id) or rules.rule(rule_id)
    judgement = judgements().get(rule_id)
    profile = profiles.named(rules.name)
    own = profile.rule.get(rule_id) if profile is not None and profile.profile.floor is not None else None
    text = " ".join((judgement.__doc__ or "").split()) if judgement else _OWN
    if said.severity == "L" and not text.startswith("Practice"):
        text += _PRACTICE
    return RulePage(
        id=rule_id, rules=rules.name, severity=said.severity or "M", cite=said.cite, enabled=said.enabled is not False,
        trigger=said.trigger, due=_due(said), satisfied_by=said.satisfied_by, excused_by=said.excused_by, finding=said.finding,
        explanation=text, set_by_state=_of_state(profile, own), in_force_from=said.in_force_from,
        in_force_until=said.in_force_until, verified=profile.profile.verified if profile else False, uncertain=said.check,
        note=said.note, judged=judgement is not None,
    )  # fmt: skip


_OWN = "A rule of the state's own: it is told here, and not judged yet."


def _due(said: Rule) -> str | None:
    if said.due is not None:
        when = "before" if said.due.count < 0 else "after"
        return f"{abs(said.due.count)} {_KINDS[said.due.kind]} {when}"
    return "in a reasonable time: no number is set" if said.reasonable_time else None


def _of_state(profile: RuleProfile | None, own: Rule | None) -> str | None:
    if profile is None or own is None:
        return None
    given = sorted(name.replace("_", " ") for name in own.model_fields_set)
    return f"{profile.name} sets: {', '.join(given)}."


def rules_judged() -> Iterator[str]:
    """The ids of the rules of which findings are made."""
    yield from sorted(judgements())


__all__ = ["FLOOR", "RulePage", "judge", "rule_page", "rule_pages", "rules_judged"]
