"""The same entries come to the same bytes for as long as `FOLDED_BY` is the same: else a court's export were called altered.

Every golden example is folded behind three histories, which are golden examples too: when it is new, while the plan is in effect,
and after that plan has ended. What they come to stands in ``exhibits/fold-<FOLDED_BY>.json``.
"""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from audit_service.domain.offline_fold import FOLDED_BY, differs, folded, read_wholly, unread
from contracts.canonical import canonical, instant
from contracts.testing import an_id

EXAMPLES = Path(__file__).parents[3] / "contracts" / "examples"
EXHIBIT = Path(__file__).parent / "exhibits" / f"fold-{FOLDED_BY}.json"
STUDENT, PLAN = an_id("the student of the exhibit"), an_id("the plan of the exhibit")
NEW = ("plan.student_registered.v1", "plan.draft_opened.v1", "notice.owed.v1", "notice.rendered.v1")
IN_EFFECT = (
    *NEW, "notice.sent.v1", "notice.given.v1", "plan.adopted.v1.items", "plan.amendment_proposed.v1", "plan.consent_answered.v1",
    "plan.amendment_adopted.v1", "plan.item_holder_assigned.v1", "plan.statement_added.v1", "progress.service_delivered.v1",
    "progress.service_delivered.v1.starts_at", "progress.session_missed.v1", "progress.benchmark_measured.v1",
    "progress.benchmark_measured.v1.correct", "progress.objective_mastered.v1", "progress.report_issued.v1",
)  # fmt: skip
HISTORIES = {"new": NEW, "in effect": IN_EFFECT, "ended": (*IN_EFFECT, "plan.ended.v1")}
DAYS = (date(2026, 3, 16), date(2026, 9, 1))
RAISE = (
    "What the same entries come to has changed. Raise FOLDED_BY in audit_service/domain/offline_fold.py and run this file with "
    "`.venv/bin/python services/audit-service/tests/test_folds.py`: exports made until now then say which Handrail folds them."
)
ADD = (
    "A golden example is not in the exhibit yet: run this file with "
    "`.venv/bin/python services/audit-service/tests/test_folds.py`, which adds it."
)


def lines_of(*names: str) -> list[dict[str, Any]]:
    """The examples as one student's record with one plan, a minute apart, in this order."""
    lines = []
    for index, name in enumerate(names):
        fields = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
        contents = fields.pop("contents")
        if "plan_id" in contents:
            contents["plan_id"] = str(PLAN)
        stream = f"plan/{PLAN}" if fields["stream"].startswith("plan/") else fields["stream"]
        known = datetime(2026, 9, 1, 12, index, tzinfo=UTC)
        entry = fields | {
            "id": str(an_id(f"{index} {name}")), "subject": str(STUDENT), "stream": stream, "version": index + 1,
            "recorded_at": instant(known), "known_at": instant(known + timedelta(milliseconds=5)),
        }  # fmt: skip
        lines.append({"source": fields["source"], "index": index, "entry": canonical(entry).decode(),
                      "contents": canonical(contents).decode()})  # fmt: skip
    return lines


def comes_to(*names: str) -> str:
    """A digest of what these examples come to, on each of the days."""
    answers = [folded(lines_of(*names), STUDENT, day).to_bytes() for day in DAYS]
    return hashlib.sha256(b"\n".join(answers)).hexdigest()


def now() -> dict[str, dict[str, str]]:
    """Of every golden example, what it comes to behind each history."""
    return {
        path.stem: {history: comes_to(*names, path.stem) for history, names in HISTORIES.items()}
        for path in sorted(EXAMPLES.glob("*.json"))
    }


def test_every_golden_example_comes_to_the_same_as_when_its_fold_was_named() -> None:
    kept, found = json.loads(EXHIBIT.read_bytes())["examples"], now()
    changed = {name: histories for name, histories in kept.items() if found.get(name) != histories}

    assert not changed, f"{RAISE} Changed: {', '.join(changed)}"
    assert kept.keys() == found.keys(), ADD


def test_the_histories_show_what_becomes_of_an_event() -> None:
    """The exhibit would guard nothing were the examples not read: of these, each changes the answer."""
    for history, name in (
        ("new", "notice.lapsed.v1"), ("new", "notice.unaddressed.v1"), ("new", "notice.blocked.v1"),
        ("in effect", "notice.returned.v1"), ("in effect", "plan.corrected.v1"), ("in effect", "plan.ended.v1"),
        ("in effect", "plan.voided.v1"), ("in effect", "plan.amendment_withdrawn.v1"), ("ended", "plan.reopened.v1"),
        ("in effect", "progress.session_voided.v1"), ("in effect", "progress.measurement_voided.v1"),
        ("in effect", "progress.report_voided.v1"), ("in effect", "plan.item_holder_ended.v1"),
    ):  # fmt: skip
        with_it, without = (
            folded(lines_of(*HISTORIES[history], *more), STUDENT, DAYS[1]).to_json() for more in ((name,), ())
        )
        differ = {key for key in with_it if with_it[key] != without.get(key)} - {"known_at", "basis"}
        assert differ, (history, name)


def test_every_golden_example_is_wholly_known_and_a_field_of_a_later_writer_is_not() -> None:
    for path in EXAMPLES.glob("*.json"):
        assert unread(lines_of(path.stem)) == [], path.stem
    day, contents = date(2026, 3, 9), {"plan_id": str(PLAN), "void_id": str(PLAN), "later": 1}
    (line,) = lines_of("plan.adopted.v1.items")
    assert read_wholly("plan.adopted", 1, line["contents"].encode(), day)
    deep = line["contents"].replace('"kind":', '"later":1,"kind":', 1)
    assert not read_wholly("plan.adopted", 1, deep.encode(), day)
    assert not read_wholly("plan.voided", 1, canonical(contents), day)
    assert not read_wholly("plan.never_heard_of", 1, b"{}", day)
    assert not read_wholly("plan.adopted", 99, line["contents"].encode(), day)


def test_a_kept_answer_is_proved_and_an_altered_one_is_found() -> None:
    kept = json.loads(EXHIBIT.read_bytes())

    assert differs(kept["lines"], kept["replay"].encode()) is None, RAISE
    altered = kept["replay"].replace("returned", "given")
    assert differs(kept["lines"], altered.encode()) == "replay.json is not what the entries come to (notices)"


def written() -> None:
    """Add what is not in the exhibit yet, or begin that of a new fold; nothing that stands in it is changed."""
    if EXHIBIT.exists():
        kept = json.loads(EXHIBIT.read_bytes())
    else:
        kept = json.loads(EXHIBIT.with_name(f"fold-{FOLDED_BY - 1}.json").read_bytes()) | {"examples": {}}
        said = json.loads(kept["replay"])
        answer = folded(kept["lines"], UUID(said["student"]), date.fromisoformat(said["effective_on"]))
        kept["replay"] = answer.to_bytes().decode() + "\n"
    kept["examples"] = now() | kept.get("examples", {})
    EXHIBIT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    written()
