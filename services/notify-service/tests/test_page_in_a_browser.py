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
    await shown.evaluate("document.documentElement.style.fontSize = '200%'")
    await fits(shown)
