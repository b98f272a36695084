"""The parent's page in a real Chromium: every language, without an axe violation, by keyboard alone, at 200 %, on a phone."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
import uvicorn

from notify_service.adapters.page import seeing
from notify_service.application.wording import LANGUAGES, wording

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.browser]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {"width": 360, "height": 740}


@asynccontextmanager
async def served(app) -> AsyncIterator[str]:
    """The running app at a real address; its lifespan is the world's."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium, world) -> AsyncIterator[tuple[object, str]]:
    """A notice's page, not opened yet, on a phone."""
    from playwright.async_api import async_playwright

    await world.arrange()
    await world.elect_email()
    await world.propose()
    await world.reaches("given")
    found = re.search(r"https?://\S+(/n/\S+)", world.text())
    assert found is not None
    async with served(world.app) as url, async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        shown = await launched.new_page(viewport=PHONE, java_script_enabled=True)
        yield shown, url + found[1]
        await launched.close()


async def axe_finds_nothing(shown) -> None:
    from axe_playwright_python.async_playwright import Axe

    # The page allows no script; axe is put in by the test beside its policy.
    found = await Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()


async def fits(shown) -> None:
    """Nothing has to be scrolled sideways."""
    wide = await shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} pixels too wide"


async def test_a_parent_reads_and_answers_in_every_language_by_keyboard_alone(page):
    shown, address = page
    await shown.goto(address)
    await axe_finds_nothing(shown)
    await shown.focus("input[name=month], select[name=month]")
    await shown.keyboard.type(wording("es").months()[5])
    for name, value in (("day", "20"), ("year", "2010")):
        await shown.focus(f"input[name={name}]")
        await shown.keyboard.type(value)
    await shown.keyboard.press("Enter")
    await shown.wait_for_selector("#answer")
    for language in LANGUAGES:
        await shown.focus(f"nav button[lang='{language}']")
        await shown.keyboard.press("Enter")
        await shown.wait_for_selector(f"html[lang='{language}'] #in-force")
        assert await shown.get_attribute("html", "dir") == wording(language).direction
        await axe_finds_nothing(shown)
        await fits(shown)
    await shown.focus("form[action$='/acknowledgement'] button")
    await shown.keyboard.press("Enter")
    await shown.wait_for_selector(".said")


async def test_at_twice_the_size_nothing_is_cut_off(page):
    shown, address = page
    await shown.set_viewport_size({"width": 640, "height": 480})
    await shown.goto(address)
    await shown.evaluate("document.documentElement.style.fontSize = '200%'")
    await fits(shown)
    await shown.fill("input[name=day]", "20")
    await shown.fill("input[name=year]", "2010")
    await shown.select_option("[name=month]", "6")
    await shown.locator("main form button").first.click()
    await shown.wait_for_selector("#answer")
    for language in LANGUAGES:
        await shown.locator(f"nav button[lang='{language}']").click()
        await shown.wait_for_selector(f"html[lang='{language}'] #looked")
        await shown.evaluate("document.documentElement.style.fontSize = '200%'")
        await fits(shown)


async def opened(shown, address) -> None:
    """Past the check."""
    await shown.goto(address)
    await shown.select_option("[name=month]", "6")
    await shown.fill("input[name=day]", "20")
    await shown.fill("input[name=year]", "2010")
    await shown.locator("main form button").first.click()
    await shown.wait_for_selector("#answer")


async def test_the_printed_page_is_the_whole_notice_and_no_form(page):
    shown, address = page
    await opened(shown, address)
    await shown.emulate_media(media="print")

    for said in ("#in-force", "#looked", "#what-now", "h1", "footer"):
        assert await shown.locator(said).is_visible(), said
    for left_out in ("form button", "textarea", "nav", "select"):
        assert not await shown.locator(left_out).first.is_visible(), left_out
    await fits(shown)
    assert (await shown.pdf()).startswith(b"%PDF")


async def test_no_address_of_a_notice_is_told_to_anybody(page):
    """Not to the page itself, and not to wherever a link in the letter leads (the booklet, the help)."""
    shown, address = page
    told: list[str | None] = []

    async def listen(request) -> None:
        told.append((await request.all_headers()).get("referer"))

    await opened(shown, address)
    shown.on("request", listen)
    await shown.locator("form[action$='/acknowledgement'] button").click()
    await shown.wait_for_selector(".said")
    elsewhere = address.partition("/n/")[0] + "/health/live"
    follow = (
        "at => { const a = document.createElement('a'); a.href = at; document.body.append(a); a.click() }"
    )
    await shown.evaluate(follow, elsewhere)
    await shown.wait_for_url(elsewhere)

    assert len(told) >= 2
    assert set(told) == {None}
    assert await shown.evaluate("document.referrer") == ""


async def test_an_expired_link_gives_a_new_one_by_one_key(page, world):
    shown, address = page
    async with world.notify.database.lend(world.tenant) as connection:
        await connection.execute("UPDATE notify.links SET expires_at = '2026-01-01'")
    before = len(world.mails)
    await shown.goto(address)
    await axe_finds_nothing(shown)
    await fits(shown)
    await shown.focus("form[action$='/link'] button")
    await shown.keyboard.press("Enter")
    await shown.wait_for_selector(".said")
    async with asyncio.timeout(10):
        while len(world.mails) == before:
            await asyncio.sleep(0.05)

    found = re.search(r"https?://\S+(/n/\S+)", world.text())
    assert found is not None
    await opened(shown, address.partition("/n/")[0] + found[1])
    assert "Mira" in await shown.inner_text("main")


async def test_what_a_parent_was_typing_when_the_page_was_closed_is_there_after_the_check(page, monkeypatch):
    shown, address = page
    with monkeypatch.context() as changed:
        changed.setattr(seeing, "OPEN_SECONDS", -1)
        await opened(shown, address)
    await shown.fill("#object-text", "Please keep\nthe aide.")
    await shown.check("#item-1")
    await shown.locator("form[action$='/objection'] button").click()
    await shown.wait_for_selector("#wrong")
    await axe_finds_nothing(shown)
    await fits(shown)
    assert "aide" not in shown.url + await shown.inner_text("body")
    await shown.locator("nav button[lang='ar']").click()
    await shown.wait_for_selector("html[lang='ar']")
    await shown.select_option("[name=month]", "6")
    await shown.fill("input[name=day]", "20")
    await shown.fill("input[name=year]", "2010")
    await shown.locator("main form button").first.click()
    await shown.wait_for_selector("#answer")

    await axe_finds_nothing(shown)
    assert await shown.input_value("#object-text") == "Please keep\nthe aide."
    assert await shown.is_checked("#item-1")
