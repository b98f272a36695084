"""How plans change between reviews: proposed, told of, answered item by item; adopted, withdrawn, or left lying."""

from collections.abc import Sequence
from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample.handed_on import carries_out, told_of_a_change
from handrail.sample.needs import REASONS
from handrail.sample.notices import delivered
from handrail.sample.parents_page import ParentsPage
from handrail.sample.telling import Life, Scene
from handrail.sample.world import REGULAR, Held, World
from handrail.stage import IEP_ROLES, Stage, rights_holder, staff_member

OUT = ("given", "opened", "acknowledged", "to_post", "posted", "blocked")
"""A notice that has come as far as it comes by itself."""
WAIT = timedelta(days=7)
UNTOLD = 20
"""The IEP of whose amendment nobody tells the team."""
Answers = Sequence[tuple[str, str]]
"""Item and decision."""


def agreed(scene: Scene, held: Held, on: date, *, refuses: bool = False) -> Life:
    """More of a service, less of something else, agreed without a meeting; the family may refuse the second."""
    yield on
    manager = scene.by(held.manager)
    longer, ended = _longer(held), held.item("accommodation")
    changes = [{"op": "replace", "item": longer}, {"op": "end", "item": ended["id"]}]
    amendment = _proposed(scene, manager, held, changes)
    _see_to_notices(manager, held, amendment, on)
    _answer(
        manager,
        held,
        amendment,
        [(longer["id"], "accepted"), (ended["id"], "refused" if refuses else "accepted")],
    )
    yield on + WAIT
    _adopt(scene, manager, held, amendment, longer)
    _now_binds(held, longer)


def decided_at_a_meeting(scene: Scene, world: World, held: Held, on: date) -> Life:
    """The team meets: a new goal's support is added. The psychologist is excused with written input."""
    yield on - WAIT
    manager = scene.by(held.manager)
    team = [(rights_holder(held.holder), ["parent"])]
    team += [(staff_member(held.school.staff[role]), said) for role, said in IEP_ROLES.items()]
    meeting = manager.schedule(held.student, "amendment", on, team, plan=held.plan)
    parent = rights_holder(held.holder)
    manager.client.post(
        f"/plan/v1/meetings/{meeting}/attempts",
        {
            "person": parent,
            "means": "email",
            "result": "asked_for_another_time",
            "words": "Only after four o'clock.",
        },
    )
    _set_anew(manager, meeting, on, team, held)
    yield on
    for person, roles in team:
        if "interprets_evaluation" in roles:
            before = (on - timedelta(days=3)).isoformat()
            excusal = {"form": "written_consent", "agreed_on": before, "agreed_by": held.holder,
                       "input_received_on": before}  # fmt: skip
            version = manager.attend(meeting, person, roles, "excused", excusal=excusal)
        else:
            version = manager.attend(
                meeting, person, roles, mode="video" if "parent" in roles else "in_person"
            )
    spoken = {} if held.child.language == "en" else {"interpreter_language": held.child.language}
    manager.hold(meeting, on, version, parent_present=True, **spoken)
    added = scene.items.accommodation(
        "Answers orally what others answer in writing.", ["class", "test"], "regular_education_teacher", on,
        "Knows more than the page shows.",
    )  # fmt: skip
    basis = {"kind": "meeting", "meeting_id": meeting}
    amendment = _proposed(scene, manager, held, [{"op": "add", "item": added}], basis=basis)
    _see_to_notices(manager, held, amendment, on)
    _answer(manager, held, amendment, [(added["id"], "accepted")], method="electronic_signature")
    yield on + WAIT
    _adopt(scene, manager, held, amendment, added)


def withdrawn(scene: Scene, held: Held, on: date) -> Life:
    """The family asks to wait."""
    yield on
    manager = scene.by(held.manager)
    amendment = _proposed(scene, manager, held, [{"op": "replace", "item": _longer(held)}])
    yield on + WAIT
    _withdraw(scene, manager, held, amendment, "The family asked to wait until the new evaluation.")


def objected_to(scene: Scene, held: Held, on: date, page: ParentsPage) -> Life:
    """On the page of the notice the family objects and asks for a meeting; the district takes it back."""
    yield on
    manager = scene.by(held.manager)
    ended = held.item("accommodation")
    amendment = _proposed(scene, manager, held, [{"op": "end", "item": ended["id"]}])
    notice = manager.wait_for_notice(held.student, amendment, OUT)
    yield on + WAIT
    page.object_to(held.child, notice["id"], "Without it every test becomes a race.", ask="meeting",
                   text="Please let us talk about this with the teacher.")  # fmt: skip
    yield on + 2 * WAIT
    _withdraw(scene, manager, held, amendment, "The family objects; the team will meet.")


def acknowledged(scene: Scene, held: Held, on: date, page: ParentsPage) -> Life:
    """The family opens the notice, confirms receipt, and asks for it on paper; the change is adopted."""
    yield on
    manager = scene.by(held.manager)
    moved = _binding(held) | {"location": "Room 21"}
    amendment = _proposed(scene, manager, held, [{"op": "replace", "item": moved}])
    notice = manager.wait_for_notice(held.student, amendment, OUT)
    yield on + WAIT
    page.acknowledge(held.child, notice["id"], ask="paper")
    _answer(manager, held, amendment, [(moved["id"], "accepted")])
    yield on + 2 * WAIT
    _adopt(scene, manager, held, amendment, moved)
    _now_binds(held, moved)


def done_at_once(scene: Scene, held: Held, on: date) -> Life:
    """It was done the same day, before any notice could count: recorded as it happened."""
    yield on
    manager = scene.by(held.manager)
    moved = _binding(held) | {"location": "Gymnasium office"}
    amendment = _proposed(scene, manager, held, [{"op": "replace", "item": moved}],
                          reason="The room was flooded over the weekend.")  # fmt: skip
    happened = {
        "source": "school office",
        "reason": "The change was made at once.",
        "occurred_on": on.isoformat(),
    }
    manager.client.post(
        f"{held.path}/amendments/{amendment}/adoption", {"effective_on": on.isoformat(), "reported": happened},
        if_match=manager.client.etag(held.path),
    )  # fmt: skip
    _now_binds(held, moved)


def blocked(scene: Scene, held: Held, on: date) -> Life:
    """Contact with the parent is limited by an order: the notice waits for a person, and so does the change."""
    yield on
    manager = scene.by(held.manager)
    amendment = _proposed(scene, manager, held, [{"op": "replace", "item": _longer(held)}])
    manager.wait_for_notice(held.student, amendment, OUT)


def left_lying(scene: Scene, held: Held, on: date) -> Life:
    """Proposed, and the letter never posted; nobody has answered, and an aunt's word on the telephone is no consent."""
    yield on
    manager, child = scene.by(held.manager), held.child
    aunt = manager.client.post(
        f"/plan/v1/students/{held.student}/contacts",
        {
            "given_name": "Selma",
            "family_name": child.family,
            "relation": "aunt",
            "phones": ["(555) 010-0177"],
        },
    )["id"]
    longer = _longer(held)
    amendment = _proposed(scene, manager, held, [{"op": "replace", "item": longer}])
    yield on + WAIT
    manager.client.post(
        f"{held.path}/amendments/{amendment}/consents",
        {"holder": aunt, "items": [longer["id"]], "decision": "accepted", "method": "oral",
         "comment": "Yes, of course. I will tell them."},
    )  # fmt: skip


def accommodation_added(scene: Scene, held: Held, on: date) -> Life:
    """A Section 504 plan gains an accommodation (34 CFR 104.35, 104.36)."""
    yield on
    manager = scene.by(held.manager)
    added = scene.items.accommodation(
        "Takes part in the class trip with the nurse's phone number at hand.", ["field_trip"],
        "regular_education_teacher", on, held.item("activity_limited")["how"],
    )  # fmt: skip
    amendment = _proposed(
        scene, manager, held, [{"op": "add", "item": added}], reason="The class goes to the coast in May."
    )
    _see_to_notices(manager, held, amendment, on)
    _answer(manager, held, amendment, [(added["id"], "accepted")])
    yield on + WAIT
    _adopt(scene, manager, held, amendment, added)
    carries_out(manager, held, added["id"], REGULAR, scene.day)


def corrected(scene: Scene, held: Held, on: date, *, approved: bool = True) -> Life:
    """The room was written down wrongly; the manager asks, the director approves (or has not looked yet)."""
    yield on
    manager, director = scene.by(held.manager), scene.by("director")
    text = held.items[[item["kind"] for item in held.items].index("service")] | {"location": "Room 31"}
    correction = manager.client.post(
        f"{held.path}/corrections",
        {"event": held.version, "item": text, "what_was_wrong": "The room was written down as another one.",
         "evidence": f"Minutes of the meeting of {held.meets_on:%B} {held.meets_on.day}, page 2."},
        if_match=manager.client.etag(held.path),
    )["id"]  # fmt: skip
    if not approved:
        return
    yield on + WAIT
    at = f"{held.path}/corrections/{correction}"
    director.client.post(f"{at}/approval", if_match=director.client.etag(at))


def _longer(held: Held) -> Json:
    now = _binding(held)
    return now | {"minutes": now["minutes"] + 30}


def _binding(held: Held) -> Json:
    return held.services[0]


def _now_binds(held: Held, item: Json) -> None:
    held.services[0] = item


def _proposed(
    scene: Scene,
    manager: Stage,
    held: Held,
    changes: list[Json],
    *,
    basis: Json | None = None,
    reason: str = "",
) -> str:
    why, used, options = scene.chance.choice(REASONS)
    body = {
        "basis": basis or {"kind": "written_agreement", "agreed_on": scene.day.isoformat(), "holder_ids": [held.holder]},
        "changes": changes, "effective_on": "earliest", "reason": reason or why, "evaluations_used": used,
        "options_considered": options, "other_factors": "None.", "external_id": f"sis:amendment-{scene.name}",
    }  # fmt: skip
    made: str = manager.client.post(f"{held.path}/amendments", body, if_match=manager.client.etag(held.path))[
        "id"
    ]
    return made


def _see_to_notices(manager: Stage, held: Held, amendment: str, on: date) -> None:
    """Notices go out by themselves; what needs a hand is posted, handed over or read aloud. What is blocked stays so.

    Never before the notice was there: a making taken up again may propose it later than it was to be.
    """
    manager.wait_for_notice(held.student, amendment, OUT)
    for notice in manager.client.get("/notify/v1/notices", student=held.student)["items"]:
        if (
            notice.get("amendment") == amendment
            and notice["status"] in {"to_post", "blocked"}
            and notice.get("channel")
        ):
            manager.client.post(
                f"/notify/v1/notices/{notice['id']}/deliveries",
                delivered(notice) | {"on": max(on.isoformat(), notice["owed_on"])},
            )


def _answer(
    manager: Stage, held: Held, amendment: str, answers: Answers, *, method: str = "paper_signature"
) -> None:
    for item, decision in answers:
        manager.client.post(
            f"{held.path}/amendments/{amendment}/consents",
            {"holder": held.holder, "items": [item], "decision": decision, "method": method,
             "language": held.child.language},
        )  # fmt: skip


def _adopt(scene: Scene, manager: Stage, held: Held, amendment: str, item: Json) -> None:
    """As soon as plan-service knows that the notice counts as given: a posted letter's days end by the clock.

    Then whoever carries out the item that is new or other, and the team, are told.
    """
    at = f"{held.path}/amendments/{amendment}/adoption"
    manager.once_heard(lambda: scene.decide(manager, at, {"effective_on": "earliest"}, of=held.path))
    if held.number != UNTOLD:
        told_of_a_change(manager, held, [item["id"]], scene.day)


def _withdraw(scene: Scene, manager: Stage, held: Held, amendment: str, why: str) -> None:
    scene.decide(manager, f"{held.path}/amendments/{amendment}/withdrawal", {"reason": why}, of=held.path)


def _set_anew(
    manager: Stage, meeting: str, on: date, team: Sequence[tuple[Json, list[str]]], held: Held
) -> None:
    """The same meeting half an hour later; setting it carries no key, so it is looked at first."""
    at, starts_at = f"/plan/v1/meetings/{meeting}", manager.afternoon(on, later=True)
    found = manager.client.request("GET", at)
    if found.json()["place"] == "Library office":
        return
    body = {"purpose": "amendment", "starts_at": starts_at, "place": "Library office", "plan": held.plan,
            "invitees": [{"person": person, "roles": roles} for person, roles in team]}  # fmt: skip
    manager.client.put(at, body, if_match=found.headers["etag"])
