"""Vendors are told what happened: signed, thin, again until they take it, and nowhere they must not reach."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from contracts import streams
from contracts.webhooks import WebhookDisabled
from notify_service.adapters.webhooks.guard import NotAllowed, checked, is_public, parts_of
from notify_service.application.webhooks import RETRY_AFTER, wants
from notify_service.testing_notices import Family, known_plan
from runtime.tenants import end_tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Endpoint:
    """A vendor's real HTTP server."""

    port: int = 0
    status: int = 204
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?key=1"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:]) if name
            }
            body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
            self.got.append((headers, body))
            writer.write(
                f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
        writer.close()

    def of(self, subject: UUID) -> list[tuple[dict[str, str], dict[str, Any]]]:
        """What it was told of one student."""
        told = [(headers, json.loads(body)) for headers, body in self.got]
        return [(headers, body) for headers, body in told if body["data"]["subject"] == str(subject)]


@asynccontextmanager
async def an_endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    server = await asyncio.start_server(endpoint.answer, "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    async with server:
        yield endpoint


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_world(cluster, request) -> AsyncIterator[Any]:
    """Endpoints on loopback are allowed here, as an operator may."""
    helpers = request.getfixturevalue("module_helpers")
    async with helpers.a_world(cluster, webhooks_to_private_addresses=True) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def vendor(open_world) -> AsyncIterator[tuple[Any, Endpoint]]:
    async with an_endpoint() as endpoint:
        yield replace(open_world, family=Family(), written=[]), endpoint


def may(world, **more: str) -> dict[str, str]:
    return world.vendor("webhook.write", **more)


async def register(world, endpoint, **body: Any) -> tuple[str, str]:
    """An endpoint with its secret."""
    made = await world.post("/notify/v1/webhooks", {"url": endpoint.url} | body, may(world))
    assert made.status_code == 201, made.text
    shown = await world.post(
        f"/notify/v1/webhooks/{made.json()['id']}/secret", {"overlap_hours": 0}, may(world)
    )
    return made.json()["id"], shown.json()["secret"]


async def until(true) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.02)


async def due_now(world, webhook: str) -> None:
    async with world.notify.database.lend(world.tenant) as connection:
        await connection.execute(
            "UPDATE notify.webhook_deliveries SET due_at = now() WHERE webhook = $1", UUID(webhook)
        )
    world.app.state.at_hand.wake_webhooks()


async def test_a_vendor_is_told_by_a_signed_and_thin_message(vendor):
    world, endpoint = vendor
    _, secret = await register(world, endpoint, event_types=["plan.student_registered"])
    await world.arrange()

    await until(lambda: endpoint.of(world.family.student))

    headers, body = endpoint.of(world.family.student)[0]
    raw = next(text for got, text in endpoint.got if got["webhook-id"] == headers["webhook-id"])
    Webhook(secret).verify(raw, headers)
    assert body["type"] == "plan.student_registered"
    assert "Quill" not in raw, "who the student is stands nowhere"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(raw.replace("plan", "pla"), headers)
    assert {told["type"] for _, told in endpoint.of(world.family.student)} == {"plan.student_registered"}


async def test_an_endpoint_that_fails_is_told_again_under_the_same_id(vendor):
    world, endpoint = vendor
    endpoint.status = 500
    webhook, _ = await register(world, endpoint, event_types=["plan.student_registered"])
    await world.arrange()
    await until(lambda: endpoint.of(world.family.student))
    await asyncio.sleep(0.1)
    endpoint.status = 200

    await due_now(world, webhook)
    await until(lambda: len(endpoint.of(world.family.student)) == 2)

    ids = {headers["webhook-id"] for headers, _ in endpoint.of(world.family.student)}
    assert len(ids) == 1
    attempts = await world.get(f"/notify/v1/webhooks/{webhook}/attempts", may(world))
    assert [each["status"] for each in attempts.json()["items"]][:2] == [500, 200]


async def test_a_dead_endpoint_is_stopped_with_a_mail_and_takes_what_it_missed_when_it_is_back(vendor):
    world, endpoint = vendor
    endpoint.status = 503
    webhook, _ = await register(
        world, endpoint, event_types=["plan.student_registered"], mail_to="it@sis.example.org"
    )
    await world.arrange()
    async with asyncio.timeout(20):
        while (await world.get(f"/notify/v1/webhooks/{webhook}", may(world))).json()["status"] != "disabled":
            await due_now(world, webhook)
            await asyncio.sleep(0.1)
    assert len(endpoint.of(world.family.student)) > len(RETRY_AFTER)
    history = await world.notify.store.read(world.tenant, streams.webhook(UUID(webhook)))
    assert isinstance(history[-1].event, WebhookDisabled)
    assert any("it@sis.example.org" in to for _, to, _ in world.host.taken)
    endpoint.status, endpoint.got[:] = 200, []
    enabled = await world.post(f"/notify/v1/webhooks/{webhook}/enabling", {}, may(world))
    assert enabled.json()["status"] == "active"
    await until(lambda: endpoint.of(world.family.student))


async def test_an_endpoint_is_stopped_only_once_somebody_could_be_told(vendor):
    world, endpoint = vendor
    endpoint.status = 410
    world.host.on_rcpt = lambda: "451 4.7.1 Greylisted"
    webhook, _ = await register(
        world, endpoint, event_types=["plan.student_registered"], mail_to="it@sp\u00e4ter.example.org"
    )
    await world.arrange()
    await until(lambda: endpoint.of(world.family.student))
    await asyncio.sleep(0.3)
    assert (await world.get(f"/notify/v1/webhooks/{webhook}", may(world))).json()["status"] == "active"
    world.host.behave()

    await due_now(world, webhook)

    async with asyncio.timeout(10):
        while (await world.get(f"/notify/v1/webhooks/{webhook}", may(world))).json()["status"] == "active":
            await asyncio.sleep(0.05)
    assert [to for _, to, _ in world.host.taken if to == ["it@xn--spter-hra.example.org"]]


async def test_an_endpoint_that_never_answers_keeps_no_other_waiting(vendor):
    world, endpoint = vendor
    never = asyncio.Event()
    silent = Endpoint(status=200)
    server = await asyncio.start_server(lambda _reader, _writer: never.wait(), "127.0.0.1", 0)
    silent.port = server.sockets[0].getsockname()[1]
    wanted = {"event_types": ["plan.student_registered"]}
    webhook, _ = await register(world, silent, **wanted)
    await register(world, endpoint, **wanted)
    families = [Family() for _ in range(6)]
    for family in families:
        student = family.student
        await world.publish(streams.student(student), student, family.registered())

    async with asyncio.timeout(8):
        while not all(endpoint.of(family.student) for family in families):
            await asyncio.sleep(0.02)

    await world.http.delete(f"/notify/v1/webhooks/{webhook}", headers=may(world))
    never.set()
    server.close()


async def test_an_endpoint_that_says_gone_is_asked_no_more(vendor):
    world, endpoint = vendor
    endpoint.status = 410
    webhook, _ = await register(world, endpoint, event_types=["plan.student_registered"])
    await world.arrange()

    async with asyncio.timeout(10):
        while (shown := (await world.get(f"/notify/v1/webhooks/{webhook}", may(world))).json())[
            "status"
        ] != "disabled":
            await asyncio.sleep(0.05)
    assert shown["disabled_because"] == "gone"


async def test_while_a_secret_is_rotated_both_signatures_go_along(vendor):
    world, endpoint = vendor
    webhook, first = await register(world, endpoint, event_types=["plan.student_registered"])
    rotated = await world.post(f"/notify/v1/webhooks/{webhook}/secret", {"overlap_hours": 24}, may(world))
    second = rotated.json()["secret"]
    await world.arrange()
    await until(lambda: endpoint.of(world.family.student))

    headers, _ = endpoint.of(world.family.student)[0]
    raw = next(text for got, text in endpoint.got if got["webhook-id"] == headers["webhook-id"])

    assert first != second
    for secret in (first, second):
        Webhook(secret).verify(raw, headers)


async def test_a_replay_tells_once_more_from_a_point(vendor):
    world, endpoint = vendor
    webhook, _ = await register(world, endpoint, event_types=["plan.student_registered"])
    await world.arrange()
    await until(lambda: endpoint.of(world.family.student))
    told = endpoint.of(world.family.student)[0][1]["data"]["position"]

    answer = await world.post(
        f"/notify/v1/webhooks/{webhook}/replay", {"source": "plan", "after": told - 1}, may(world)
    )

    assert answer.status_code == 200, answer.text
    await until(lambda: len(endpoint.of(world.family.student)) == 2)
    assert len({headers["webhook-id"] for headers, _ in endpoint.of(world.family.student)}) == 1


async def test_a_removed_endpoint_is_told_nothing(vendor):
    world, endpoint = vendor
    webhook, _ = await register(world, endpoint, event_types=["plan.student_registered"])

    removed = await world.http.delete(f"/notify/v1/webhooks/{webhook}", headers=may(world))
    await world.arrange()
    await world.taken_in()

    assert removed.json()["status"] == "removed"
    assert endpoint.of(world.family.student) == []


async def test_of_a_district_that_has_ended_no_vendor_is_told_anything(cluster, module_helpers):
    async with (
        module_helpers.a_world(cluster, webhooks_to_private_addresses=True) as world,
        an_endpoint() as endpoint,
    ):
        webhook, _ = await register(world, endpoint)
        endpoint.status = 500
        await world.arrange()
        await until(lambda: endpoint.of(world.family.student))
        await end_tenant(
            world.notify.store, world.tenant, "Over.", actor=world.notify.context().actor, correlation="test"
        )
        endpoint.status = 204
        await asyncio.sleep(0.5)  # One that was on its way may still come.
        told, kept = len(endpoint.got), await _happened(world)

        await world.publish(streams.student(world.family.student), world.family.student, *_again(world))
        await due_now(world, webhook)
        for recorded in world.written:
            assert await world.app.state.edge.service.seen(world.tenant, recorded.id, 10)
        await asyncio.sleep(1.0)

        assert len(endpoint.got) == told
        assert await _happened(world) == kept, "nothing more is kept to be told"


async def _happened(world) -> int:
    async with world.notify.database.lend(world.tenant) as connection:
        return await connection.fetchval("SELECT count(*) FROM notify.webhook_happened WHERE source = 'plan'")


def _again(world):
    """The student's first event once more: what it says is nothing new."""
    events = next(events for stream, _, events in known_plan(world.family) if stream.startswith("student/"))
    return events[:1]


async def test_who_may_not_write_webhooks_sees_none(vendor):
    world, _ = vendor
    assert (await world.get("/notify/v1/webhooks", world.vendor("notice.read"))).status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "https://user:secret@example.org/", "ftp://example.org/", "https:///nohost",
        "https://example.org/#part", "https://exa mple.org/", "https://example.org:99999/", "https://" + "a" * 1000,
        "https://[2606:4700::1%25eth0]/", "https://[2606:4700::1%eth0]/",
    ],
)  # fmt: skip
async def test_an_address_that_no_endpoint_can_have_is_refused(url):
    with pytest.raises(NotAllowed):
        parts_of(url, private_allowed=False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "255.255.255.255",
    ],
)  # fmt: skip
async def test_no_address_but_a_public_one_is_called(address):
    assert not is_public(address)


async def test_a_public_address_is_called():
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize(
    "host",
    ["127.1", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]"],
)
async def test_an_address_that_leads_to_this_machine_is_refused_in_whatever_way_it_is_written(host):
    with pytest.raises(NotAllowed, match=r"not public|of one's own"):
        await checked(f"https://{host}/")


async def test_a_name_that_leads_nowhere_yet_is_registered_and_its_attempts_say_why_nothing_went(world):
    url = "https://hooks.sis.invalid/b\u00fccher"
    made = await world.post("/notify/v1/webhooks", {"url": url, "event_types": ["plan"]}, may(world))
    assert made.status_code == 201, made.text
    await world.arrange()

    async with asyncio.timeout(10):
        while not (
            told := (await world.get(f"/notify/v1/webhooks/{made.json()['id']}/attempts", may(world))).json()[
                "items"
            ]
        ):
            await asyncio.sleep(0.05)
    assert told[0]["answer"] == "not called: the name has no address"
    assert "status" not in told[0]


@pytest.mark.parametrize(
    "url",
    [
        "https://metadata.google.internal/",
        "https://printer.local./",
        "https://a.localhost/x",
        "https://localhost/",
        "https://intranet/",
    ],
)
async def test_a_name_of_a_network_of_one_s_own_is_refused_wherever_it_leads(url):
    with pytest.raises(NotAllowed, match="of one's own"):
        parts_of(url, private_allowed=False)


async def test_a_host_in_other_letters_is_asked_for_in_ascii():
    assert parts_of("https://b\u00fccher.example/", private_allowed=False)[0] == "xn--bcher-kva.example"


async def test_registering_a_private_endpoint_is_refused_with_the_reason(world):
    refused = await world.post("/notify/v1/webhooks", {"url": "https://127.0.0.1/hooks"}, may(world))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "endpoint-not-allowed")


@pytest.mark.parametrize(
    ("named", "type_", "told"),
    [((), "plan.adopted", True), (("notice",), "notice.given", True), (("notice",), "noticed.x", False),
     (("plan.adopted",), "plan.adopted", True), (("plan.adopted",), "plan.ended", False)],
)  # fmt: skip
async def test_an_endpoint_is_told_of_what_it_named(named, type_, told):
    assert wants(named, type_) is told
