"""What a parent asks for on a notice's page becomes a request of the student: its time runs from the day it was made."""

from contracts.event import Event, Recorded
from contracts.shipped_profiles import shipped_profiles
from contracts.students import RequestMade
from plan_service.application.models import DISTRICT, STUDENT
from plan_service.domain.request import take_in_request
from plan_service.domain.rules import Profiles, rules_of
from runtime.append_request import Change
from runtime.consumer import Consumer, Unit


async def take_in(recorded: Recorded[Event], unit: Unit) -> None:
    """One request of the student for each that was made there and is not the office's own to see to."""
    made = recorded.event
    if not isinstance(made, RequestMade):
        return
    loaded = await unit.load(STUDENT, made.student_id)
    profiles: Profiles = (await unit.load(DISTRICT)).state.profiles
    day = made.effective_on
    events = take_in_request(loaded.state, made, rules_of(profiles.on(day), day, shipped_profiles()))
    if events:
        await unit.append(Change(loaded, made.student_id, events))


REQUESTS_ON_PAGES = Consumer(
    "requests-on-pages", ("notify",), take_in, types=frozenset({RequestMade.type})
)  # fmt: skip
