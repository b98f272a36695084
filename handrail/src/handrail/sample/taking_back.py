"""What two people take back: a plan that was ended by mistake, and one that was begun twice."""

from datetime import date

from handrail.sample.changes import WAIT
from handrail.sample.telling import Life, Scene
from handrail.sample.world import Held


def ended_by_mistake(scene: Scene, held: Held, on: date) -> Life:
    """The clerk took one family's letter for another's; the director lets the plan bind again, as though it had never ended."""
    yield on
    manager, director = scene.by(held.manager), scene.by("director")
    scene.decide(
        manager, f"{held.path}/end", {"reason": "transferred", "effective_on": on.isoformat()}, of=held.path
    )
    back = {"ground": "mistake", "reason": "The letter was of another family of the same name."}
    asked = scene.decide(manager, f"{held.path}/reopenings", back, of=held.path)["id"]
    at = f"{held.path}/reopenings/{asked}"
    director.client.post(f"{at}/approval", if_match=director.client.etag(at))


def begun_twice(scene: Scene, held: Held, on: date) -> Life:
    """A second IEP is begun for a student who has one; a week later two people say that it is none."""
    yield on
    manager, director = scene.by(held.manager), scene.by("director")
    twice = manager.client.post("/plan/v1/plans", {"student": held.student, "kind": "iep"})["id"]
    yield on + WAIT
    path = f"/plan/v1/plans/{twice}"
    wrong = {"ground": "duplicate", "duplicate_of": held.plan, "reason": "The student has an IEP in effect."}
    scene.decide(manager, f"{path}/void", wrong, of=path)
    director.client.post(f"{path}/void/approval", if_match=director.client.etag(f"{path}/void"))
