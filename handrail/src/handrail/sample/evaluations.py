"""From a referral to eligibility, for a few students: consented to, refused, late; found under one law and not the other.

Some come to nothing: taken back, refused by the district; one gets more time by agreement.
"""

from datetime import date, timedelta

from handrail.plan_items import Json
from handrail.sample.documents import page
from handrail.sample.notices import notice_of_it, notice_words
from handrail.sample.telling import Life, Scene
from handrail.sample.world import BEGINS, DIRECTOR, Enrolled, Held, World
from handrail.stage import GROUP_504_ROLES, Stage, staff_member

ANSWER_DAYS = 14
BEYOND_60_DAYS = 91


def referred(scene: Scene, world: World, enrolled: Enrolled, on: date, *, late: bool = False) -> Life:
    """A teacher refers a student; the parent consents. There is a disability, and no need of special education."""
    yield on
    by, holder, evaluation = _asked(scene, world, enrolled, on)
    yield on + timedelta(days=ANSWER_DAYS)
    signed = page(by, enrolled.student, "Consent to evaluate, signed", "consent", scene.day)
    _answered(scene, by, evaluation, {"holder": holder, "decision": "accepted", "method": "paper_signature",
                                      "document": signed})  # fmt: skip
    if late:
        _more_time(scene, world, enrolled, by, evaluation, holder)
    tested_on = scene.day + timedelta(days=1)
    yield on + timedelta(days=ANSWER_DAYS + (BEYOND_60_DAYS if late else 30))
    psychologist = _staff(world, enrolled)["school_psychologist"]
    report = page(by, enrolled.student, "Report of the school psychologist", "evaluation_report", scene.day)
    by.client.post(
        f"{evaluation}/completion",
        {"completed_on": scene.day.isoformat(), "documents": [report],
         "summary": "Attends well for ten minutes, then loses the thread. Learns with the class.",
         "assessments": [
             {"area": "academic_performance", "what": "Achievement battery", "on": tested_on.isoformat(),
              "staff": psychologist, "document": report},
             {"area": "observation", "what": "Three lessons", "on": scene.day.isoformat(), "staff": psychologist},
             {"area": "health", "what": "Physician's letter", "on": on.isoformat(), "existing": True,
              "by": {"name": "Dr. Imre Voss", "capacity": "pediatrician"}}]},
    )  # fmt: skip
    _determined(scene, world, enrolled, by, evaluation)


def refused(scene: Scene, world: World, enrolled: Enrolled, on: date) -> Life:
    """The parent does not want the student tested: there the evaluation ends (34 CFR 300.300(a)(3))."""
    yield on
    by, holder, evaluation = _asked(scene, world, enrolled, on)
    yield on + timedelta(days=ANSWER_DAYS)
    _answered(scene, by, evaluation, {"holder": holder, "decision": "refused", "method": "oral",
                                      "comment": "Give him time. The move was hard enough."})  # fmt: skip


def taken_back(scene: Scene, world: World, enrolled: Enrolled, on: date) -> Life:
    """The teacher refers a student, and takes it back when glasses help."""
    yield on
    by, _, evaluation = _asked(scene, world, enrolled, on)
    yield on + timedelta(days=ANSWER_DAYS)
    teacher = _staff(world, enrolled)["regular_education_teacher"]
    scene.decide(
        by, f"{evaluation}/withdrawal", {"staff": teacher, "words": "With the new glasses he reads with the class."},
        of=evaluation,
    )  # fmt: skip


def declined(scene: Scene, held: Held, on: date) -> Life:
    """The parents want another evaluation so soon; the district refuses, by notice (34 CFR 300.503(a)(2))."""
    yield on
    by = scene.by(held.manager)
    evaluations = f"/plan/v1/students/{held.student}/evaluations"
    evaluation = by.client.post(
        evaluations, {"kind": "reevaluation", "laws": ["idea"], "source": "parent", "holder": held.holder,
                      "referred_on": on.isoformat(), "words": "Test her again, please."},
    )["id"]  # fmt: skip
    yield on + timedelta(days=ANSWER_DAYS)
    notice = by.client.post(
        "/notify/v1/notices",
        {"student": held.student, "holder": held.holder, "plan": held.plan,
         "action": "The district refuses to reevaluate this year.",
         **notice_words(
             "Progress on every goal is on its line; nothing has changed since the last evaluation.",
             "The last evaluation and this year's measurements.",
             "A reading test alone: it is given every term.",
         ),
         "external_id": f"sis:no-evaluation-{held.child.number}"},
    )["id"]  # fmt: skip
    scene.decide(
        by, f"{evaluations}/{evaluation}/refusal", {"reason": "Nothing has changed since the last one.", "notice": notice},
        of=f"{evaluations}/{evaluation}",
    )  # fmt: skip


def services_refused(scene: Scene, world: World, enrolled: Enrolled, on: date) -> Life:
    """A parent is asked for consent to first services and says no: nobody overrides that (34 CFR 300.300(b)(3))."""
    yield on
    by, holder, _ = _asked(scene, world, enrolled, on)
    yield on + timedelta(days=ANSWER_DAYS)
    at, day = f"/plan/v1/students/{enrolled.student}", scene.day.isoformat()
    by.client.post(
        f"{at}/services-consent-requests",
        {"holders": [holder], "channel": "handed_over", "asked_on": day, "language": enrolled.child.language},
    )
    by.client.post(
        f"{at}/services-consents",
        {"holder": holder, "decision": "refused", "method": "oral", "answered_on": day,
         "comment": "I know what you offer. We want to try without."},
    )  # fmt: skip


def waived(scene: Scene, held: Held, on: date) -> Life:
    """Parent and district agree that this year's reevaluation would say nothing new (34 CFR 300.303(b)(2))."""
    yield on
    by = scene.by(held.manager)
    by.client.post(
        f"/plan/v1/students/{held.student}/reevaluation-waivers",
        {"holder": held.holder, "method": "paper_signature", "agreed_on": on.isoformat(),
         "staff": held.school.staff["school_psychologist"], "due_on": (on + timedelta(days=60)).isoformat()},
    )  # fmt: skip


def _asked(scene: Scene, world: World, enrolled: Enrolled, on: date) -> tuple[Stage, str, str]:
    """Who acts, the parent who decides, and the path of the evaluation for which consent was asked."""
    by, child = scene.by("director"), enrolled.child
    holder = by.confirm_holder(
        enrolled.student, f"{child.parent_given} {child.family}", since=date(BEGINS, 8, 1), email=child.parent_email,
        language=child.language, confirmed_by=world.office[DIRECTOR], address=child.address, contact=enrolled.contact,
    )  # fmt: skip
    evaluations = f"/plan/v1/students/{enrolled.student}/evaluations"
    evaluation = by.client.post(
        evaluations,
        {"kind": "initial", "laws": ["idea", "504"], "source": "teacher", "referred_on": on.isoformat(),
         "staff": _staff(world, enrolled)["regular_education_teacher"],
         "words": "Begins every task and finishes few; it is not for want of trying."},
    )["id"]  # fmt: skip
    path, asked = f"{evaluations}/{evaluation}", {"asked_on": on.isoformat(), "language": child.language}
    if child.number % 7:  # As in life: once the form goes out without its notice.
        asked["notice"] = _proposed(by, enrolled, holder)
    by.client.post(f"{path}/consent-requests", asked | {"holders": [holder], "channel": "letter"})
    return by, holder, path


def _proposed(by: Stage, enrolled: Enrolled, holder: str) -> str:
    """Prior written notice that the district proposes to evaluate (34 CFR 300.503(a)(1))."""
    return notice_of_it(
        by,
        {"student": enrolled.student, "holder": holder,
         "action": "The district proposes to evaluate, in reading, attention and health.",
         **notice_words(
             "Many tasks are begun and few are finished.",
             "The teacher's notes; two report cards.",
             "Another seat and shorter tasks: tried for a month.",
         ),
         "external_id": f"sis:to-evaluate-{enrolled.child.number}"},
    )  # fmt: skip


def _more_time(
    scene: Scene, world: World, enrolled: Enrolled, by: Stage, evaluation: str, holder: str
) -> None:
    """Reading instruction is to be measured first; that is agreed in writing (34 CFR 300.309(c))."""
    by.client.post(
        f"{evaluation}/extensions",
        {"ground": "learning_disability", "agreed_on": scene.day.isoformat(), "holder": holder,
         "due_on": (scene.day + timedelta(days=BEYOND_60_DAYS - 7)).isoformat(), "method": "paper_signature",
         "staff": _staff(world, enrolled)["school_psychologist"],
         "words": "Twelve weeks of reading instruction are measured first."},
    )  # fmt: skip


def _answered(scene: Scene, by: Stage, evaluation: str, answer: Json) -> None:
    day = scene.day.isoformat()
    by.client.post(f"{evaluation}/consents", answer | {"answered_on": day, "received_on": day})


def _determined(scene: Scene, world: World, enrolled: Enrolled, by: Stage, evaluation: str) -> None:
    """Under IDEA no: nothing needs to be specially designed. Under Section 504 yes."""
    staff = world.office | _staff(world, enrolled)
    group = [{"person": staff_member(staff[role]), "roles": roles} for role, roles in GROUP_504_ROLES.items()]
    idea = {"law": "idea", "eligible": False, "categories": ["other_health_impairment"],
            "needs_special_education": False}  # fmt: skip
    section_504 = {"law": "504", "eligible": True, "impairment": "ADHD, inattentive presentation.",
                   "limited": [{"activity": "concentrating", "how": "Loses the thread of longer tasks."}]}  # fmt: skip
    for found in (idea, section_504):
        by.client.post(
            f"/plan/v1/students/{enrolled.student}/eligibility",
            {"determination": found, "evaluation": evaluation.rpartition("/")[2], "members": group,
             "determined_on": scene.day.isoformat(), "basis": "The battery, three lessons, the physician's letter.",
             "sources": ["aptitude_and_achievement_tests", "observation", "medical_report"]},
        )  # fmt: skip


def _staff(world: World, enrolled: Enrolled) -> dict[str, str]:
    return world.schools[enrolled.child.school].staff
