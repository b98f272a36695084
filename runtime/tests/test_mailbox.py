"""The built-in mailbox keeps what it accepted, shows it to this machine alone, and forgets only when asked."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest
import structlog

from runtime.logging import configure_logging
from runtime.mailbox import Mailbox


def a_mail(subject: str = "A notice from Lakeside") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "notices@lakeside.test", "ana@example.org", subject
    mail.set_content("Read it at http://127.0.0.1:8080/n/abc\n<script>alert(1)</script>\n")
    mail.add_attachment(b"%PDF-1.7 letter", maintype="application", subtype="pdf", filename="notice.pdf")
    return mail


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with Mailbox.running(tmp_path / "mailbox") as running:
        yield running


def reader(
    mailbox: Mailbox, *, base: str = "http://127.0.0.1", client: str = "127.0.0.1"
) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(mailbox.app, client=(client, 1234))
    return httpx.AsyncClient(transport=transport, base_url=base)


async def put(mailbox: Mailbox, mail: EmailMessage) -> None:
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=mailbox.port, use_tls=False, start_tls=False)


async def test_a_mail_sent_to_it_can_be_listed_and_read_with_its_attachment(mailbox: Mailbox):
    await put(mailbox, a_mail())

    async with reader(mailbox) as http:
        (listed,) = (await http.get("/mailbox/mails")).json()["items"]
        read = (await http.get(f"/mailbox/mails/{listed['name']}")).json()
        file = await http.get(read["attachments"][0]["href"])

    assert (listed["subject"], listed["to"]) == ("A notice from Lakeside", ["ana@example.org"])
    assert "/n/abc" in read["text"]
    assert file.content == b"%PDF-1.7 letter"
    assert file.headers["content-type"] == "application/pdf"


async def test_the_page_makes_links_of_addresses_and_nothing_of_markup(mailbox: Mailbox):
    await put(mailbox, a_mail("<b>Hello</b>"))

    async with reader(mailbox) as http:
        (listed,) = (await http.get("/mailbox/mails")).json()["items"]
        page = (await http.get(f"/mailbox/{listed['name']}")).text
        overview = (await http.get("/mailbox")).text

    assert '<a rel="noreferrer" href="http://127.0.0.1:8080/n/abc">' in page
    assert "<script>" not in page
    assert "<b>Hello</b>" not in page + overview


async def test_what_was_accepted_is_there_after_a_restart_and_gone_when_cleared(tmp_path: Path):
    async with Mailbox.running(tmp_path) as first:
        await put(first, a_mail())
    async with Mailbox.running(tmp_path) as second, reader(second) as http:
        assert len((await http.get("/mailbox/mails")).json()["items"]) == 1
        assert (await http.post("/mailbox/clear")).status_code == 303
        assert (await http.get("/mailbox/mails")).json() == {"items": []}


async def test_the_oldest_make_room(tmp_path: Path):
    mailbox = Mailbox(tmp_path, most=3)
    mailbox.prepare()

    kept = [mailbox.keep(("ana@example.org",), b"Subject: x\r\n\r\ny\r\n") for _ in range(5)]

    assert [mail.name for mail in mailbox.mails()] == kept[:1:-1]


async def test_mails_that_come_at_once_are_all_accepted_while_the_oldest_make_room(tmp_path: Path):
    mailbox = Mailbox(tmp_path / "mails", most=3)
    mailbox.prepare()

    kept = await asyncio.gather(
        *(asyncio.to_thread(mailbox.keep, ("a@example.org",), b"Subject: x\r\n\r\n") for _ in range(300))
    )

    assert len(set(kept)) == 300
    assert len(mailbox.mails()) == 3


async def test_it_is_readable_by_its_owner_alone(mailbox: Mailbox):
    await put(mailbox, a_mail())

    assert mailbox.folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in mailbox.folder.iterdir())


@pytest.mark.parametrize(
    ("base", "client"), [("http://127.0.0.1", "192.0.2.7"), ("http://evil.example", "127.0.0.1")]
)
async def test_nobody_elsewhere_and_no_rebound_name_reads_it(mailbox: Mailbox, base: str, client: str):
    async with reader(mailbox, base=base, client=client) as http:
        assert (await http.get("/mailbox")).status_code == 404


async def test_a_page_of_another_origin_cannot_clear_it(mailbox: Mailbox):
    await put(mailbox, a_mail())

    async with reader(mailbox) as http:
        answer = await http.post("/mailbox/clear", headers={"sec-fetch-site": "cross-site"})
        left = (await http.get("/mailbox/mails")).json()["items"]

    assert (answer.status_code, len(left)) == (403, 1)


@pytest.mark.parametrize("name", ["%2e%2e%2fsecrets", "0" * 20, "x"])
async def test_only_names_it_gave_are_looked_up(mailbox: Mailbox, name: str):
    async with reader(mailbox) as http:
        assert (await http.get(f"/mailbox/mails/{name}")).status_code == 404


async def test_the_log_does_not_say_to_whom_a_mail_goes(mailbox: Mailbox):
    said = io.StringIO()
    before = structlog.get_config()
    try:
        configure_logging(to=said)
        await put(mailbox, a_mail())
        logging.getLogger("any.library").info("it works")
    finally:
        structlog.configure(**before)

    assert "it works" in said.getvalue()
    assert "example.org" not in said.getvalue()
