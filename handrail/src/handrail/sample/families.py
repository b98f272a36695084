"""What happens in families: a second parent, an aunt who was there before the guardian, a new address, a move."""

from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample import roster_files
from handrail.sample.documents import page
from handrail.sample.notices import notice_words
from handrail.sample.telling import Life, Scene
from handrail.sample.world import BEGINS, DIRECTOR, Enrolled, Held, World


def second_parent(scene: Scene, world: World, held: Held, on: date) -> Life:
    """The other parent lives elsewhere and holds the same rights: every notice goes to both."""
    yield on
    director, child = scene.by("director"), held.child
    contact = director.client.post(
        f"/plan/v1/students/{held.student}/contacts",
        {"given_name": "Kofi", "family_name": child.family, "relation": "father", "lives_with": False,
         "phones": ["(555) 010-0142"]},
    )["id"]  # fmt: skip
    director.confirm_holder(
        held.student, f"Kofi {child.family}", since=date(BEGINS, 8, 1), email=None, language="en",
        confirmed_by=world.office[DIRECTOR], address=("8 Kelp Street", "Lakeside", "TX", "75000"), contact=contact,
    )  # fmt: skip


def a_guardian(scene: Scene, world: World, held: Held, on: date) -> Life:
    """A grandmother who acted as parent gives way to the guardian whom a court appointed."""
    yield on
    director, child = scene.by("director"), held.child
    by = world.office[DIRECTOR]
    grandmother = director.confirm_holder(
        held.student, f"Thea {child.family}", since=date(BEGINS, 8, 1), email=None, ground="acting_as_parent",
        confirmed_by=by, address=child.address,
    )  # fmt: skip
    yield on + timedelta(days=63)
    order = page(director, held.student, "Letters of guardianship", "court_order", scene.day)
    director.confirm_holder(
        held.student, "Farouk Osei", since=scene.day, email=None, ground="guardian", confirmed_by=by, evidence=order,
        address=("30 Dune Street", "Lakeside", "TX", "75000"),
    )  # fmt: skip
    director.client.post(
        f"/plan/v1/students/{held.student}/rights-holders/{grandmother}/end",
        {"reason": "no_longer_acting_as_parent", "on": scene.day.isoformat(), "confirmed_by": by},
    )


def limits_on_contact(scene: Scene, held: Held, on: date) -> Life:
    """An order limits contact with the parent: from then on nothing goes out by itself until somebody has looked."""
    yield on
    manager = scene.by(held.manager)
    page(manager, held.student, "Order of the family court", "court_order", on)
    _contact_changed(
        scene, held.enrolled, {"restrictions": "By order of the family court: through the attorney only."}
    )


def mistyped_address(scene: Scene, world: World, held: Held, on: date) -> Life:
    """The family's new mail address is written down with a slip: the next notice comes back, and goes by letter."""
    yield on
    child = held.child
    parent, _, _ = (child.parent_email or f"{child.parent_given}.{child.family}@".lower()).partition("@")
    scene.by("director").confirm_holder(
        held.student, f"{child.parent_given} {child.family}", since=date(BEGINS, 8, 1),
        email=f"{parent}@family..example", language=child.language, confirmed_by=world.office[DIRECTOR],
        address=child.address, contact=held.enrolled.contact, holder=held.holder,
    )  # fmt: skip


def letter_comes_back(scene: Scene, held: Held, on: date) -> Life:
    """The other parent has moved without a word: the newest letter comes back, and waits for another address."""
    yield on
    office = scene.by("director").client
    letters = [
        (notice["owed_on"], notice["id"], sent["id"])
        for notice in office.every("/notify/v1/notices", student=held.student)
        for sent in notice["deliveries"]
        if (sent["channel"], sent["outcome"]) == ("letter", "sent")
    ]
    if letters:
        _, notice, sent = max(letters)
        back = {"delivery": sent, "answer": "Moved, left no address"}
        office.post(f"/notify/v1/notices/{notice}/returns", back)


def new_telephone(scene: Scene, enrolled: Enrolled, on: date) -> Life:
    """The roster says a contact anew."""
    yield on
    _contact_changed(scene, enrolled, {"phones": ["(555) 010-0123"]})


def a_neighbor_moves_away(scene: Scene, enrolled: Enrolled, on: date) -> Life:
    """An emergency contact, for a while."""
    yield on
    sis, contacts = scene.by(), f"/plan/v1/students/{enrolled.student}/contacts"
    neighbor = sis.client.post(
        contacts, {"given_name": "Jomo", "family_name": "Falk", "relation": "neighbor", "emergency": True,
                   "phones": ["(555) 010-0155"]},
    )["id"]  # fmt: skip
    yield on + timedelta(days=91)
    sis.client.post(f"{contacts}/{neighbor}/unlink")


def another_name(scene: Scene, enrolled: Enrolled, on: date) -> Life:
    """The student goes by another name."""
    yield on
    at = f"/plan/v1/students/{enrolled.student}"
    scene.once(scene.by(), "PATCH", at, {"preferred_given_name": "Remy"}, of=at)


def another_school(scene: Scene, world: World, enrolled: Enrolled, on: date) -> Life:
    """The family moves within the district."""
    yield on
    to = world.schools[(enrolled.child.school + 1) % len(world.schools)]
    scene.by().client.post(
        f"/plan/v1/students/{enrolled.student}/enrolment",
        {"school": to.id, "grade": enrolled.child.grade, "from": on.isoformat()},
    )


def asks_for_the_record(scene: Scene, held: Held, on: date) -> Life:
    """A parent wants to see everything, and months later has the record amended by a statement instead."""
    yield on
    manager = scene.by(held.manager)
    manager.client.post(
        f"/plan/v1/students/{held.student}/requests",
        {"kind": "records", "via": "in_person", "holder": held.holder, "made_on": (on - timedelta(days=1)).isoformat(),
         "text": "Please let me see everything about the evaluation."},
    )  # fmt: skip
    yield on + timedelta(days=49)
    letter = page(manager, held.student, "Letter of the parents", "letter", scene.day)
    manager.client.post(
        f"{held.path}/statements",
        {"holder": held.holder, "text": "We asked twice for the reading teacher by name.", "via": "letter",
         "document": letter},
    )  # fmt: skip


def refused_by_the_district(scene: Scene, held: Held, on: date) -> Life:
    """The parents ask for an independent evaluation and for an aide; the district refuses the aide, by notice."""
    yield on
    manager = scene.by(held.manager)
    manager.client.post(
        f"/plan/v1/students/{held.student}/requests",
        {"kind": "independent_evaluation", "via": "email", "holder": held.holder,
         "text": "We disagree with the evaluation, and ask for another one at public expense."},
    )  # fmt: skip
    yield on + timedelta(days=14)
    notice: Json = {
        "student": held.student, "holder": held.holder, "plan": held.plan,
        "action": "The district refuses to add a one-to-one aide.",
        **notice_words(
            "The present supports are enough; in four of five lessons no prompt was needed.",
            "Classroom records of September to January.",
            "A shared aide: not needed either.",
        ),
        "external_id": f"sis:refusal-{held.child.number}",
    }  # fmt: skip
    manager.client.post("/notify/v1/notices", notice)


def not_eligible(scene: Scene, enrolled: Enrolled, on: date) -> Life:
    """A plan is begun and given up: the evaluation says that there is nothing to plan for."""
    yield on
    by = scene.by("director")
    plan = by.client.post("/plan/v1/plans", {"student": enrolled.student, "kind": "504", "items": [
        {"id": scene.items.new_id(), "kind": "activity_limited", "activity": "reading", "how": "Reads slowly since the move."},
    ]})["id"]  # fmt: skip
    yield on + timedelta(days=28)
    page(by, enrolled.student, "Report of the reading specialist", "evaluation_report", scene.day)
    at = f"/plan/v1/plans/{plan}/draft"
    scene.once(by, "DELETE", at, {"reason": "No limit was found: reads at grade level since January."}, of=at)


def a_tutor_for_a_while(scene: Scene, held: Held, on: date) -> Life:
    """A parent lets a tutor have the plan, and thinks better of it."""
    yield on
    manager = scene.by(held.manager)
    releases = f"/plan/v1/students/{held.student}/releases"
    release = manager.client.post(
        releases, {"holder": held.holder, "recipient": "Harbor Tutoring", "purpose": "other", "records": ["plan", "progress"],
                   "method": "electronic_signature", "expires_on": (on + timedelta(days=200)).isoformat()},
    )["id"]  # fmt: skip
    yield on + timedelta(days=21)
    manager.client.post(
        f"{releases}/{release}/revocation", {"on": scene.day.isoformat(), "holder": held.holder}
    )


def _contact_changed(scene: Scene, enrolled: Enrolled, more: Json) -> None:
    child = enrolled.child
    body: Json = {"given_name": child.parent_given, "family_name": child.family, "relation": "parent",
                  "external_id": f"oneroster:{roster_files.parent(child)}"}  # fmt: skip
    if child.parent_email:
        body["emails"] = [child.parent_email]
    at = f"/plan/v1/students/{enrolled.student}/contacts/{enrolled.contact}"
    scene.once(scene.by(), "PUT", at, body | more, of=at)
