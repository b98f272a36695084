"""`handrail rules`: what is wrong with a rule profile, and which profiles are shipped. Nothing is asked of any service."""

from pathlib import Path
from typing import Any

from contracts.profile_check import Fault, check_profile, not_decided
from contracts.rule_profile import RuleProfile
from contracts.shipped_profiles import shipped_profiles

ANOTHER = Fault(
    "profile.version", "A profile of this name is shipped and says something else.",
    "Give yours a new version: what was decided under one stays judged by it.",
)  # fmt: skip


def checked(file: Path) -> tuple[RuleProfile | None, list[Fault]]:
    """The profile in the file, or everything that is wrong with it; raises `OSError` for a file that cannot be read."""
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return None, [Fault("the file", "This is not UTF-8.", "Save it as UTF-8.", line)]
    return check_profile(text, shipped_profiles())


def kept_for_findings(profile: RuleProfile, file: Path) -> list[Fault]:
    """What to know of a good profile: another of its name, rules without a law, what no decision asks for."""
    shipped = shipped_profiles().named(profile.rule_set)
    another = [] if shipped is None or _numbers(shipped) == _numbers(profile) else [ANOTHER]
    return [*another, *not_decided(profile, file.read_text("utf-8"))]


def _numbers(profile: RuleProfile) -> dict[str, Any]:
    """What may not change within a version: all but its last day, and counsel's word."""
    return profile.model_dump(exclude={"profile": {"verified", "in_force_until"}})


def in_one_line(profile: RuleProfile) -> str:
    """Which profile it is, and how sure one may be of it."""
    head = profile.profile
    days = f"from {head.in_force_from}" if head.in_force_from else "first day not known"
    if head.in_force_until:
        days += f" to {head.in_force_until}"
    count = len(profile.rule)
    uncertain = sum(rule.check for rule in profile.rule.values())
    said = [profile.rule_set, days, f"{count} rule{'' if count == 1 else 's'}"]
    if uncertain:
        said.append(f"{uncertain} uncertain")
    said.append("verified" if head.verified else "not verified by counsel")
    return ", ".join(said)


def in_order() -> list[RuleProfile]:
    """Every shipped profile, the floors before the states."""
    return sorted(shipped_profiles(), key=lambda profile: profile.rule_set)


def listed() -> list[dict[str, Any]]:
    """Every shipped profile, for a program."""
    return [
        {"rule_set": profile.rule_set, **profile.profile.model_dump(exclude_none=True)}
        for profile in in_order()
    ]
