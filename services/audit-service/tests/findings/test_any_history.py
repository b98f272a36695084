"""Whatever happened, in whatever order: judging is total; later knowledge never leaks; looking again only on the days that a
finding itself names gives the same as looking every day; and what is kept is what judging everybody anew gives."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audit_service.domain.findings.access import UNUSUAL
from audit_service.domain.findings.engine import own_rules
from audit_service.domain.findings.record import StudentRecord
from audit_service.domain.findings.rules import judge, rules_judged
from audit_service.domain.replay import replay
from audit_service.testing_findings import MIRA, History
from contracts.event import Event, Recorded
from contracts.rule_profile import resolve
from contracts.shipped_profiles import shipped_profiles
from contracts.testing import an_id, read_example

EXAMPLES = Path(__file__).parents[4] / "contracts" / "examples"
OF_A_STUDENT = [
    event
    for event in (read_example(path.read_text("utf-8")) for path in sorted(EXAMPLES.glob("*.json")))
    if event.type.startswith(
        ("plan.", "progress.", "notice.", "disclosure.", "packet.", "hold.", "destruction.")
    )
    and not event.stream.startswith(("district", "school", "staff", "bank"))
]
"""Every event there is, as the contracts' own examples say it."""
FIRST = date(2025, 8, 1)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Recorded[Event], ...]:
    """Any events of a student, on any days, known in any order."""
    chosen = draw(st.lists(st.sampled_from(OF_A_STUDENT), min_size=1, max_size=14))
    known = FIRST
    entries: list[Recorded[Event]] = []
    for place, example in enumerate(chosen):
        known += timedelta(days=draw(st.integers(0, 30)))
        on = known + timedelta(days=draw(st.integers(-90, 60)))
        event = example.event.model_copy(update={"effective_on": on})
        at = datetime.combine(known, time(12), UTC) + timedelta(seconds=place)
        fields = {
            f: getattr(example, f) for f in ("source", "tenant", "stream", "version", "actor", "correlation")
        }
        entries.append(Recorded(event=event, id=an_id(f"any {place}"), subject=MIRA, recorded_at=at, known_at=at, index=place,
                                position=place, **fields))  # fmt: skip
    return tuple(entries)


def record(entries: tuple[Recorded[Event], ...], on: date) -> StudentRecord:
    district = History().record("9-1").district
    return StudentRecord(MIRA, on, entries, district)


def as_kept(entries: tuple[Recorded[Event], ...], on: date) -> dict[tuple[str, str], Any]:
    return {
        (f.rule, f.about): (f.state, f.says, f.due_on, f.done_on) for f in judge(record(entries, on)).findings
    }


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 500))
def test_judging_is_total_and_says_whole_sentences(entries: tuple[Recorded[Event], ...], days: int) -> None:
    on = FIRST + timedelta(days=days)
    for finding in judge(record(entries, on)).findings:
        told = finding.told(on, {})
        assert told
        assert "{" not in told
        assert "None" not in told.removeprefix("None in "), told
        assert finding.trigger_on is not None


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 400), st.integers(0, 14))
def test_what_was_found_as_known_on_k_never_uses_what_came_later(
    entries: tuple[Recorded[Event], ...], days: int, known: int
) -> None:
    on = FIRST + timedelta(days=days)
    then = entries[:known]
    assert as_kept(then, on) == as_kept(tuple(e for e in entries if e in then), on)
    used = {id_ for f in judge(record(then, on)).findings for id_ in f.events}
    assert used <= {e.id for e in then if e.effective_on <= on}


@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(60, 400))
def test_between_the_days_a_finding_names_nothing_changes(
    entries: tuple[Recorded[Event], ...], days: int
) -> None:
    on = FIRST + timedelta(days=days)
    before, kept = judge(record(entries, on)), as_kept(entries, on)
    last = min(before.wakes_on or on + timedelta(days=40), on + timedelta(days=40))
    for later in range(1, (last - on).days):
        assert as_kept(entries, on + timedelta(days=later)) == kept


@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(0, 400), st.integers(1, 14))
def test_a_replay_as_known_on_k_is_the_replay_made_on_k(
    entries: tuple[Recorded[Event], ...], days: int, known: int
) -> None:
    on = FIRST + timedelta(days=days)
    district = History().record("9-1").district
    then = entries[:known]
    k = then[-1].known_at
    assert k is not None
    made_then = replay(MIRA, then, on, district=district).to_bytes()
    made_now = replay(MIRA, [e for e in entries if e.known_at and e.known_at <= k], on, district=district)
    assert made_now.to_bytes() == made_then


def test_no_duty_has_two_findings() -> None:
    history = History().iep("12-9").iep("3-1")
    keys = [(f.rule, f.about) for f in judge(history.record("2026-09-01")).findings]
    assert len(keys) == len(set(keys))


def test_all_66_rules_of_the_floor_are_judged() -> None:
    of_the_law = set(resolve("federal@2026-1", FIRST, shipped_profiles()).rules)
    assert len(of_the_law) == 66
    assert set(rules_judged()) - own_rules().keys() == of_the_law
    assert own_rules().keys() == {UNUSUAL}
