"""Holds and destruction by HTTP on the real app and keyring: two people, broken off at each step, and what is left."""

import asyncio
from contextlib import asynccontextmanager
from datetime import date, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from audit_service.adapters.checkpoints import InOneDatabase
from audit_service.application import taken_in
from audit_service.application.cosigner import CheckpointsAway
from audit_service.application.destroyer import Destroyer
from audit_service.testing_facts import (
    ADOPTED_ON,
    DANA,
    JONAS,
    PLAN,
    adopted,
    amended,
    confirmed,
    dana,
    draft_opened,
    notice,
    proposed,
    registered,
    session,
)
from contracts.disputes import DisputeFiled
from contracts.district import RoleHeld, StaffAdded, StaffPersonalData
from contracts.event import EventClass
from contracts.plan import PlanEnded, StatementAdded
from contracts.students import RequestMade
from contracts.testing import an_id
from runtime.erasing import settle
from runtime.tenants import end_tenant
from runtime.testing import sequence
from runtime.testing_http import no_row_differs


@pytest.fixture
def world(alone):
    """Each test on a database of its own: they look at its whole keyring."""
    return alone


CLARA = an_id("Clara Wren")
MIRA = an_id("Mira Quill")
WORDS = "Jonas", "snack", "phone for the sensor"
ENDED = date(2026, 6, 12)


def officer(staff, given: str):
    role = RoleHeld(role="compliance_officer", starts_on=date(2025, 8, 1))
    personal = StaffPersonalData(given_name=given, family_name="Officer")
    return StaffAdded(effective_on=date(2025, 8, 1), staff_id=staff, personal=personal, roles=(role,))


@pytest.fixture
async def ended(world):
    """A 504 plan that ended long ago; two officers of the whole district; another student beside."""
    await world.write(
        "plan", DANA, f"staff/{DANA}", dana().model_copy(update={"roles": officer(DANA, "Dana").roles})
    )
    await world.write("plan", CLARA, f"staff/{CLARA}", officer(CLARA, "Clara"))
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write("plan", MIRA, f"student/{MIRA}", registered(MIRA, "Mira", "Quill"))
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted(), proposed())
    await world.write("progress", JONAS, "item/nurse/2025-2026", session(date(2025, 9, 29)))
    await world.write("notify", JONAS, "notice/1", *notice())
    end = PlanEnded(effective_on=date(2020, 6, 12), plan_id=PLAN, reason="graduated")
    last = await world.write("plan", JONAS, f"plan/{PLAN}", amended(), end)
    await world.caught_up()
    assert await world.audit.seen(world.tenant, last.last_event)
    return world


def person(world, staff, role: str = "compliance_officer"):
    scopes = "records.hold", "records.destroy", "audit.read", "plan.read", "progress.read", "notice.read"
    return world.issuer.person(role, *scopes, staff=staff)


async def hold(world, **more):
    body = {"student": str(JONAS), "ground": "litigation", "reason": "A claim is expected.", **more}
    return await world.post("/holds", body, person(world, DANA))


def request(**more):
    return {
        "student": str(JONAS), "classes": ["identity", "record", "proof"], "ground": "no_longer_needed",
        "told": {"told_on": "2026-07-01", "channel": "letter"}, **more,
    }  # fmt: skip


async def ordered(world, **more) -> str:
    asked = await world.post("/destructions", request(**more), person(world, DANA))
    assert asked.status_code == 201, asked.text
    approved = await world.post(f"/destructions/{asked.json()['id']}/approval", {}, person(world, CLARA))
    assert (approved.status_code, approved.json()["status"]) == (200, "ordered"), approved.text
    return str(asked.json()["id"])


class Killed(Exception):
    """A step is broken off."""


def destroyer(world, **more) -> Destroyer:
    return Destroyer(lambda: world.audit.records, backup_days=14, wait=0.0, **more)


async def carried_out(world, destruction: str) -> dict:
    async with asyncio.timeout(20):
        while not await destroyer(world).work():
            await asyncio.sleep(0.02)
    shown = (await world.get(f"/destructions/{destruction}", person(world, DANA))).json()
    assert shown["status"] == "destroyed", shown
    async with asyncio.timeout(20):
        while True:
            async with world.audit.database.lend(world.tenant) as connection:
                if await connection.fetchval("SELECT EXISTS (SELECT FROM audit.erasures)"):
                    return shown
            await asyncio.sleep(0.02)


async def found_under(world, rule: str, **asked) -> list[dict]:
    await world.caught_up()
    answer = await world.get("/findings", person(world, DANA), student=JONAS, rule=rule, **asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_hold_stands_in_the_keyring_when_it_is_answered_and_blocks_until_it_is_released(
    ended,
) -> None:
    made = await hold(ended, review_on="2099-01-01", matter="Feld v. Lakeside")
    assert made.status_code == 201, made.text
    hold_id = made.json()["id"]
    assert [str(each) for each in await ended.audit.keyring.holds(ended.tenant, JONAS)] == [hold_id]

    refused = await ended.post("/destructions", request(), person(ended, CLARA))
    assert (refused.status_code, refused.json()["code"]) == (409, "may-not-be-destroyed")
    assert refused.json()["errors"][0]["code"] == "legal-hold"
    listed = (await ended.get("/destructions", person(ended, CLARA), student=JONAS)).json()["items"]
    assert [(each["status"], each["holds"]) for each in listed] == [("refused", [hold_id])]

    found = await found_under(ended, "rec.legal-hold")
    assert [each["state"] for each in found] == ["met"]
    assert "refused, nothing was destroyed" in found[0]["says"]

    released = await ended.post(
        f"/holds/{hold_id}/release", {"reason": "It was settled."}, person(ended, DANA)
    )
    assert (released.status_code, released.json()["status"]) == (200, "released"), released.text
    assert released.json()["matter"] == "Feld v. Lakeside"
    who = made.json()["set_by"], released.json()["released_by"]
    assert who == (str(DANA), str(DANA)), "with who, why, until when"
    assert await ended.audit.keyring.holds(ended.tenant, JONAS) == []
    assert await ordered(ended)


async def test_when_all_is_gone_it_still_shows_that_the_family_was_told_and_two_people_approved(
    ended,
) -> None:
    await carried_out(ended, await ordered(ended))
    (found,) = await found_under(ended, "rec.destroy-notice")
    assert found["state"] == "met"
    assert found["says"].startswith("Told 2026-07-01, destroyed ")


async def test_nothing_is_destroyed_before_the_order_is_cosigned(
    ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing_new(*_: object) -> list:
        return []

    with monkeypatch.context() as silent:
        silent.setattr(InOneDatabase, "newest", nothing_new)
        destruction = await ordered(ended)
        (order,) = [e for e in await ended.audit.store.read(ended.tenant, f"destruction/{destruction}")
                    if e.type == "destruction.ordered"]  # fmt: skip
        await ended.caught_up()
        assert await ended.audit.seen(ended.tenant, order.id)
        for _ in range(3):
            assert await destroyer(ended).work() == 0
        assert not await ended.evidence.cosigned(ended.tenant, "audit", order.id)
        assert await ended.audit.evidence.destroyed_on(ended.tenant, JONAS) == {}
    assert (await carried_out(ended, destruction))["status"] == "destroyed"


async def test_one_person_cannot_do_both_and_no_client_does_either(ended) -> None:
    asked = await ended.post("/destructions", request(), person(ended, DANA))
    path = f"/destructions/{asked.json()['id']}/approval"

    again = await ended.post(path, {}, person(ended, DANA))
    assert (again.status_code, again.json()["code"]) == (409, "second-person-required")
    for vendor in (ended.vendor("audit.read", "records.destroy", "records.hold"), ended.vendor("admin")):
        assert (await ended.post(path, {}, vendor)).status_code == 403
        assert (await ended.post("/destructions", request(), vendor)).status_code == 403
        hold = {"student": str(JONAS), "ground": "other", "reason": "A vendor wants it."}
        assert (await ended.post("/holds", hold, vendor)).status_code == 403
    teacher = ended.issuer.person("regular_education_teacher", "records.destroy", staff=DANA)
    assert (await ended.post(path, {}, teacher)).status_code == 403


@pytest.mark.parametrize("student", [uuid4(), None])
async def test_what_is_not_here_or_not_said_is_refused(ended, student) -> None:
    answer = await ended.post(
        "/destructions", request(student=str(student) if student else None), person(ended, DANA)
    )

    assert answer.status_code == (404 if student else 422)


async def test_a_plan_in_force_when_the_district_ends_keeps_the_record_no_longer_than_the_schedule(
    ended,
) -> None:
    other = an_id("another plan")
    last = await ended.write("plan", JONAS, f"plan/{other}", adopted().model_copy(update={"plan_id": other}))
    assert await ended.audit.seen(ended.tenant, last.last_event)

    async def against() -> list[str]:
        refused = await ended.post("/destructions", request(), person(ended, DANA))
        return [each["code"] for each in refused.json()["errors"]] if refused.status_code == 409 else []

    assert await against() == ["still-needed"]
    await end_tenant(ended.audit.store, ended.tenant, "Over.", actor=ended.actor, correlation="c")
    assert "still-needed" not in await against()


async def test_a_complaint_that_is_filed_opens_a_hold_by_itself(ended) -> None:
    filed = DisputeFiled(effective_on=date(2026, 9, 1), student_id=JONAS, dispute_id=an_id("dispute"),
                         kind="due_process_complaint", filed_by="family")  # fmt: skip
    last = await ended.write("plan", JONAS, f"student/{JONAS}", filed)
    assert await ended.audit.seen(ended.tenant, last.last_event)

    (held,) = (await ended.get("/holds", person(ended, DANA), student=JONAS)).json()["items"]
    assert (held["ground"], held["status"], held["dispute"]) == ("dispute", "open", str(an_id("dispute")))
    assert len(await ended.audit.keyring.holds(ended.tenant, JONAS)) == 1


@pytest.mark.parametrize("step", ["logged", "retired", "destroyed", "told"])
async def test_broken_off_at_any_step_a_restart_goes_on_from_there(ended, step) -> None:
    destruction = await ordered(ended)
    passed: list[str] = []

    async def kill(at: str) -> None:
        passed.append(at)
        if at == step:
            raise Killed

    with pytest.raises(Killed):
        async with asyncio.timeout(20):
            while True:
                await destroyer(ended, between=kill).work()
    if step != "told":
        before = (await ended.get(f"/destructions/{destruction}", person(ended, DANA))).json()
        assert before["status"] == "ordered"
        await carried_out(ended, destruction)
    types = [each.type for each in await ended.audit.store.read(ended.tenant, f"destruction/{destruction}")]
    assert types == ["destruction.requested", "destruction.ordered", "destruction.contents_destroyed"]
    assert passed[-1] == step


async def test_a_hold_that_comes_after_the_order_stops_it_before_a_key_is_gone(ended) -> None:
    destruction = await ordered(ended)
    held = await hold(ended)
    async with asyncio.timeout(20):
        while not await destroyer(ended).work():
            await asyncio.sleep(0.02)

    shown = (await ended.get(f"/destructions/{destruction}", person(ended, DANA))).json()
    assert (shown["status"], shown["holds"]) == ("stopped", [held.json()["id"]])
    timeline = await ended.get(f"/students/{JONAS}/timeline")
    assert "Jonas Feld" in timeline.text
    await ended.post(f"/holds/{held.json()['id']}/release", {"reason": "settled"}, person(ended, DANA))
    await carried_out(ended, await ordered(ended))


async def test_a_request_about_the_record_that_comes_after_the_order_stops_it_too(ended) -> None:
    destruction = await ordered(ended)
    made = RequestMade(effective_on=date(2026, 9, 1), student_id=JONAS, request_id=an_id("request"), kind="records",
                       via="letter")  # fmt: skip
    await ended.write("plan", JONAS, f"student/{JONAS}", made)
    await ended.caught_up()
    async with asyncio.timeout(20):
        while not await destroyer(ended).work():
            await asyncio.sleep(0.02)

    shown = (await ended.get(f"/destructions/{destruction}", person(ended, DANA))).json()
    assert (shown["status"], shown["holds"]) == ("stopped", [])
    assert "Jonas Feld" in (await ended.get(f"/students/{JONAS}/timeline")).text


async def test_afterwards_nothing_is_readable_and_everything_is_still_proven(ended) -> None:
    before = (await ended.get("/events", limit=500)).json()["items"]
    destruction = await ordered(ended)
    shown = await carried_out(ended, destruction)

    assert date.fromisoformat(shown["final_on"]) == date.fromisoformat(shown["destroyed_on"]) + timedelta(
        days=15
    )
    assert {key["contents"] for key in shown["keys"]} == {"identity", "record", "proof"}
    timeline = await ended.get(f"/students/{JONAS}/timeline", person(ended, DANA))
    told = [each["what"] for each in timeline.json()["items"]]
    assert sum("Contents lawfully destroyed on" in each for each in told) >= 10
    assert any("asked that contents be destroyed" in each for each in told)
    assert any("approved what" in each for each in told)
    assert not any(word in timeline.text for word in WORDS)
    assert timeline.json()["destroyed"] == dict.fromkeys(
        ("identity", "record", "proof"), shown["destroyed_on"]
    )
    looks = (await ended.get("/access-record", person(ended, DANA), student=JONAS)).json()
    assert looks["destroyed_on"] == shown["destroyed_on"]
    replay = await ended.get(f"/students/{JONAS}/replay")
    assert (replay.status_code, replay.json()["plans"]) == (200, [])
    for answer in (
        await ended.get("/students", name="jonas"), await ended.get(f"/plans/{PLAN}", effective_on=ADOPTED_ON),
        await ended.get("/events", limit=500),
    ):  # fmt: skip
        assert not any(word in answer.text for word in WORDS)
    after = {item["entry"]["id"]: item for item in (await ended.get("/events", limit=500)).json()["items"]}
    for item in before:
        assert after[item["entry"]["id"]]["entry"] == item["entry"], (
            "an entry is what it was: every proof stands"
        )
    assert "Mira Quill" in (await ended.get("/students", name="mira")).text
    assert await settle(ended.audit, after=0.0) == 1
    await no_row_differs(ended.app)


async def test_what_rules_had_found_stays_with_its_state_and_days_and_without_its_words(ended) -> None:
    await ended.audit.judging.settled(ended.tenant, 20)
    before = (await ended.get("/findings", person(ended, DANA), student=JONAS, limit=500)).json()["items"]
    assert before

    gone = await carried_out(ended, await ordered(ended))
    await ended.audit.judging.settled(ended.tenant, 20)
    after = (await ended.get("/findings", person(ended, DANA), student=JONAS, limit=500)).json()["items"]
    # That it was destroyed lawfully is judged by the events of the destruction, which stay.
    after = [each for each in after if each["rule"] != "rec.destroy-notice"]

    def days(findings: list[dict]) -> list[tuple]:
        return sorted(
            (f["rule"], f["state"], f.get("due_on") or "", f.get("done_on") or "")
            for f in findings
            if f["rule"] != "rec.destroy-notice"
        )

    assert days(after) == days(before) == days(gone["findings"])
    assert {each["says"] for each in after} == {
        "The contents were lawfully destroyed: the state and the days are what was found before."
    }
    assert all(not each.get("facts") and not each.get("events") for each in after)
    then = await ended.get("/findings", person(ended, DANA), student=JONAS, limit=500, known_at="2099-01-01")
    assert days(then.json()["items"]) == days(before)


async def test_an_event_after_a_destruction_has_the_next_generation_and_is_read(ended) -> None:
    await carried_out(ended, await ordered(ended, classes=["identity", "record"]))
    statement = StatementAdded(effective_on=date(2026, 10, 1), plan_id=PLAN, statement_id=an_id("statement"),
                               holder_id=an_id("holder"), personal={"text": "I kept my copy."})  # fmt: skip
    for source in ended.sources.values():
        source.keyring.forget(ended.tenant)  # As every service does when it hears of a destruction.
    last = await ended.write("plan", JONAS, f"plan/{PLAN}", statement)
    assert await ended.audit.seen(ended.tenant, last.last_event)

    timeline = await ended.get(f"/students/{JONAS}/timeline")
    assert "I kept my copy." in timeline.text
    assert "snack" not in timeline.text
    keys = await _keys(ended, "record")
    assert keys == [2]


async def test_a_keyring_that_came_back_from_a_backup_forgets_again(ended) -> None:
    admin = await asyncpg.connect(ended.sources["plan"].cluster.postgres.url(ended.sources["plan"].name))
    try:
        await admin.execute("CREATE TABLE backup AS SELECT * FROM keyring.keys")
        await carried_out(ended, await ordered(ended))
        await admin.execute(
            "TRUNCATE keyring.destroyed; DELETE FROM keyring.keys; INSERT INTO keyring.keys SELECT * FROM backup"
        )
    finally:
        await admin.close()
    ended.audit.keyring.forget(ended.tenant)
    assert await _keys(ended, "record") == [1]

    await destroyer(ended).reconcile()

    assert await _keys(ended, "record") == []
    ended.audit.keyring.forget(ended.tenant)
    assert "snack" not in (await ended.get(f"/students/{JONAS}/timeline")).text


async def _keys(world, class_: str) -> list[int]:
    admin = await asyncpg.connect(world.sources["plan"].cluster.postgres.url(world.sources["plan"].name))
    try:
        rows = await admin.fetch(
            "SELECT generation FROM keyring.keys WHERE subject = $1 AND class = $2",
            JONAS,
            EventClass(class_).value,
        )
        return [row["generation"] for row in rows]
    finally:
        await admin.close()


def record_asked_for(day: date = date(2026, 9, 1)) -> RequestMade:
    return RequestMade(
        effective_on=day, student_id=JONAS, request_id=an_id("request"), kind="records", via="letter"
    )


@asynccontextmanager
async def nothing_arrives(world):
    """audit-service's copies wait behind a lock: its consumer is held back."""
    plan = world.sources["plan"]
    admin = await asyncpg.connect(plan.cluster.postgres.url(plan.name))
    try:
        async with admin.transaction():
            await admin.execute("LOCK TABLE audit.copies IN SHARE MODE")
            yield
    finally:
        await admin.close()


async def test_nothing_is_decided_while_something_that_was_settled_before_is_not_known_here(
    ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request about the record has its index, and has not arrived; or it is accepted, and has no index yet."""
    monkeypatch.setattr(taken_in, "SECONDS", 0.2)
    asked = await ended.post("/destructions", request(), person(ended, DANA))
    assert asked.status_code == 201, asked.text
    await ended.caught_up()
    approval = f"/destructions/{asked.json()['id']}/approval"

    await ended.append("plan", JONAS, f"student/{JONAS}", record_asked_for())
    late = await ended.post(approval, {}, person(ended, CLARA))
    assert (late.status_code, late.json()["code"]) == (503, "not-taken-in-yet"), late.text
    assert "entries of plan have not arrived" in late.json()["detail"]
    assert late.headers["retry-after"]
    assert (await ended.post("/destructions", request(), person(ended, DANA))).status_code == 503
    async with nothing_arrives(ended):
        await sequence(ended.sources["plan"])
        assert (await ended.post(approval, {}, person(ended, CLARA))).status_code == 503
    shown = (await ended.get("/destructions", person(ended, DANA), student=JONAS)).json()["items"]
    assert [each["status"] for each in shown] == ["requested"], "nothing was done"

    await ended.caught_up()
    refused = await ended.post(approval, {}, person(ended, CLARA))
    assert (refused.status_code, [each["code"] for each in refused.json()["errors"]]) == (
        409,
        ["request-open"],
    )


async def test_no_key_is_destroyed_while_a_request_has_not_arrived(
    ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taken_in, "SECONDS", 0.2)
    destruction = await ordered(ended)
    await ended.caught_up()
    async with asyncio.timeout(20):
        while not await ended.evidence.cosigned(ended.tenant, "audit", await order_of(ended, destruction)):
            await asyncio.sleep(0.02)
    async with nothing_arrives(ended):
        await ended.write("plan", JONAS, f"student/{JONAS}", record_asked_for())
        for _ in range(3):
            assert await destroyer(ended).work() == 0
        assert await ended.audit.evidence.destroyed_on(ended.tenant, JONAS) == {}
    async with asyncio.timeout(20):
        while not await destroyer(ended).work():
            await asyncio.sleep(0.02)
    shown = (await ended.get(f"/destructions/{destruction}", person(ended, DANA))).json()
    assert shown["status"] == "stopped"


async def order_of(world, destruction: str) -> UUID:
    recorded = await world.audit.store.read(world.tenant, f"destruction/{destruction}")
    return next(each.id for each in recorded if each.type == "destruction.ordered")


async def test_nothing_is_destroyed_while_a_service_cannot_be_asked(
    ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> int:
        raise CheckpointsAway("ConnectError")

    monkeypatch.setattr(InOneDatabase, "head", away)
    answer = await ended.post("/destructions", request(), person(ended, DANA))
    assert (answer.status_code, answer.json()["code"]) == (503, "not-taken-in-yet")
    assert "plan-service cannot be asked" in answer.json()["detail"]


async def test_what_is_destroyed_already_is_told_also_while_a_service_cannot_be_asked(
    ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def kill(at: str) -> None:
        if at == "destroyed":
            raise Killed

    async def away(*_: object) -> int:
        raise CheckpointsAway("ConnectError")

    destruction = await ordered(ended)
    with pytest.raises(Killed):
        async with asyncio.timeout(20):
            while True:
                await destroyer(ended, between=kill).work()
    monkeypatch.setattr(InOneDatabase, "head", away)
    assert await destroyer(ended).work() == 1
    told = (await ended.audit.store.read(ended.tenant, f"destruction/{destruction}"))[-1]
    assert told.type == "destruction.contents_destroyed"


async def test_a_district_that_is_behind_is_waited_for_once_and_not_once_an_order(
    ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    for contents in ("identity", "record"):
        destruction = await ordered(ended, classes=[contents])
        await ended.caught_up()
        async with asyncio.timeout(20):
            while not await ended.evidence.cosigned(
                ended.tenant, "audit", await order_of(ended, destruction)
            ):
                await asyncio.sleep(0.02)
    asked = []

    async def away(_self: object, source: str, tenant: str) -> int:
        asked.append((source, tenant))
        raise CheckpointsAway("ConnectError")

    monkeypatch.setattr(InOneDatabase, "head", away)
    assert await destroyer(ended).work() == 0
    assert asked == [("plan", ended.tenant)]
