"""What families ask for and how it is answered, and two disputes: one settled, one decided."""

from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample.documents import page
from handrail.sample.telling import Life, Scene
from handrail.sample.world import Held
from handrail.stage import Stage


def record_amended(scene: Scene, held: Held, on: date) -> Life:
    """Parents want a sentence out of the record: refused, heard, and answered by a statement of theirs (300.618-620)."""
    yield on
    by, at = scene.by(held.manager), f"/plan/v1/students/{held.student}/requests"
    letter = page(by, held.student, "Letter about the record", "letter", scene.day)
    request = by.client.post(
        at, {"kind": "amendment_of_record", "via": "letter", "holder": held.holder, "made_on": on.isoformat(),
             "text": "Strike that she does not try.", "documents": [letter]},
    )["id"]  # fmt: skip
    path = f"{at}/{request}"
    yield on + timedelta(days=14)
    _answer(scene, by, path, {"outcome": "refused", "hearing_right_told": True,
                              "words": "The sentence is the teacher's note of that day."})  # fmt: skip
    by.client.post(
        f"{path}/hearing", {"via": "letter", "holder": held.holder, "asked_on": scene.day.isoformat()}
    )
    yield on + timedelta(days=45)
    decided = {"amended": False, "statement_right_told": True, "decided_on": scene.day.isoformat(),
               "words": "The note is accurate."}  # fmt: skip
    scene.decide(by, f"{path}/hearing-decision", decided, of=path)
    by.client.post(
        f"{path}/statements",
        {"holder": held.holder, "text": "She was ill that week.", "placed_on": scene.day.isoformat()},
    )


def record_shown(scene: Scene, held: Held, on: date) -> Life:
    """The record is asked for, and shown within two weeks."""
    yield on
    by, at = scene.by(held.manager), f"/plan/v1/students/{held.student}/requests"
    request = by.client.post(
        at, {"kind": "records", "via": "email", "holder": held.holder, "made_on": on.isoformat()}
    )["id"]  # fmt: skip
    yield on + timedelta(days=14)
    _answer(scene, by, f"{at}/{request}", {"outcome": "granted", "words": "Seen at the school, with copies."})


def placement_disputed(scene: Scene, held: Held, on: date) -> Life:
    """The family files for due process; both meet, agree that the placement may change, and settle (300.510, 300.518)."""
    yield on
    by, at = scene.by(held.manager), f"/plan/v1/students/{held.student}/disputes"
    dispute = by.client.post(
        at, {"kind": "due_process_complaint", "filed_by": "family", "holder": held.holder, "about": ["placement"],
             "filed_on": on.isoformat(), "known_on": (on - timedelta(days=20)).isoformat(),
             "words": "The small class was decided without us."},
    )["id"]  # fmt: skip
    path = f"{at}/{dispute}"
    yield on + timedelta(days=14)
    by.client.post(f"{path}/steps", {"step": "resolution_meeting_held", "on": scene.day.isoformat()})
    agreed = page(by, held.student, "Settlement, signed", "letter", scene.day)
    scene.decide(
        by, f"{path}/stay-put-exceptions",
        {"ground": "agreed", "from": scene.day.isoformat(), "holder": held.holder, "documents": [agreed]}, of=path,
    )  # fmt: skip
    ended = {"outcome": "agreed", "closed_on": scene.day.isoformat(), "documents": [agreed]}
    scene.decide(by, f"{path}/outcome", ended, of=path)


def _answer(scene: Scene, by: Stage, path: str, answer: Json) -> None:
    scene.decide(by, f"{path}/answer", answer | {"answered_on": scene.day.isoformat()}, of=path)
