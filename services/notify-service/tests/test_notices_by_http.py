"""The routes of notices on the real app: what is shown, what is refused, what a person records."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from contracts import streams
from contracts.district import StaffAdded, StaffPersonalData
from contracts.event import Event
from contracts.ids import new_id
from contracts.notice_hindrances import NoticeBlocked
from contracts.notify import NoticeGiven, NoticeOwed, NoticeRendered, NoticeSent
from contracts.plan import AmendmentPersonalData
from contracts.students import Rights, StudentAssigned
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import CommunicationMode, GivenBasis, NoticeKind, NoticeOccasion, NoticePart
from notify_service.application.wording import wording
from notify_service.domain.delivery import delivered_too_early
from notify_service.domain.notice import Notice, Owed, Text
from notify_service.testing_notices import DAY, HELD, Family
from runtime.tenants import now_for
from runtime.testing_http import unguarded

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def a_letter(world, **family) -> UUID:
    """A notice that waits to be posted."""
    await world.arrange(**family)
    await world.propose()
    return await world.reaches("to_post")


async def test_whoever_has_not_elected_email_gets_a_letter_that_waits_to_be_posted(world):
    notice = await a_letter(world)

    listed = (await world.get("/notify/v1/notices", student=world.family.student, status="to_post")).json()[
        "items"
    ]
    letter = await world.get(f"/notify/v1/notices/{notice}.pdf")

    (shown,) = listed
    assert (shown["id"], shown["status"], shown["channel"]) == (str(notice), "to_post", "letter")
    assert shown["text"]["template"] == "prior_written_notice/es@2026-2 (drafted)"
    assert letter.headers["content-type"] == "application/pdf"
    assert letter.content.startswith(b"%PDF")
    assert world.mails == []


async def test_a_posted_letter_counts_only_once_its_mailing_days_have_passed(world):
    notice = await a_letter(world, mailing_days=3)
    posted_on = await world.today()

    answer = await world.post(
        f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter", "note": "RE 12 345"}
    )

    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["counts_on"]) == (
        "sent",
        str(posted_on + timedelta(days=3)),
    )
    assert "given" not in answer.json()
    now = await now_for(world.notify.store, world.tenant)
    await world.post("/notify/v1/clock", {"to": (now + timedelta(days=2)).isoformat()}, world.operator())
    assert await world.state(notice) == ("posted", [])
    await world.post(
        "/notify/v1/clock", {"to": (now + timedelta(days=3, hours=20)).isoformat()}, world.operator()
    )
    await world.reaches("given", notice)
    given = (await world.history(notice))[-1]
    assert isinstance(given, NoticeGiven)
    assert (given.effective_on, given.basis) == (
        posted_on + timedelta(days=3),
        GivenBasis.MAILING_DAYS_PASSED,
    )


async def test_a_notice_handed_over_counts_that_day(world):
    notice = await a_letter(world)

    answer = await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "handed_over"})

    assert answer.json()["status"] == "given"
    assert answer.json()["given"] == {
        "on": str(await world.today()),
        "channel": "handed_over",
        "basis": "handed_over",
    }
    assert answer.headers["handrail-event"]


async def test_what_was_delivered_is_read_by_itself(world):
    notice = await a_letter(world)
    path = f"/notify/v1/notices/{notice}/deliveries"
    made = (await world.post(path, {"channel": "handed_over", "note": "at the office"})).json()

    (listed,) = (await world.get(path, student=world.family.student)).json()["items"]
    one = await world.get(f"{path}/{listed['id']}")

    assert made["deliveries"][0].items() <= listed.items()
    assert (listed["notice"], listed["student"]) == (str(notice), str(world.family.student))
    assert one.json() == listed
    assert (await world.get(path, updated_after=listed["updated_at"])).json()["items"] == []
    for nowhere in (f"/notify/v1/notices/{new_id()}/deliveries", f"{path}/{new_id()}"):
        assert (await world.get(nowhere)).status_code == 404


async def test_a_delivery_repeated_with_its_key_is_recorded_once(world):
    notice = await a_letter(world)
    headers = world.vendor()

    first = await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "handed_over"}, headers)
    second = await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "handed_over"}, headers)

    assert second.headers["idempotent-replayed"] == "true"
    assert first.json() == second.json()
    assert [type(event) for event in await world.history(notice)].count(NoticeSent) == 1


async def test_a_delivery_of_tomorrow_is_refused_and_so_is_a_mail_that_goes_by_itself(world):
    notice = await a_letter(world)
    tomorrow = await world.today() + timedelta(days=2)

    future = await world.post(
        f"/notify/v1/notices/{notice}/deliveries", {"channel": "letter", "on": str(tomorrow)}
    )
    mail = await world.post(f"/notify/v1/notices/{notice}/deliveries", {"channel": "email"})

    assert (future.status_code, future.json()["errors"][0]["pointer"]) == (422, "/on")
    assert (mail.status_code, mail.json()["code"]) == (409, "mail-goes-by-itself")


async def test_a_delivery_dated_before_the_notice_was_owed_is_refused_and_reported_says_so(world):
    notice = await a_letter(world)
    before = str(DAY - timedelta(days=1))
    path = f"/notify/v1/notices/{notice}/deliveries"
    report = {"source": "paper file", "reason": "Before Handrail.", "occurred_on": before}

    refused = await world.post(path, {"channel": "handed_over", "on": before})
    told = await world.post(path, {"channel": "handed_over", "reported": report})

    assert (refused.status_code, refused.json()["code"]) == (409, "delivered-before-owed")
    assert refused.json()["errors"][0]["pointer"] == "/on"
    assert told.json()["given"]["on"] == before
    recorded = [event for event in await world.history(notice) if isinstance(event, NoticeSent | NoticeGiven)]
    assert [[unmet.code for unmet in event.reported.unmet] for event in recorded] == [
        ["delivered-before-owed"]
    ] * 2


def of_occasion(occasion: NoticeOccasion, owed_on: date, fixed_on: date) -> Notice:
    owed = Owed(
        new_id(), NoticeKind.PRIOR_WRITTEN_NOTICE, new_id(), new_id(), new_id(), None, new_id(), "en", owed_on, occasion
    )  # fmt: skip
    document = DocumentRef(
        document=new_id(), digest="ab" * 32, salt="cd" * 32, media_type="application/pdf", bytes=9
    )
    return Notice(owed, Text(document, "prior_written_notice/en@2026-1", "en", tuple(NoticePart), fixed_on))


@pytest.mark.parametrize(
    ("occasion", "too_early"),
    [(NoticeOccasion.PLACEMENT_CHANGED, date(2026, 3, 8)), (NoticeOccasion.PLAN_ADOPTED, date(2026, 3, 1))],
)
async def test_what_is_told_ahead_is_there_once_it_is_written(occasion, too_early):
    """A plan adopted on the 2nd to begin on the 9th is told before the 9th; a removal is not told before it was decided."""
    notice = of_occasion(occasion, date(2026, 3, 9), date(2026, 3, 2))

    assert delivered_too_early(notice, too_early) is not None
    assert delivered_too_early(notice, too_early + timedelta(days=1)) is None


async def test_a_part_without_content_refuses_to_send_and_names_the_part(world):
    await world.arrange()
    await world.elect_email()
    await world.propose(personal=AmendmentPersonalData(reason="More time.", options_considered="None."))
    notice = await world.reaches("blocked")

    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()

    assert [reason["code"] for reason in shown["reasons"]] == [
        "part-missing:basis",
        "part-missing:other_factors",
    ]
    owed, blocked = await world.history(notice)
    assert isinstance(owed, NoticeOwed)
    assert isinstance(blocked, NoticeBlocked)
    assert blocked.parts_missing == (NoticePart.BASIS, NoticePart.OTHER_FACTORS)
    assert world.mails == []


async def test_what_was_missing_can_be_said_and_then_the_notice_goes(world):
    await world.arrange()
    await world.elect_email()
    await world.propose(personal=AmendmentPersonalData(reason="More time."))
    notice = await world.reaches("blocked")
    parts = f"/notify/v1/notices/{notice}/parts"

    half = await world.post(parts, {"evaluations_used": "Therapist's results."})
    whole = await world.post(
        parts, {"evaluations_used": "Results.", "options_considered": "None.", "other_factors": "None."}
    )

    assert half.status_code == 409
    assert [error["pointer"] for error in half.json()["errors"]] == ["/options_considered", "/other_factors"]
    assert half.json()["errors"][0]["citation"] == "34 CFR 300.503(b)(6)"
    assert whole.status_code == 200, whole.text
    await world.reaches("given", notice)
    entries = await world.notify.store.read(world.tenant, f"notice/{notice}")
    rendered = next(entry for entry in entries if isinstance(entry.event, NoticeRendered))
    assert rendered.actor.id == "vendor-1", "who said it stands on the event"
    again = await world.post(parts, {"explanation": "Otherwise."})
    assert (again.status_code, again.json()["code"]) == (409, "notice-text-fixed")


@pytest.mark.parametrize(
    ("family", "reason"),
    [
        ({"restrictions": "No contact by order of 2026-01-09."}, "contact-restricted"),
        ({"rights": Rights(decision=HELD, notice=HELD, record=HELD)}, "contact-right-not-held"),
    ],
)
async def test_whoever_may_not_be_contacted_is_sent_nothing_and_a_person_is_told_why(world, family, reason):
    await world.arrange(**family)
    await world.elect_email()
    await world.propose()

    notice = await world.reaches("blocked")

    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert [each["code"] for each in shown["reasons"]] == [reason]
    assert "text" not in shown
    assert world.mails == []


async def test_a_restriction_lifted_lets_the_notice_go(world):
    await world.arrange(restrictions="No contact.")
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("blocked")

    await world.publish(
        f"student/{world.family.student}", world.family.student, world.family.confirmed(contact_id=None)
    )

    await world.reaches("given", notice)


async def test_a_contact_without_confirmed_rights_is_owed_nothing(world):
    await world.arrange(rights=Rights(contact=HELD))
    cause = await world.propose()

    answer = await world.get("/notify/v1/notices", student=world.family.student, after_event=cause)

    assert answer.json() == {"items": []}


async def test_two_parents_each_get_their_own(world):
    await world.arrange()
    father = new_id()
    await world.publish(
        f"student/{world.family.student}", world.family.student, world.family.confirmed(father, "Jon Quill")
    )
    cause = await world.propose()

    answer = await world.get("/notify/v1/notices", student=world.family.student, after_event=cause)

    assert {each["holder"] for each in answer.json()["items"]} == {str(world.family.holder), str(father)}


async def test_somebody_confirmed_while_the_amendment_waits_is_told_of_it_too(world):
    await world.arrange()
    await world.propose()
    await world.reaches("to_post")
    father = new_id()

    confirmed = world.family.confirmed(father, "Jon Quill")
    stream = f"student/{world.family.student}"
    cause = (await world.publish(stream, world.family.student, confirmed)).events[-1].id

    listed = (await world.get("/notify/v1/notices", student=world.family.student, after_event=cause)).json()[
        "items"
    ]
    assert {each["holder"] for each in listed} == {str(world.family.holder), str(father)}


async def test_a_proposal_that_was_reported_waits_until_a_person_lets_it_go(world):
    await world.arrange()
    await world.elect_email()
    reported = Reported(source="paper file", reason="before Handrail", occurred_on=date(2026, 2, 24))
    await world.propose(reported=reported)
    notice = await world.reaches("blocked")
    assert (await world.state(notice))[1] == ["proposal-was-reported"]

    answer = await world.post(
        f"/notify/v1/notices/{notice}/dispatch", {"reason": "No notice was given on paper."}
    )

    assert answer.status_code == 200, answer.text
    await world.reaches("given", notice)
    again = await world.post(f"/notify/v1/notices/{notice}/dispatch", {"reason": "Once more."})
    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-decide")
    assert len(world.mails) == 1


async def test_a_notice_made_by_hand_says_what_no_amendment_says(world):
    await world.arrange()
    await world.taken_in()
    await world.elect_email()
    body = {
        "student": str(world.family.student), "holder": str(world.family.holder), "plan": str(world.family.plan),
        "action": "The district refuses to add an aide.", "explanation": "The supports are enough.",
        "evaluations_used": "Records of the autumn.", "options_considered": "None.", "other_factors": "None.",
        "external_id": "northwind:n-1",
    }  # fmt: skip

    made = await world.post("/notify/v1/notices", body)
    again = await world.post("/notify/v1/notices", body)
    lacking = await world.post(
        "/notify/v1/notices", {**body, "explanation": None, "external_id": "northwind:n-2"}
    )
    unknown = await world.post(
        "/notify/v1/notices", {**body, "holder": str(new_id()), "external_id": "northwind:n-3"}
    )

    assert made.status_code == 201, made.text
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert (lacking.status_code, lacking.json()["errors"][0]["pointer"]) == (409, "/explanation")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/holder")
    await world.reaches("given", UUID(made.json()["id"]))
    found = (await world.get("/notify/v1/notices", external_id="northwind:n-1")).json()["items"]
    assert [each["id"] for each in found] == [made.json()["id"]]
    assert len(world.mails) == 1
    path = world.text().partition("http://test")[2].split()[0]
    page = await world.http.post(path, data={"month": "6", "day": "20", "year": "2010"})
    assert wording("es")("title.decision") in page.text, "a refusal is no proposed change"
    assert wording("es")("title.prior_written_notice") not in page.text


@pytest.mark.parametrize("kind", ["meeting_notice", "progress_report"])
async def test_an_invitation_or_a_report_that_says_nothing_is_not_written_by_hand(world, kind):
    await world.arrange()
    await world.taken_in()
    family = world.family
    told = {
        "student": str(family.student),
        "holder": str(family.holder),
        "plan": str(family.plan),
        "kind": kind,
    }

    refused = await world.post("/notify/v1/notices", told)

    assert (refused.status_code, refused.json()["code"]) == (409, "notice-cannot-be-written")
    assert refused.json()["errors"][0]["pointer"] == "/caused_by"
    assert await world.notices() == []


async def test_a_refusal_to_evaluate_is_written_for_a_student_without_a_plan(world):
    await world.arrange()
    await world.taken_in()
    await world.elect_email()
    referral = str(new_id())
    body = {
        "student": str(world.family.student), "holder": str(world.family.holder),
        "action": "The district refuses to evaluate.", "explanation": "Nothing shows a need.",
        "evaluations_used": "Records of the autumn.", "options_considered": "A screening: it was made.",
        "other_factors": "None.",
    }  # fmt: skip

    of_nothing = await world.post("/notify/v1/notices", body)
    of_an_amendment = await world.post(
        "/notify/v1/notices", body | {"amendment": str(new_id()), "caused_by": referral}
    )
    made = await world.post("/notify/v1/notices", body | {"caused_by": referral})

    assert (of_nothing.status_code, of_nothing.json()["errors"][0]["pointer"]) == (422, "/caused_by")
    assert (of_an_amendment.status_code, of_an_amendment.json()["errors"][0]["pointer"]) == (422, "/plan")
    assert (made.status_code, made.json()["caused_by"]) == (201, referral)
    assert "plan" not in made.json()
    notice = UUID(made.json()["id"])
    await world.reaches("given", notice)
    owed, *_, given = await world.history(notice)
    assert (owed.plan_id, given.plan_id) == (None, None)


async def test_preferences_are_set_read_and_never_overwritten_unseen(world):
    await world.arrange()
    path = f"/notify/v1/preferences/{world.family.holder}"
    body = {"student": str(world.family.student), "language": "en", "channels": ["email"],
            "electronic_notice_elected_on": "2025-09-10", "email": "new@example.org"}  # fmt: skip

    first = await world.put(path, body)
    blind = await world.put(path, {**body, "language": "es"})
    second = await world.put(
        path, {**body, "language": "es"}, world.vendor(**{"if-match": first.headers["etag"]})
    )
    stale = await world.put(
        path, {**body, "language": "vi"}, world.vendor(**{"if-match": first.headers["etag"]})
    )
    read = await world.get(path)

    assert first.status_code == 200, first.text
    assert (blind.status_code, stale.status_code) == (428, 412)
    assert [each["language"] for each in read.json()["students"][str(world.family.student)]] == ["en", "es"]
    assert second.json() == read.json()


async def test_a_notice_goes_to_the_address_of_the_moment_of_sending_in_the_language_then_wanted(world):
    await world.arrange()
    new = f"{new_id().hex[:12]}@example.org"
    body = {"language": "en", "electronic_notice_elected_on": "2025-09-10", "email": new}
    await world.put(f"/notify/v1/preferences/{world.family.holder}", body)
    await world.propose()

    await world.reaches("given")

    assert world.mails == []
    world.family.email = new
    (envelope,) = [envelope for envelope in world.host.taken if new in envelope[1]]
    assert envelope[1] == [new]
    assert envelope[0].startswith("b-"), "what comes back comes to an address of its own"
    assert world.mail()["Subject"] == "A notice from Harborview Unified School District"


async def test_whoever_sees_one_of_two_siblings_reads_of_their_mother_what_is_set_for_that_one(world):
    await world.arrange()
    sibling, teacher, stranger = Family(holder=world.family.holder), new_id(), new_id()
    people: list[Event] = [sibling.registered(), sibling.confirmed()]
    await world.publish(streams.student(sibling.student), sibling.student, *people)
    for each in (teacher, stranger):
        await world.publish(streams.staff(each), each, StaffAdded(
            effective_on=DAY, staff_id=each, personal=StaffPersonalData(given_name="Ada", family_name="Roe")))  # fmt: skip
    assigned = StudentAssigned(
        effective_on=DAY, student_id=world.family.student, assignment_id=new_id(), staff_id=teacher,
        role="case_manager",
    )  # fmt: skip
    last = (
        (await world.publish(streams.student(world.family.student), world.family.student, assigned))
        .events[-1]
        .id
    )
    path = f"/notify/v1/preferences/{world.family.holder}"
    assert (await world.get("/notify/v1/notices", after_event=last)).status_code == 200
    await world.taken_in()  # The sibling's events go another lane: the last one does not speak for them.
    first = await world.put(path, {"student": str(sibling.student), "language": "en"})
    both = await world.put(
        path,
        {"student": str(world.family.student), "language": "es"},
        world.vendor(**{"if-match": first.headers["etag"]}),
    )

    by_teacher = await world.get(path, world.person(teacher))
    by_stranger = await world.get(path, world.person(stranger))
    set_by_teacher = await world.put(
        path, {"student": str(world.family.student), "language": "vi"},
        world.person(teacher) | {"if-match": both.headers["etag"]},
    )  # fmt: skip

    assert set(both.json()["students"]) == {str(sibling.student), str(world.family.student)}
    assert set(by_teacher.json()["students"]) == {str(world.family.student)}
    assert set(set_by_teacher.json()["students"]) == {str(world.family.student)}
    assert by_stranger.status_code == 404
    async with world.notify.database.lend(world.tenant) as connection:
        rows = await connection.fetch(
            "SELECT subject FROM notify.access WHERE tenant = $1 AND seen::text LIKE '%\"preferences\"%'",
            world.tenant,
        )
    looks = [row["subject"] for row in rows]
    assert (looks.count(sibling.student), looks.count(world.family.student)) == (2, 3)


async def test_preferences_of_a_stranger_and_an_election_still_to_come_are_refused(world):
    await world.arrange()
    later = str(await world.today() + timedelta(days=9))

    stranger = await world.put(f"/notify/v1/preferences/{new_id()}", {"language": "en"})
    to_come = await world.put(
        f"/notify/v1/preferences/{world.family.holder}",
        {"language": "en", "electronic_notice_elected_on": later},
    )

    assert stranger.status_code == 404
    assert to_come.json()["errors"][0]["pointer"] == "/electronic_notice_elected_on"


async def test_whoever_is_told_orally_gets_a_person_and_no_letter_by_itself(world):
    await world.arrange()
    await world.elect_email(mode=CommunicationMode.SIGN_LANGUAGE)
    await world.propose()

    notice = await world.reaches("blocked")

    assert (await world.state(notice))[1] == ["mode-needs-a-person"]
    path, done = f"/notify/v1/notices/{notice}/deliveries", {"channel": "read_aloud", "note": "at home"}
    refused = await world.post(path, done)
    signed = {"language": "ase", "mode": "sign_language", "interpreter": "Rosa Lind", "understood": True}
    given = await world.post(path, done | {"told": signed})

    assert (refused.status_code, refused.json()["code"]) == (409, "notice-not-understood")
    assert refused.json()["errors"][0]["pointer"] == "/told"
    assert given.json()["given"]["basis"] == "read_aloud"


async def test_a_language_without_wording_falls_back_and_says_so(world):
    await world.arrange(language="so")
    await world.elect_email(language="so")
    await world.propose()

    notice = await world.reaches("given")

    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert (shown["language"], shown["text"]["language"]) == ("so", "en")
    assert shown["text"]["fallback_from"] == "so"
    assert [reason["code"] for reason in shown["reasons"]] == ["language-fallback"]


async def test_an_amendment_withdrawn_before_the_letter_left_needs_none(world):
    from contracts.plan import AmendmentWithdrawn, ReasonPersonalData

    notice = await a_letter(world)

    await world.publish(
        f"plan/{world.family.plan}", world.family.student,
        AmendmentWithdrawn(effective_on=date(2026, 2, 25), plan_id=world.family.plan,
                           amendment_id=world.family.amendment, personal=ReasonPersonalData(reason="Not needed.")),
    )  # fmt: skip

    await world.reaches("lapsed", notice)


async def test_a_section_504_plan_has_its_own_notice_which_needs_no_seven_parts(world):
    from contracts.vocabulary import PlanKind

    await world.arrange(kind=PlanKind.SECTION_504)
    await world.propose(personal=AmendmentPersonalData(reason="A sensor now does it."))

    notice = await world.reaches("to_post")

    assert (await world.get(f"/notify/v1/notices/{notice}")).json()["kind"] == "section_504_notice"


async def test_another_district_sees_nothing_and_a_teacher_only_their_own(world):
    notice = await a_letter(world)
    elsewhere = world.issuer.vendor("notice.read", tenant="sandbox-elsewhere")
    teacher = world.issuer.person("special_education_teacher", "notice.read", tenant=world.tenant)

    answers = [
        await world.get(path, headers)
        for headers in (elsewhere, teacher)
        for path in (f"/notify/v1/notices/{notice}", f"/notify/v1/notices/{notice}.pdf")
    ]
    lists = [await world.get("/notify/v1/notices", headers) for headers in (elsewhere, teacher)]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert [answer.json()["items"] for answer in lists] == [[], []]


async def test_reading_a_notice_is_recorded(world):
    notice = await a_letter(world)

    await world.get(f"/notify/v1/notices/{notice}.pdf")

    async with world.notify.database.lend(world.tenant) as connection:
        rows = await connection.fetch(
            "SELECT seen FROM notify.access WHERE subject = $1", world.family.student
        )
    assert any(str(notice) in row["seen"] for row in rows)


async def test_only_pages_and_health_are_open_to_anybody(world):
    assert set(unguarded(world.app)) <= {f"{method} {path}" for method, path in OPEN}


OPEN = {
    ("GET", f"{prefix}{path}") for prefix in ("", "/notify") for path in ("/health/live", "/health/ready", "/metrics")
} | {("GET", "/n/{token}"), ("POST", "/n/{token}"), ("POST", "/n/{token}/notice.pdf")} | {
    ("POST", f"/n/{{token}}/{what}") for what in ("acknowledgement", "objection", "request", "link")
}  # fmt: skip
