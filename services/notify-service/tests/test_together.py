"""Several changes of one day are one letter with all parts of each; each stays a notice of its own."""

import asyncio
import io
import re
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import update

from contracts import streams
from contracts.ids import new_id
from contracts.items import Replace
from contracts.notify import NoticeAcknowledged, NoticeGiven, NoticeObjected, NoticeRendered, NoticeSent
from contracts.plan import AmendmentPersonalData, AmendmentWithdrawn, PlanEnded, ReasonPersonalData
from contracts.vocabulary import NoticePart
from notify_service.adapters import batching
from notify_service.adapters.sending.preparing import facts_kept
from notify_service.adapters.tables import OUTBOX
from notify_service.application.batches import BATCH
from notify_service.testing_notices import DAY, service_item

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECOND = AmendmentPersonalData(
    reason="Mira tires in the afternoon.", evaluations_used="The classroom log.",
    options_considered="Rest breaks: they were tried.", other_factors="None at all.",
)  # fmt: skip
OUTSIDE = {"occurred_on": str(DAY), "source": "The old system", "reason": "Recorded there that day."}
PARTS_OF_BOTH = (
    "longer sessions", "tires in the afternoon", "Therapist", "classroom log", "she would miss art", "Rest breaks",
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def patient(cluster, module_helpers):
    async with module_helpers.a_world(cluster, mail_patience_seconds=1.5) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def waiting(patient):
    """A service whose mails wait a moment for what else the day brings."""
    patient.host.behave()
    patient.written.clear()
    return patient


async def second(world, **fields):
    """Another amendment of the same plan, of the same day."""
    amendment = new_id()
    told = {"amendment_id": amendment, "personal": SECOND,
            "changes": (Replace(item=service_item(world.family.speech, 45)),)}  # fmt: skip
    await world.propose(**told | fields)
    return amendment


async def both(world, state):
    """The two notices, once both stand so."""
    async with asyncio.timeout(15):
        while True:
            found = await world.notices()
            if len(found) == 2 and all([(await world.state(each))[0] == state for each in found]):
                return found
            await asyncio.sleep(0.02)


async def by_amendment(world, amendment):
    for notice in await world.notices():
        if (await world.history(notice))[0].amendment_id == amendment:
            return notice
    raise AssertionError("no notice of this amendment")


async def rendered(world, notice):
    return [each for each in await world.history(notice) if isinstance(each, NoticeRendered)][-1]


async def text_of(world, notice):
    async with world.notify.database.lend(world.tenant) as connection:
        facts = await connection.fetchval("SELECT facts FROM notify.outbox WHERE notice = $1", notice)
    return (await facts_kept(world.app.state.at_hand.service, world.tenant, facts)).model_dump_json()


async def test_two_changes_of_one_day_are_one_mail_and_each_is_given(waiting):
    world = waiting
    await world.arrange()
    await world.elect_email()
    await world.propose()
    amendment = await second(world)

    first, other = await both(world, "given")

    assert len(world.mails) == 1
    a, b = await rendered(world, first), await rendered(world, other)
    assert a.document == b.document, "one letter"
    assert (a.together_with, b.together_with) == ((other,), (first,))
    assert set(a.parts) == set(b.parts) == set(NoticePart)
    given = [
        each
        for notice in (first, other)
        for each in await world.history(notice)
        if isinstance(each, NoticeGiven)
    ]
    assert {each.amendment_id for each in given} == {world.family.amendment, amendment}
    assert len({each.effective_on for each in given}) == 1
    sent = [
        each
        for notice in (first, other)
        for each in await world.history(notice)
        if isinstance(each, NoticeSent)
    ]
    assert len(sent) == 2
    assert len({each.provider_message_id for each in sent}) == 1
    letter = await text_of(world, first)
    for said in PARTS_OF_BOTH:
        assert said in letter, said


async def test_a_letter_that_waits_to_be_posted_takes_a_later_change_of_the_day_along(world):
    await world.arrange(mailing_days=3)
    await world.propose()
    first = await world.reaches("to_post")
    await second(world)

    await both(world, "to_post")

    async with asyncio.timeout(10):
        while not (await rendered(world, first)).together_with:
            await asyncio.sleep(0.02)
    batch = (await world.post("/notify/v1/batches", {})).json()
    letters = [each for each in batch["letters"] if str(first) in each["notices"]]
    assert [len(each["notices"]) for each in letters] == [2]
    packed = await world.get(f"/notify/v1/batches/{batch['id']}/letters.zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        manifest = archive.read("manifest.csv").decode()
    assert manifest.count(str(first)) == 1
    posted = await world.post(f"/notify/v1/batches/{batch['id']}/posting", {"on": batch["made_on"]})
    assert posted.status_code == 200, posted.text
    for notice in await both(world, "posted"):
        sent = [each for each in await world.history(notice) if isinstance(each, NoticeSent)]
        assert [str(each.batch_id) for each in sent] == [batch["id"]]


async def test_a_letter_that_somebody_may_hold_in_hand_stays_as_it_is(world):
    await world.arrange()
    await world.propose()
    first = await world.reaches("to_post")
    printed = (await world.get(f"/notify/v1/notices/{first}.pdf")).content
    await second(world)

    await both(world, "to_post")

    assert (await world.get(f"/notify/v1/notices/{first}.pdf")).content == printed
    assert (await rendered(world, first)).together_with is None


@pytest.mark.parametrize("apart", ["another day", "part missing", "another form"])
async def test_what_may_not_go_together_goes_apart(world, apart):
    await world.arrange()
    await world.propose()
    first = await world.reaches("to_post")
    if apart == "another day":
        amendment = await second(world, on=DAY + timedelta(days=1))
    elif apart == "part missing":
        amendment = await second(world, personal=AmendmentPersonalData(reason="A reason and nothing else."))
    else:
        ended = PlanEnded(effective_on=DAY, plan_id=world.family.plan, reason="graduated")
        await world.publish(streams.plan(world.family.plan), world.family.student, ended)
        amendment = None
    async with asyncio.timeout(10):
        while len(await world.notices()) < 2:
            await asyncio.sleep(0.02)
    other = await by_amendment(world, amendment)
    await world.reaches("to_post" if apart == "another day" else "blocked", other)

    assert (await rendered(world, first)).together_with is None
    assert (await world.state(first))[0] == "to_post"


async def test_what_is_done_with_the_letter_is_done_with_each_of_its_notices(world):
    await world.arrange()
    await world.propose()
    amendment = await second(world)
    await both(world, "to_post")
    follower = await by_amendment(world, amendment)
    async with asyncio.timeout(10):
        while not (await rendered(world, follower)).together_with:
            await asyncio.sleep(0.02)
    tasks = (await world.get("/notify/v1/tasks", student=world.family.student)).json()["items"]

    handed = await world.post(f"/notify/v1/notices/{follower}/deliveries", {"channel": "handed_over"})

    assert handed.json()["status"] == "given", handed.text
    assert len(tasks) == 1, "one letter is one task"
    await both(world, "given")
    sent = [
        each.delivery_id for notice in await world.notices()
        for each in await world.history(notice) if isinstance(each, NoticeSent)
    ]  # fmt: skip
    assert len(set(sent)) == 2, "each has a sending of its own to name"


@pytest.mark.parametrize("withdrawn", ["first", "second"])
async def test_a_change_withdrawn_before_the_letter_left_is_no_longer_in_it(world, withdrawn):
    await world.arrange()
    await world.propose()
    amendments = {"first": world.family.amendment, "second": await second(world)}
    notices = {}
    await both(world, "to_post")
    for which, amendment in amendments.items():
        notices[which] = await by_amendment(world, amendment)
    async with asyncio.timeout(10):
        while not (await rendered(world, notices["first"])).together_with:
            await asyncio.sleep(0.02)

    gone = AmendmentWithdrawn(
        effective_on=DAY, plan_id=world.family.plan, amendment_id=amendments[withdrawn],
        personal=ReasonPersonalData(reason="Thought better of it."),
    )  # fmt: skip
    await world.publish(streams.plan(world.family.plan), world.family.student, gone)

    await world.reaches("lapsed", notices[withdrawn])
    left = notices["second" if withdrawn == "first" else "first"]
    async with asyncio.timeout(10):
        while (await rendered(world, left)).together_with:
            await asyncio.sleep(0.02)
    await world.reaches("to_post", left)
    letter = await text_of(world, left)
    assert ("tires in the afternoon" in letter) is (withdrawn == "first")
    assert ("longer sessions" in letter) is (withdrawn == "second")


async def test_the_page_shows_each_change_and_takes_an_objection_to_one_of_them(waiting):
    world = waiting
    await world.arrange(language="en")
    await world.elect_email()
    await world.propose()
    amendment = await second(world)
    await both(world, "given")
    path = re.search(r"/n/\S+", world.text()).group(0)
    birth = {"month": "6", "day": "20", "year": "2010"}

    page = await world.http.post(path, data=birth)

    for said in (*PARTS_OF_BOTH, "Change 1", "Change 2", "2 changes"):
        assert said in page.text, said
    proof = re.search(r'name="proof" value="([^"]+)"', page.text).group(1)
    follower = await by_amendment(world, amendment)
    chosen = next(
        each
        for each in re.findall(r'name="items" value="([^"]+)"', page.text)
        if each.startswith(str(follower))
    )
    said = {"proof": proof, "key": "once", "items": [chosen], "text": "Not this one."}
    for _ in range(2):
        answer = await world.http.post(f"{path}/objection", data=said)
    assert "You told us on" in answer.text
    await world.http.post(f"{path}/acknowledgement", data={"proof": proof})
    for notice in await world.notices():
        history = await world.history(notice)
        objected = [each for each in history if isinstance(each, NoticeObjected)]
        assert len(objected) == (1 if notice == follower else 0)
        assert all(each.amendment_id == amendment for each in objected)
        assert len([each for each in history if isinstance(each, NoticeAcknowledged)]) == 1, (
            "receipt is of the letter"
        )


async def test_an_objection_that_names_nothing_is_to_every_change(waiting):
    world = waiting
    await world.arrange(language="en")
    await world.elect_email()
    await world.propose()
    await second(world)
    await both(world, "given")
    path = re.search(r"/n/\S+", world.text()).group(0)
    page = await world.http.post(path, data={"month": "6", "day": "20", "year": "2010"})
    proof = re.search(r'name="proof" value="([^"]+)"', page.text).group(1)

    await world.http.post(f"{path}/objection", data={"proof": proof, "key": "all", "text": "None of it."})

    for notice in await world.notices():
        assert [each.items for each in await world.history(notice) if isinstance(each, NoticeObjected)] == [
            ()
        ]


async def test_a_mail_that_comes_back_undoes_every_notice_in_it_and_the_letter_has_them_all(waiting):
    world = waiting
    await world.arrange()
    await world.elect_email()
    await world.propose()
    await second(world)
    notices = await both(world, "given")
    shown = (await world.get(f"/notify/v1/notices/{notices[1]}")).json()
    sending = shown["deliveries"][-1]["id"]

    back = await world.post(
        f"/notify/v1/notices/{notices[1]}/returns", {"delivery": sending, "answer": "550 5.1.1 No"}
    )

    assert back.status_code == 200, back.text
    await both(world, "to_post")
    for notice in notices:
        assert "given" not in (await world.get(f"/notify/v1/notices/{notice}")).json()
    batch = (await world.post("/notify/v1/batches", {})).json()
    assert [len(each["notices"]) for each in batch["letters"] if str(notices[0]) in each["notices"]] == [2]


@pytest.mark.parametrize("which", ["leader", "follower"])
@pytest.mark.parametrize("posted", [False, True])
async def test_what_was_done_outside_with_one_notice_is_recorded_of_that_one_alone(world, which, posted):
    await world.arrange(mailing_days=3)
    await world.propose()
    leader, follower = await a_letter_of_two(world)
    one, other = (leader, follower) if which == "leader" else (follower, leader)
    if posted:
        await world.post(f"/notify/v1/notices/{leader}/deliveries", {"channel": "letter"})
        await both(world, "posted")

    said = await world.post(
        f"/notify/v1/notices/{one}/deliveries",
        {"channel": "handed_over", "reported": OUTSIDE},
    )

    assert said.json()["status"] == "given", said.text
    sent = [each for each in await world.history(other) if isinstance(each, NoticeSent)]
    assert [each.channel for each in sent] == (["letter"] if posted else [])
    assert not [each for each in await world.history(other) if isinstance(each, NoticeGiven)]
    if posted:
        assert (await world.state(other))[0] == "posted"
        async with world.notify.database.lend(world.tenant) as connection:
            due_at = await connection.fetchval("SELECT due_at FROM notify.outbox WHERE notice = $1", other)
        assert due_at is not None, "its mailing days run on"
    else:
        await world.reaches("to_post", other)
        assert (await rendered(world, other)).together_with in (None, ())


async def a_letter_of_two(world):
    """Two changes of one day in one letter that waits to be posted: which of the two leads, and the other."""
    await second(world)
    notices = await both(world, "to_post")
    async with asyncio.timeout(10):
        while not all([(await rendered(world, each)).together_with for each in notices]):
            await asyncio.sleep(0.02)
    async with world.notify.database.lend(world.tenant) as connection:
        leader = await connection.fetchval(
            "SELECT leader FROM notify.outbox WHERE notice = any($1) AND leader IS NOT NULL", notices
        )
    return leader, next(each for each in notices if each != leader)


async def test_of_a_printed_letter_of_two_neither_is_led_away_by_a_later_change(world):
    await world.arrange()
    await world.propose()
    leader, follower = await a_letter_of_two(world)
    printed = (await world.get(f"/notify/v1/notices/{follower}.pdf")).content

    third = await second(world)

    await third_stands(world, third)
    assert (await world.get(f"/notify/v1/notices/{follower}.pdf")).content == printed
    posted = await world.post(f"/notify/v1/notices/{leader}/deliveries", {"channel": "handed_over"})
    assert posted.status_code == 200
    for notice in (leader, follower):
        assert (await world.state(notice))[0] == "given"


async def test_of_a_printed_letter_whose_other_change_was_withdrawn_no_third_joins(world):
    await world.arrange()
    await world.propose()
    pair = await a_letter_of_two(world)
    left = await by_amendment(world, world.family.amendment)
    gone = next(each for each in pair if each != left)
    await world.get(f"/notify/v1/notices/{left}.pdf")
    withdrawn = AmendmentWithdrawn(
        effective_on=DAY, plan_id=world.family.plan, amendment_id=(await world.history(gone))[0].amendment_id,
        personal=ReasonPersonalData(reason="Thought better of it."),
    )  # fmt: skip
    await world.publish(streams.plan(world.family.plan), world.family.student, withdrawn)
    await world.reaches("lapsed", gone)
    await world.reaches("to_post", left)

    third = await second(world)

    await third_stands(world, third)
    assert (await rendered(world, left)).together_with in (None, ())


@pytest.mark.parametrize("field", ["left_out", "went_anyway"])
async def test_a_letter_that_has_changed_since_it_was_printed_is_posted_only_if_somebody_says_so(
    world, field
):
    await world.arrange(mailing_days=3)
    await world.propose()
    left, gone = await a_letter_of_two(world)
    batch = (await world.post("/notify/v1/batches", {})).json()
    withdrawn = AmendmentWithdrawn(
        effective_on=DAY, plan_id=world.family.plan, amendment_id=(await world.history(gone))[0].amendment_id,
        personal=ReasonPersonalData(reason="Thought better of it."),
    )  # fmt: skip
    await world.publish(streams.plan(world.family.plan), world.family.student, withdrawn)
    await world.reaches("lapsed", gone)
    await world.reaches("to_post", left)

    posting, on = f"/notify/v1/batches/{batch['id']}/posting", {"on": batch["made_on"]}
    asked = await world.post(posting, on)
    assert asked.status_code == 409, asked.text
    assert set(asked.json()["facts"]["notices"]) == {str(left), str(gone)}
    posted = await world.post(posting, on | {field: [str(gone)]})

    assert posted.status_code == 200, posted.text
    # The printed letter gives a change that is withdrawn.
    sent = [[e for e in await world.history(each) if isinstance(e, NoticeSent)] for each in (left, gone)]
    assert [len(each) for each in sent] == ([0, 0] if field == "left_out" else [1, 1])
    assert (await world.state(left))[0] == ("to_post" if field == "left_out" else "posted")
    said = await world.app.state.at_hand.service.store.read(world.tenant, BATCH.stream(UUID(batch["id"])))
    assert set(said[-1].event.left_out) == ({left, gone} if field == "left_out" else set())


async def test_a_letter_taken_back_while_its_batch_is_being_posted_is_asked_about(world, monkeypatch):
    await world.arrange(mailing_days=3)
    await world.propose()
    notice = await world.reaches("to_post")
    batch = (await world.post("/notify/v1/batches", {})).json()
    withdrawn = AmendmentWithdrawn(
        effective_on=DAY, plan_id=world.family.plan, amendment_id=world.family.amendment,
        personal=ReasonPersonalData(reason="Thought better of it."),
    )  # fmt: skip
    looked = batching._stopped

    async def looked_a_moment_before(*args):
        found = await looked(*args)
        await world.publish(streams.plan(world.family.plan), world.family.student, withdrawn)
        await world.reaches("lapsed", notice)
        return found

    posting, on = f"/notify/v1/batches/{batch['id']}/posting", {"on": batch["made_on"]}
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(batching, "_stopped", looked_a_moment_before)
        asked = await world.post(posting, on)

    assert (asked.status_code, asked.json()["code"]) == (409, "went-or-left-out"), asked.text
    assert asked.json()["facts"]["notices"] == [str(notice)]
    posted = await world.post(posting, on | {"left_out": [str(notice)]})
    assert posted.status_code == 200, posted.text


async def test_the_letter_is_not_read_while_it_is_written_anew(world):
    await world.arrange()
    await world.propose()
    first = await world.reaches("to_post")
    async with world.notify.database.begin(world.tenant) as rows:
        await rows.execute(
            update(OUTBOX).where(OUTBOX.c.notice == first).values(state="to_prepare", due_at=None)
        )

    read = await world.get(f"/notify/v1/notices/{first}.pdf")

    assert (read.status_code, read.json()["code"]) == (409, "notice-not-rendered")
    async with world.notify.database.lend(world.tenant) as connection:
        taken = await connection.fetchval("SELECT taken_out FROM notify.outbox WHERE notice = $1", first)
    assert taken is False, "nobody holds it in hand"


async def third_stands(world, amendment):
    """Its notice is written, alone or with others."""
    async with asyncio.timeout(10):
        while len(await world.notices()) < 3:
            await asyncio.sleep(0.02)
    await world.reaches("to_post", await by_amendment(world, amendment))


@pytest.mark.parametrize("which", [0, 1])
async def test_a_letter_of_two_stays_one_when_somebody_was_told_of_one_change_in_vain(world, which):
    await world.arrange(mailing_days=3)
    await world.propose()
    notices = await a_letter_of_two(world)

    await world.told_in_vain(notices[which], DAY)
    await asyncio.sleep(0.5)

    batch = (await world.post("/notify/v1/batches", {})).json()
    assert [sorted(each["notices"]) for each in batch["letters"] if str(notices[0]) in each["notices"]] == [
        sorted(map(str, notices))
    ]
    for notice in notices:
        assert set((await rendered(world, notice)).together_with) == {*notices} - {notice}


async def test_a_mail_of_two_in_doubt_is_found_for_both_when_somebody_was_told_of_one_change_in_vain(waiting):
    world = waiting
    world.host.hangs_up = True
    await world.arrange()
    await world.elect_email()
    await world.propose()
    await second(world)
    notices = await both(world, "in_doubt")
    async with world.notify.database.lend(world.tenant) as connection:
        leader = await connection.fetchval(
            "SELECT leader FROM notify.outbox WHERE notice = ANY ($1) AND leader IS NOT NULL", notices
        )
    (follower,) = {*notices} - {leader}

    await world.told_in_vain(follower, DAY)
    found = await world.post(
        f"/notify/v1/notices/{leader}/deliveries", {"channel": "email", "note": "the log says delivered"}
    )

    assert found.status_code == 200, found.text
    await both(world, "given")
