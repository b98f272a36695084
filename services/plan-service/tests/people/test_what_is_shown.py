"""A student is answered anew when what is shown of them has changed, and only then."""

from pathlib import Path

from contracts.event import Event
from contracts.testing import read_example
from plan_service.application.models import SHOWN_IN_A_STUDENT, STUDENT, student_shown
from plan_service.testing_service import ON_ONE_SERVICE, World
from runtime.folding import UNEXPECTED

EXAMPLES = Path(__file__).parents[4] / "contracts" / "examples"
pytestmark = ON_ONE_SERVICE


def student_events() -> list[Event]:
    """Every golden example of a student's stream, those first that begin one."""
    found = [read_example(path.read_text(encoding="utf-8")) for path in sorted(EXAMPLES.glob("plan.*.json"))]
    events = [each.event for each in found if each.stream.startswith("student/")]
    return sorted(events, key=lambda event: event.type != "plan.student_registered")


async def test_no_other_event_changes_what_a_student_is_answered_with() -> None:
    state, folded = STUDENT.initial, set()
    for event in student_events():
        try:
            after = STUDENT.evolve(state, event)
            resources = list(STUDENT.resources(after, event))
        except UNEXPECTED:  # It is about something that no example begins.
            continue
        shown = any(each.kind == "student" for each in resources)
        if state.personal is None or student_shown(after) != student_shown(state):
            assert shown, event.type
        assert shown == isinstance(event, SHOWN_IN_A_STUDENT)
        state = after
        folded.add(event.type)

    assert len(folded) > 25
    assert folded >= {of.type for of in SHOWN_IN_A_STUDENT}


async def test_a_contact_moves_the_version_on_and_not_the_day_of_the_last_change(world: World) -> None:
    student = await world.new(
        "/students", {"given_name": "Mira", "family_name": "Quill", "birth_date": "2015-04-01"}
    )
    await world.new(f"/students/{student['id']}/contacts", {"given_name": "Elena", "family_name": "Quill"})
    read = await world.get(f"/students/{student['id']}")

    assert read.json() == student | {"version": 2}
    assert read.headers["etag"] == '"2"'
