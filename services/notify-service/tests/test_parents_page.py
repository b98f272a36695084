"""The parent's page: nothing before the check, everything after it, and answers that become events."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts import streams
from contracts.district import StaffAdded, StaffPersonalData
from contracts.event import Actor, EventClass
from contracts.ids import new_id
from contracts.notify import NoticeAcknowledged, NoticeGiven, NoticeObjected, NoticeOpened, NoticeSent
from contracts.store import AccessRecorded, Read, Seen
from contracts.students import Held, RequestMade
from contracts.testing import an_id
from contracts.vocabulary import GivenBasis, RequestKind
from notify_service.testing_notices import DAY
from runtime.erasing import erase
from runtime.erasure import Erasure
from runtime.tenants import now_for

pytestmark = pytest.mark.asyncio(loop_scope="module")
BIRTH = {"month": "6", "day": "20", "year": "2010"}
ABOUT_THE_CHILD = re.compile("Mira|Quill|speech|habla|minut|IEP|2010|June|junio.*20", re.IGNORECASE)


async def mailed(world, **family: Any) -> tuple[UUID, str]:
    """A notice that has gone out by mail, and the path of its page."""
    await world.arrange(**family)
    await world.elect_email()
    await world.propose()
    return await world.reaches("given"), link_in(world)


def link_in(world, number: int = -1) -> str:
    found = re.search(r"http://test(/n/\S+)", world.text(number))
    assert found
    return found[1]


async def post(world, path: str, **form: Any) -> httpx.Response:
    return await world.http.post(path, data=form)


def proof_in(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="proof" value="([^"]+)"', page.text)
    key = re.search(r'name="key" value="([^"]+)"', page.text)
    assert found
    assert key
    return {"proof": found[1], "key": key[1], "lang": "es"}


async def test_fetching_the_link_shows_district_and_kind_of_letter_and_nothing_of_the_child(world):
    notice, path = await mailed(world)

    page = await world.http.get(path)

    assert page.status_code == 200
    assert "Harborview Unified School District" in page.text
    assert "Un aviso del distrito escolar" in page.text
    told = re.sub(
        r"<style>.*?</style>|<option.*?</option>|name=\"\w+\"|for=\"\w+\"|id=\"\w+\"|/n/\S+",
        "",
        page.text,
        flags=re.S,
    )
    assert not ABOUT_THE_CHILD.search(told)
    assert not any(isinstance(event, NoticeOpened) for event in await world.history(notice))


async def test_a_scanner_that_fetches_the_link_again_and_again_opens_nothing(world):
    notice, path = await mailed(world)

    for _ in range(5):
        await world.http.get(path)

    assert not any(isinstance(event, NoticeOpened) for event in await world.history(notice))


async def test_the_text_opens_by_the_birth_date_and_that_alone_is_opened(world):
    notice, path = await mailed(world)

    page = await post(world, path, **BIRTH)

    assert page.status_code == 200
    for said in (
        "Mira Quill",
        "terapia del habla",
        "30",
        "60",
        "Mira learns faster",
        "time and a half",
        "10 días",
    ):
        assert said in page.text, said
    opened = [event for event in await world.history(notice) if isinstance(event, NoticeOpened)]
    assert [(event.check, event.language) for event in opened] == [("birth_date", "es")]


async def test_where_the_state_counts_school_days_the_letter_does_too(world):
    _, path = await mailed(world, state_profile="federal@2026-1+tx@2025-2", notice_days=3)

    page = await post(world, path, **BIRTH)

    assert "5 días escolares" in page.text


async def test_the_page_is_there_in_the_language_chosen(world):
    _, path = await mailed(world)

    gate = await world.http.get(path, params={"lang": "en"})
    page = await post(world, path, **BIRTH, lang="en")
    switched = await post(world, path, proof=proof_in(page)["proof"], lang="es")

    assert '<html lang="en" dir="ltr">' in gate.text
    assert "speech-language therapy" in page.text
    assert '<html lang="es" dir="ltr">' in switched.text
    assert '<blockquote class="own" lang="en" dir="auto">' in switched.text, (
        "the team's own words are marked as English"
    )


async def test_nothing_is_kept_framed_or_sent_on(world):
    _, path = await mailed(world)

    for page in (await world.http.get(path), await post(world, path, **BIRTH), await world.http.get("/n/x")):
        headers = page.headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy, "no script at all"
        assert "set-cookie" not in headers
        assert "<script" not in page.text
        assert "http" not in re.sub(r"https://harborview.example.org/safeguards", "", page.text)


async def test_five_wrong_dates_close_the_link_and_a_new_one_goes_to_the_address_on_file(world):
    notice, path = await mailed(world)
    wrong = BIRTH | {"year": "2011"}

    tries = [await post(world, path, **wrong) for _ in range(5)]
    shut = await post(world, path, **BIRTH)
    sent = await post(world, f"{path}/link")

    assert [page.status_code for page in tries] == [422, 422, 422, 422, 410]
    assert "Puede intentarlo 1 vez más" in tries[3].text
    assert (shut.status_code, "Mira" in shut.text) == (410, False)
    assert world.family.email not in sent.text
    async with asyncio.timeout(10):
        while len(world.mails) < 2:
            await asyncio.sleep(0.02)
    assert world.mail(0)["Message-ID"] != world.mail(1)["Message-ID"]
    new = link_in(world)
    assert new != path
    assert (await post(world, new, **BIRTH)).status_code == 200
    assert (await world.http.get(path)).status_code == 410
    assert sum(isinstance(event, NoticeSent) for event in await world.history(notice)) == 1, (
        "a link is no second notice"
    )


async def test_a_letter_whose_contents_were_lawfully_destroyed_says_so_and_nothing_of_the_child(world):
    notice, path = await mailed(world)
    service = world.app.state.edge.service
    erasure = Erasure(world.tenant, new_id(), world.family.student, frozenset(EventClass), date(2031, 2, 1))
    classes = list(EventClass)
    await service.keyring.retire(world.tenant, erasure.destruction, erasure.subject, classes)
    await service.keyring.destroy(world.tenant, erasure.destruction, erasure.subject, classes, erasure.on)
    await erase(service, erasure)

    for page in (
        await world.http.get(path),
        await post(world, path, **BIRTH),
        await post(world, f"{path}/link"),
    ):
        assert page.status_code == 410
        assert "lawfully destroyed on February 1, 2031" in page.text
    assert "destruido legalmente el 1 de febrero de 2031" in (await world.http.get(f"{path}?lang=es")).text
    shown = await world.http.get(
        f"/notify/v1/notices/{notice}", headers=world.issuer.vendor("notice.read", tenant=world.tenant)
    )
    assert (shown.status_code, shown.json()["code"]) == (410, "contents-destroyed")


async def test_an_expired_link_offers_a_new_one(world):
    _, path = await mailed(world)
    now = await now_for(world.notify.store, world.tenant)
    await world.post("/notify/v1/clock", {"to": (now + timedelta(days=31)).isoformat()}, world.operator())

    page = await world.http.get(path)
    answer = await post(world, path, **BIRTH)

    assert (page.status_code, answer.status_code) == (410, 410)
    assert "Envíenme un enlace nuevo" in page.text
    assert "Mira" not in answer.text


async def test_two_new_links_come_in_mails_that_no_server_takes_for_one(world):
    await mailed(world)
    for sent in (1, 2):
        now = await now_for(world.notify.store, world.tenant)
        later = {"to": (now + timedelta(days=31)).isoformat()}
        await world.post("/notify/v1/clock", later, world.operator())
        await post(world, f"{link_in(world)}/link")
        async with asyncio.timeout(10):
            while len(world.mails) == sent:
                await asyncio.sleep(0.02)

    assert len({world.mail(number)["Message-ID"] for number in range(3)}) == 3


async def test_no_new_link_goes_to_whoever_may_not_be_contacted_any_more(world):
    from contracts.students import Rights
    from notify_service.testing_notices import HELD

    _, path = await mailed(world)
    for _ in range(5):
        await post(world, path, **(BIRTH | {"day": "1"}))
    ended = world.family.confirmed(rights=Rights(notice=HELD))
    cause = (
        (await world.publish(f"student/{world.family.student}", world.family.student, ended)).events[-1].id
    )
    await world.get("/notify/v1/notices", after_event=cause)

    page = await post(world, f"{path}/link")
    await asyncio.sleep(0.5)

    assert page.status_code == 410, "nobody waits for a mail that will not come"
    assert len(world.mails) == 1


@pytest.mark.parametrize("spoil", ["x", "", "sandbox-lakeside..", "a.b.c", "\u00e9", "." * 150])
async def test_what_is_no_link_of_ours_looks_the_same_whatever_it_is(world, spoil):
    page = await world.http.get(f"/n/{spoil}x")

    assert page.status_code == 404
    assert "This page does not exist" in page.text


async def test_a_link_changed_in_any_place_is_none(world):
    _, path = await mailed(world)
    head, body, mac = path.split(".")

    changed = [
        f"{head.replace('sandbox-lakeside', 'sandbox-hillside')}.{body}.{mac}",
        f"{head}.{('B' if body[0] != 'B' else 'C') + body[1:]}.{mac}",
        f"{head}.{body}.{('B' if mac[0] != 'B' else 'C') + mac[1:]}",
        f"{head}.{body}.{mac}=",
        f"{head}.{body}",
    ]

    assert {(await world.http.get(each)).status_code for each in changed} == {404}


async def test_receipt_is_confirmed_once_and_is_no_consent(world):
    notice, path = await mailed(world)
    page = await post(world, path, **BIRTH)

    first = await post(world, f"{path}/acknowledgement", **proof_in(page))
    second = await post(world, f"{path}/acknowledgement", **proof_in(page))

    assert (first.status_code, second.status_code) == (200, 200)
    assert "No significa que usted esté de acuerdo" in page.text
    events = await world.history(notice)
    assert sum(isinstance(event, NoticeAcknowledged) for event in events) == 1
    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert shown["acknowledged_on"] == shown["opened_on"][0]


async def test_an_objection_in_ones_own_words_names_the_items_meant_and_is_one_however_often_it_is_sent(
    world,
):
    notice, path = await mailed(world)
    page = await post(world, path, **BIRTH)
    form = {**proof_in(page), "items": [str(world.family.time), "7b974bf6-412a-5696-b8cb-6f91cf6cb2f1"],
            "text": "She needs the time.\n¡De verdad!\x00"}  # fmt: skip

    answers = [await post(world, f"{path}/objection", **form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    (objected,) = [event for event in await world.history(notice) if isinstance(event, NoticeObjected)]
    assert objected.items == (world.family.time,), "an item that the notice does not speak of is nobody's"
    assert objected.personal is not None
    assert (
        objected.personal.text == "She needs the time.\r\n¡De verdad!"
        or objected.personal.text == "She needs the time.\n¡De verdad!"
    )
    assert objected.amendment_id == world.family.amendment


async def test_a_request_is_the_students_own_event_and_the_office_sees_what_concerns_the_notice(world):
    notice, path = await mailed(world)
    page = await post(world, path, **BIRTH)

    answer = await post(
        world, f"{path}/request", **proof_in(page), kind="interpreter", text="En persona, por favor."
    )

    assert answer.status_code == 200
    (made,) = [event for event in await world.history(notice) if isinstance(event, RequestMade)]
    assert (made.kind, made.student_id, made.notice_id) == (
        RequestKind.INTERPRETER,
        world.family.student,
        notice,
    )
    shown = (await world.get(f"/notify/v1/notices/{notice}")).json()
    assert [reason["code"] for reason in shown["reasons"]] == ["asked-for-interpreter"]


async def test_without_the_check_nothing_is_answered_and_no_letter_leaves(world):
    notice, path = await mailed(world)
    _, other = await mailed(world)
    elsewhere = proof_in(await post(world, other, **BIRTH))

    for proof in ({}, elsewhere, {"proof": "9999999999.AAAA"}, {"proof": "1.x"}):
        for what in ("acknowledgement", "objection", "notice.pdf"):
            page = await post(world, f"{path}/{what}", **proof)
            assert "Mira" not in page.text
            assert not page.content.startswith(b"%PDF")
            # Where the check is asked for again, each language leads to the link itself.
            assert (
                await world.http.get(re.findall(r'href="([^"]+)" lang="ar"', page.text)[0])
            ).status_code == 200
        assert "Mira" not in (await post(world, path, **proof)).text

    kinds = {type(event) for event in await world.history(notice)}
    assert not kinds & {NoticeAcknowledged, NoticeObjected, NoticeOpened}


async def test_the_letter_itself_can_be_had_after_the_check(world):
    _, path = await mailed(world)
    page = await post(world, path, **BIRTH)

    letter = await post(world, f"{path}/notice.pdf", **proof_in(page))

    assert letter.content.startswith(b"%PDF")
    assert letter.headers["content-disposition"] == 'attachment; filename="aviso.pdf"'


async def test_a_text_too_long_to_keep_is_told_and_nothing_is_lost_elsewhere(world):
    notice, path = await mailed(world)
    page = await post(world, path, **BIRTH)

    answer = await post(world, f"{path}/objection", **proof_in(page), text="x" * 20_001)

    assert answer.status_code == 422
    assert "demasiado largo" in answer.text
    assert not any(isinstance(event, NoticeObjected) for event in await world.history(notice))


async def test_markup_in_names_and_reasons_stays_text(world):
    from contracts.plan import AmendmentPersonalData

    await world.arrange()
    await world.elect_email()
    evil = '<script>alert(1)</script>"><img src=x onerror=y> {{ 7*7 }} #import "x"'
    await world.propose(
        personal=AmendmentPersonalData(
            reason=evil, evaluations_used=evil, options_considered=evil, other_factors=evil
        )
    )
    await world.reaches("given")

    page = await post(world, link_in(world), **BIRTH)

    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert "{{ 7*7 }}" in page.text


async def test_opening_a_mail_that_was_in_doubt_shows_that_it_arrived(world):
    world.host.hangs_up = True
    await world.arrange()
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("in_doubt")
    world.host.behave()

    await post(world, link_in(world), **BIRTH)

    await world.reaches("given", notice)
    sent, given = (await world.history(notice))[-3:-1]
    assert isinstance(sent, NoticeSent)
    assert sent.answer == "the link in this mail was used"
    assert isinstance(given, NoticeGiven)
    assert given.basis is GivenBasis.EMAIL_ACCEPTED


async def test_whoever_hammers_at_a_link_is_asked_to_wait(world):
    _, path = await mailed(world)

    pages = [await world.http.get(path) for _ in range(70)]

    assert pages[-1].status_code == 429
    assert int(pages[-1].headers["retry-after"]) > 0


async def test_the_page_says_who_looked_at_the_record_and_what_for(world):
    staff, program = new_id(), new_id()
    _, path = await mailed(world, language="en")
    dana = StaffAdded(
        effective_on=DAY, staff_id=staff, personal=StaffPersonalData(given_name="Dana", family_name="Reyes")
    )
    await world.publish(f"staff/{staff}", an_id("district"), dana)
    reads = tuple(
        Read(at=datetime(2026, 2, 20, 9, minute, tzinfo=UTC), party=Actor(id=str(party), role=role), purpose=purpose,
             ground="school_official", what=(Seen(kind="plan"),))
        for minute, party, role, purpose in [
            (0, staff, "case_manager", "read the plan"), (5, staff, "case_manager", "read the plan"),
            (9, program, "vendor", "read the change feed"),
        ]
    )  # fmt: skip
    looked = AccessRecorded(effective_on=date(2026, 2, 20), reads=reads)
    await world.publish(f"access/{world.family.student}/2026-02-20", world.family.student, looked)
    async with asyncio.timeout(10):
        while "Dana Reyes" not in (page := await post(world, path, **BIRTH)).text:
            await asyncio.sleep(0.05)

    told = re.search(r'id="looked".*?</section>', page.text, re.S).group(0)
    assert told.count("Dana Reyes") == 1, "once a day for one purpose"
    assert re.search("February 20, 2026: <bdi>Dana Reyes</bdi>, .*read the plan", told)
    assert re.search("A computer program that works for the school</bdi>, .*read the change feed", told)
    assert str(staff) not in page.text
    assert "34 CFR 300.614" in told
    assert "Dana" not in (await world.http.get(path)).text, "nothing before the check"


async def test_whoever_may_not_inspect_the_record_sees_the_notice_and_no_more(world):
    _, path = await mailed(world, language="en")
    looked = AccessRecorded(
        effective_on=date(2026, 2, 20),
        reads=(Read(at=datetime(2026, 2, 20, 9, tzinfo=UTC), party=Actor(id="portal", role="vendor"),
                    purpose="read the plan", ground="school_official", what=(Seen(kind="plan"),)),),
    )  # fmt: skip
    await world.publish(f"access/{world.family.student}/2026-02-20", world.family.student, looked)
    async with asyncio.timeout(10):
        while 'id="looked"' not in (before := await post(world, path, **BIRTH)).text:
            await asyncio.sleep(0.05)
    student = world.family.student
    fewer = world.family.rights.model_copy(update={"record": None})
    await world.publish(streams.student(student), student, world.family.confirmed(rights=fewer))

    async with asyncio.timeout(10):
        while 'id="looked"' in (page := await post(world, path, **BIRTH)).text:
            await asyncio.sleep(0.05)

    assert "longer sessions" in page.text, "the notice itself"
    assert before.text.count("<section") - page.text.count("<section") == 2, (
        "neither who looked nor the plan in force"
    )


@pytest.mark.parametrize("how", ["contact is limited by an order", "the right to notice has ended"])
async def test_the_page_closes_at_once_for_whoever_may_not_be_written_to_any_more(world, how):
    notice, path = await mailed(world, language="en")
    opened = await post(world, path, **BIRTH)
    student, form = world.family.student, proof_in(opened) | {"lang": "en"}
    if how == "contact is limited by an order":
        world.family = replace(world.family, restrictions="An order of the court.")
        changed = [world.family.contact(), world.family.confirmed()]
    else:
        ended = Held(starts_on=date(2025, 9, 1), ends_on=DAY - timedelta(days=1))
        fewer = world.family.rights.model_copy(update={"notice": ended})
        changed = [world.family.confirmed(rights=fewer)]
    await world.publish(streams.student(student), student, *changed)

    async with asyncio.timeout(10):
        while (page := await world.http.get(path)).status_code == 200:
            await asyncio.sleep(0.05)

    tries = [await post(world, path, **BIRTH), await post(world, path, **form)]
    ways = ("acknowledgement", "objection", "request", "notice.pdf", "link")
    tries += [await post(world, f"{path}/{way}", kind="meeting", **form) for way in ways]
    for answer in (page, *tries):
        assert answer.status_code == 410
        assert "This link is closed" in answer.text
        assert not ABOUT_THE_CHILD.search(re.sub(r"<style>.*?</style>|/n/\S+", "", answer.text, flags=re.S))
    assert len(world.mails) == 1, "no new link either"
    assert not any(isinstance(each, NoticeAcknowledged) for each in await world.history(notice))


async def test_a_program_that_polls_pushes_nobody_off_the_page(world):
    _, path = await mailed(world, language="en")
    student = world.family.student

    def read(minute, party, role):
        at = datetime(2026, 2, 20, 9, tzinfo=UTC) + timedelta(minutes=minute)
        reads = (Read(at=at, party=Actor(id=party, role=role), purpose=f"a {role} reads", ground="school_official",
                      what=(Seen(kind="plan"),)),)  # fmt: skip
        return AccessRecorded(effective_on=date(2026, 2, 20), reads=reads)

    polls = [read(1 + minute, "portal", "vendor") for minute in range(70)]
    looked = [read(0, "a-teacher", "case_manager"), *polls, read(80, "last", "principal")]
    await world.publish(f"access/{student}/2026-02-20", student, *looked)
    async with asyncio.timeout(20):
        while "a principal reads" not in (page := await post(world, path, **BIRTH)).text:
            await asyncio.sleep(0.05)

    told = re.search(r'id="looked".*?</section>', page.text, re.S).group(0)
    assert told.count("a case_manager reads") == 1
    assert told.count("a vendor reads") == 1
    async with world.notify.database.lend(world.tenant) as connection:
        kept = await connection.fetchval("SELECT count(*) FROM notify_read.looks WHERE student = $1", student)
    assert kept == 3


async def test_looks_at_what_is_left_after_a_destruction_are_kept_neither_before_nor_after_it_was_erased_again(
    world,
):
    await mailed(world, language="en")
    service, student = world.app.state.edge.service, world.family.student
    at = datetime(2026, 2, 20, 9, tzinfo=UTC)
    read = Read(at=at, party=Actor(id="an-officer", role="compliance_officer"), purpose="list what there is",
                ground="school_official", what=(Seen(kind="destruction"),))  # fmt: skip
    looked = AccessRecorded(effective_on=at.date(), reads=(read,))
    erasure = Erasure(world.tenant, new_id(), student, frozenset(EventClass), date(2031, 2, 1))
    classes = list(EventClass)
    await service.keyring.retire(world.tenant, erasure.destruction, student, classes)
    await service.keyring.destroy(world.tenant, erasure.destruction, student, classes, erasure.on)
    await erase(service, erasure)

    told = await world.append(world.audit, f"access/{student}/2026-02-20", student, looked)
    assert await service.seen(world.tenant, told.last_event, 10)
    assert await service.differing_rows() == []
    await erase(service, erasure)

    assert await service.differing_rows() == []


async def test_which_look_is_kept_does_not_depend_on_which_log_came_first(world):
    _, path = await mailed(world, language="en")
    student, at = world.family.student, datetime(2026, 2, 20, 9, tzinfo=UTC)
    read = Read(at=at, party=Actor(id="portal", role="vendor"), purpose="list what there is", ground="school_official",
                what=(Seen(kind="plan"),))  # fmt: skip
    looked = AccessRecorded(effective_on=at.date(), reads=(read,))
    for store in (world.plan, world.audit):
        await world.append(store, f"access/{student}/2026-02-20", student, looked)

    async with asyncio.timeout(20), world.notify.database.lend(world.tenant) as connection:
        while True:
            rows = await connection.fetch(
                "SELECT source FROM notify_read.looks WHERE student = $1 AND effective_on = $2", student, at.date()
            )  # fmt: skip
            if sorted(row["source"] for row in rows) == ["audit", "plan"]:
                break
            await asyncio.sleep(0.05)
    page = await post(world, path, **BIRTH)
    assert page.text.count("list what there is") == 1
