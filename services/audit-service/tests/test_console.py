"""The console in a real Chromium: by keyboard alone, without an axe violation, on a phone, from right to left, on paper."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import httpx
import pytest
import pytest_asyncio

from audit_service.adapters.console.elsewhere import Elsewhere
from audit_service.application.destroyer import Destroyer
from audit_service.application.students import find_students
from audit_service.domain.destruction import AskDestruction
from audit_service.testing_facts import (
    DANA,
    GOAL,
    JONAS,
    PLAN,
    adopted,
    amended,
    confirmed,
    dana,
    draft_opened,
    goal_added,
    measured,
    missed,
    notice,
    proposed,
    registered,
    session,
    sorted_objects,
)
from contracts.district import RoleHeld
from contracts.event import EventClass
from contracts.plan import PlanEnded
from contracts.testing import an_id
from contracts.vocabulary import DestructionGround, LogFault
from runtime.append_request import Context
from runtime.auth import Principal
from runtime.tenants import subject_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "correct horse battery"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module")
async def district(console):
    """A year of Jonas's plan; Dana sees the whole district."""
    world, url = console
    officer = RoleHeld(role="compliance_officer", starts_on=date(2025, 8, 1))
    await world.write("plan", DANA, f"staff/{DANA}", dana().model_copy(update={"roles": (officer,)}))
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted())
    await world.write(
        "progress", JONAS, "item/nurse/2025-2026", session(date(2025, 9, 29)), missed(date(2025, 10, 6))
    )
    await world.write("plan", JONAS, f"plan/{PLAN}", proposed())
    await world.write("notify", JONAS, "notice/1", *notice())
    last = await world.write("plan", JONAS, f"plan/{PLAN}", amended())
    await world.write("progress", JONAS, "item/tests/2025-2026", measured(date(2025, 12, 19), 20))
    await world.caught_up()
    assert await world.audit.seen(world.tenant, last.last_event)
    return world, url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium) -> AsyncIterator[object]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        await launched.close()


async def axe_finds_nothing(page) -> None:
    from axe_playwright_python.async_playwright import Axe

    found = await Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


async def sign_in(page, district, to: str = "/") -> None:
    world, url = district
    await page.goto(url + to)
    await page.wait_for_selector("#login:focus")  # The browser puts the cursor there a moment after loading.
    await page.keyboard.type(world.tenant)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(url + to)


async def tab_to(page, name: str, most: int = 40) -> None:
    """Press Tab until what has focus is called ``name``."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(
            "(e => (e.labels?.[0]?.innerText ?? e.innerText ?? '').trim())(document.activeElement)"
        )
        if focused == name:
            return
    raise AssertionError(f"{name!r} is not reached by Tab on {page.url}")


async def test_the_console_is_used_by_keyboard_alone(district, browser) -> None:
    """Sign in, find a student, read the timeline, look at the plan on a day, compare two days."""
    _, url = district
    page = await browser.new_page()
    await sign_in(page, district)
    await axe_finds_nothing(page)

    await tab_to(page, "Name, or number in another system")
    await page.keyboard.type("jonas")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/?name=jonas")
    assert await page.locator("h2").inner_text() == "1 student found"
    await axe_finds_nothing(page)

    await tab_to(page, "Jonas Feld")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/students/{JONAS}")
    told = await page.locator("ol.timeline > li > p:first-child").all_inner_texts()
    assert len(told) == 12
    assert told[0] == "On August 1, 2025, Dana Reed (case manager) entered the student Jonas Feld."
    assert await page.locator("ol.timeline code").count() == 12
    await axe_finds_nothing(page)

    await tab_to(page, "Section 504 plan")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/plans/{PLAN}")
    await tab_to(page, "In force on")
    await page.keyboard.type("10012025")
    await tab_to(page, "Show the plan")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**effective_on=2025-10-01**")
    text = await page.locator("main").inner_text()
    assert "On October 1, 2025, as known today: in force, version 1" in text
    assert "May eat a snack" in text
    assert "No notice was owed by then" in text
    await axe_finds_nothing(page)

    await tab_to(page, "Compare with another day")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/compare?**")
    await page.locator("#to_on").focus()
    await page.keyboard.type("11012025")
    await page.locator("#from_on").focus()
    await page.keyboard.type("10012025")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**from_on=2025-10-01**")
    assert await page.locator("#differences").inner_text() == "1 difference"
    assert "May keep the phone for the sensor" in await page.locator("ul.cards").inner_text()
    assert await page.locator("ul.cards code").count() == 1
    await axe_finds_nothing(page)

    await tab_to(page, "Sign out")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/signed-out")
    await axe_finds_nothing(page)
    await page.goto(f"{url}/students/{JONAS}")
    assert "/oauth/authorize" in page.url


async def test_findings_are_found_by_keyboard_and_lead_to_their_rule_and_student(district, browser) -> None:
    world, url = district
    assert await world.audit.judging.settled(world.tenant, 10.0) == 0
    page = await browser.new_page()
    await sign_in(page, district, "/findings")
    await axe_finds_nothing(page)
    await tab_to(page, "Rule")
    await page.keyboard.type("s504.responsible")
    await tab_to(page, "Show")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/findings?*rule=s504.responsible*")
    found = await page.locator("ul.findings > li > p:first-child").all_inner_texts()
    assert len(found) == 3
    assert all("none since 2025-09-23" in each for each in found)
    await axe_finds_nothing(page)

    await page.locator("ul.findings a", has_text="s504.responsible").first.click()
    await page.wait_for_url("**/rules/s504.responsible")
    assert "34 CFR 104.33" in await page.locator("main").inner_text()
    await axe_finds_nothing(page)

    await page.goto(f"{url}/students/{JONAS}")
    assert await page.locator("#open-findings").inner_text() != "0 open or missed"
    await axe_finds_nothing(page)
    await page.goto(f"{url}/students/{JONAS}/findings?on=2025-09-24&known_at=2020-01-01")
    assert "None." in await page.locator("main").inner_text()
    await axe_finds_nothing(page)


async def test_the_plan_on_a_day_shows_who_was_told_and_what_was_given(district, browser) -> None:
    page = await browser.new_page()
    await sign_in(page, district, f"/plans/{PLAN}?effective_on=2026-01-15")

    text = await page.locator("main").inner_text()

    assert "Section 504 notice to Karl Feld: given on October 2, 2025 by email" in text
    assert "provider absent 1" in text
    assert "20 objects, December 19, 2025" in text
    assert "May keep the phone for the sensor" in text
    await page.get_by_role("link", name="The same page again, whatever is recorded later").click()
    assert "basis=plan:" in page.url
    assert "May keep the phone" in await page.locator("main").inner_text()
    await axe_finds_nothing(page)


async def test_how_a_goal_stands_is_drawn_and_said_in_a_sentence_and_a_table(district, browser) -> None:
    world, url = district
    days = (date(2025, 11, 14), date(2025, 12, 19), date(2026, 1, 12))
    await world.write("plan", JONAS, f"plan/{PLAN}", goal_added())
    results = [sorted_objects(day, value) for day, value in zip(days, (5, 12, 21), strict=True)]
    await world.write("progress", JONAS, f"item/{GOAL}/2025-2026", *results)
    await world.caught_up()
    page = await browser.new_page()
    await sign_in(page, district, f"/plans/{PLAN}?effective_on=2026-01-15")

    goal = page.get_by_role("article", name="Sorts 60 objects by kind.", exact=True)
    text = await goal.inner_text()
    assert "3 results, from 5 objects on 14 November 2025 to 21 objects on 12 January 2026." in text
    drawn = goal.get_by_role("img")
    await drawn.scroll_into_view_if_needed()
    await drawn.evaluate("image => image.decode()")  # Waits for it; refused where it is no picture.
    assert await drawn.evaluate("image => image.naturalWidth") > 300
    assert "said above and in the table" in (await drawn.get_attribute("alt") or "")
    rows = await goal.get_by_role("row").all_inner_texts()
    assert [row.split("\t")[:2] for row in rows[1:]] == [
        ["November 14, 2025", "5 objects"], ["December 19, 2025", "12 objects"], ["January 12, 2026", "21 objects"],
    ]  # fmt: skip
    await axe_finds_nothing(page)
    earlier = await page.goto(f"{url}/plans/{PLAN}?effective_on=2025-12-20")
    assert earlier is not None
    assert "No picture yet: 3 results are needed, there are 2." in await goal.inner_text()
    assert await goal.get_by_role("img").count() == 0


async def test_the_timeline_as_known_earlier_leaves_out_what_came_later(district, browser) -> None:
    _, url = district
    page = await browser.new_page()
    await sign_in(page, district, f"/students/{JONAS}")
    times = await page.locator("ol.timeline time[datetime*='T']").evaluate_all(
        "each => each.map(e => e.dateTime)"
    )

    await page.goto(f"{url}/students/{JONAS}?known_at={times[3]}")

    assert await page.locator("ol.timeline > li").count() == 4
    await axe_finds_nothing(page)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_on_a_phone_nothing_is_cut_off_in_either_direction(district, browser, direction) -> None:
    _, url = district
    page = await browser.new_page(viewport={"width": 320, "height": 640})
    await sign_in(page, district)
    for path in ("/?name=jo", f"/students/{JONAS}", f"/plans/{PLAN}?effective_on=2026-01-15",
                 f"/plans/{PLAN}/compare?from_on=2025-10-01&to_on=2026-01-15"):  # fmt: skip
        await page.goto(url + path)
        await page.evaluate("direction => { document.documentElement.dir = direction }", direction)
        wide = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{path} is {wide} px too wide"
        await axe_finds_nothing(page)


async def test_a_page_prints_without_its_controls(district, browser) -> None:
    page = await browser.new_page()
    await sign_in(page, district, f"/plans/{PLAN}?effective_on=2026-01-15")
    await page.emulate_media(media="print")

    assert not await page.get_by_role("button").first.is_visible()
    assert await page.locator("h1").is_visible()
    assert (await page.pdf()).startswith(b"%PDF")


async def test_dark_colours_have_enough_contrast(district, browser) -> None:
    page = await browser.new_page(color_scheme="dark")
    await sign_in(page, district, f"/plans/{PLAN}?effective_on=2026-01-15")

    await axe_finds_nothing(page)


# --- Without a browser ---


async def test_who_is_not_signed_in_is_sent_to_the_sign_in_page_and_nowhere_else(console) -> None:
    _, url = console
    async with httpx.AsyncClient() as http:
        for path in ("/", f"/students/{JONAS}", f"/plans/{PLAN}", f"/plans/{PLAN}/compare"):
            answer = await http.get(url + path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/oauth/authorize?")
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=lax" in cookie
        forged = await http.get(
            f"{url}/students/{JONAS}", cookies={"handrail_session": "eyJpZCI6ICJ4In0.forged"}
        )
        assert forged.status_code == 303
        strange = await http.get(f"{url}/signed-in?code=x&state=y")
        assert strange.status_code == 303


@asynccontextmanager
async def signed_in(district) -> AsyncIterator[httpx.AsyncClient]:
    """As a browser without pictures."""
    world, url = district
    async with httpx.AsyncClient(base_url=url, follow_redirects=True) as http:
        form = await http.get("/")
        await http.post(
            "/oauth/authorize", data=dict(form.url.params) | {"login": world.tenant, "password": PASSWORD}
        )
        yield http


async def test_an_entry_opens_and_the_timeline_is_narrowed_by_keyboard_alone(district, browser) -> None:
    _, url = district
    page = await browser.new_page()
    await sign_in(page, district, f"/students/{JONAS}")
    assert await page.locator("h3").all_inner_texts() == ["School year 2025-2026"]

    await tab_to(page, "Kind of event")
    await page.keyboard.type("notice.")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**type=notice.**")
    assert await page.locator("ol.timeline > li").count() == 3
    await axe_finds_nothing(page)

    first = (await page.locator("ol.timeline a").first.inner_text()).strip()
    await tab_to(page, first)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/events/**")
    text = await page.locator("main").inner_text()
    assert "What led to it" in text
    assert "holder_id" in await page.locator("pre").inner_text()
    assert "/audit/v1/proofs/" in text
    await axe_finds_nothing(page)

    await page.goto(f"{url}/students/{JONAS}?from_on=2031-01-01")
    assert "Nothing fits what was chosen." in await page.locator("main").inner_text()


async def test_the_console_says_since_when_contents_are_destroyed(district, browser) -> None:
    world, url = district
    keyring, subject = world.audit.keyring, JONAS
    asked = AskDestruction(an_id("destruction"), subject, tuple(EventClass), DestructionGround.COURT_ORDER, "clara", None,
                           None, None)  # fmt: skip
    ended = PlanEnded(effective_on=date(2026, 6, 12), plan_id=PLAN, reason="graduated")
    await world.write("plan", JONAS, f"plan/{PLAN}", ended)
    await world.caught_up()
    records, context = world.audit.records, Context(world.tenant, world.actor, "request-9")
    district_subject = await subject_of(world.audit.store, world.tenant)
    await records.ask(context, asked, district_subject)
    await records.approve(context, asked.destruction_id, "dana", district_subject)
    vendor = Principal("v", world.tenant, frozenset(), "client", "vendor")
    worker = Destroyer(lambda: records, backup_days=14, wait=0.0)
    async with asyncio.timeout(30):
        while not await worker.work():
            await asyncio.sleep(0.05)
        while await find_students(world.audit.database, vendor, name="jonas"):
            await asyncio.sleep(0.05)
    assert await keyring.holds(world.tenant) == []

    page = await browser.new_page()
    await sign_in(page, district, f"/students/{JONAS}")
    text = await page.locator("main").inner_text()
    assert "A student whose name was lawfully destroyed" in text
    assert text.count("Contents lawfully destroyed on") >= 12
    assert "Jonas" not in await page.content()
    await axe_finds_nothing(page)
    await page.locator("ol.timeline > li").last.locator("a").click()
    await page.wait_for_url("**/events/**")
    assert "destruction." in await page.locator("dl").inner_text()
    await axe_finds_nothing(page)
    await page.goto(f"{url}/plans/{PLAN}")
    assert "snack" not in await page.content()
    await axe_finds_nothing(page)


async def test_reads_in_the_console_are_in_the_record_of_access(district) -> None:
    world, _ = district
    async with signed_in(district) as http:
        assert (await http.get(f"/students/{JONAS}")).status_code == 200
        assert (await http.get(f"/plans/{PLAN}")).status_code == 200
    async with world.audit.database.lend(world.tenant) as connection:
        rows = await connection.fetch("SELECT subject, seen FROM audit.access")

    told = "\n".join(row["seen"] for row in rows)
    assert {row["subject"] for row in rows} == {JONAS}
    assert str(DANA) in told
    assert "Read a student's timeline in the console" in told
    assert "Read the plan as of a day in the console" in told
    assert "school_official" in told


async def test_what_is_not_there_or_not_to_be_seen_looks_the_same(district) -> None:
    async with signed_in(district) as http:
        for path in (f"/students/{an_id('nobody')}", f"/plans/{an_id('nothing')}", "/students/no-id"):
            answer = await http.get(path)
            assert answer.status_code in (404, 422)
            assert "cannot be shown" in answer.text
        bad = await http.get(f"/plans/{PLAN}?effective_on=soon")
        assert bad.status_code == 422
        assert "a date like 2026-03-09" in bad.text


async def test_what_somebody_typed_is_shown_as_text_only(district) -> None:
    async with signed_in(district) as http:
        answer = await http.get("/", params={"name": "<script>alert(1)</script>"})

    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_another_site_cannot_sign_somebody_out_or_take_them_elsewhere(district) -> None:
    async with signed_in(district) as http:
        answer = await http.post("/sign-out", headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
        assert (await http.get(f"/students/{JONAS}")).status_code == 200
    from audit_service.adapters.console.session import own_path

    assert [own_path(to) for to in ("//evil.example", "https://evil.example", "/\\evil.example", "/students/1")] == [
        "/", "/", "/", "/students/1",
    ]  # fmt: skip


NOT_LOOKED_AT = ("a district that is not there", "plan")
"""Of a log that is there the cosigner would find, at its next look, that nothing is wrong with it."""


async def test_what_works_less_than_it_should_is_a_line_on_every_page_for_who_can_act(
    district, monkeypatch
) -> None:
    world, _ = district
    async with signed_in(district) as http:
        assert 'class="alarms"' not in (await http.get("/")).text
        monkeypatch.setitem(world.audit.cosigner._faults, NOT_LOOKED_AT, LogFault.ROOT_DIFFERS)
        shown = (await http.get("/")).text
    assert "audit-service, log plan:" in shown
    assert "is inconsistent (root differs)" in shown


async def test_what_is_wrong_with_a_service_in_a_process_of_its_own_is_a_line_too(
    district, monkeypatch
) -> None:
    """As with Kafka: asked for over HTTP. The one that answers here is audit-service, as if it were another."""
    world, url = district
    monkeypatch.setattr("runtime.health.KEPT_SECONDS", 0.0)
    monkeypatch.setitem(world.audit.cosigner._faults, NOT_LOOKED_AT, LogFault.ROOT_DIFFERS)
    (told,) = await Elsewhere(lambda _: url).alarms({"plan", "progress", "notify"})
    assert told[:2] == ("audit", "log plan")
    assert "is inconsistent" in told[2]

    world.app.state.elsewhere = Elsewhere(lambda _: "http://127.0.0.1:1")
    async with signed_in(district) as http:
        shown = (await http.get("/")).text
    for service in ("plan", "progress", "notify"):
        assert f"{service}-service, health:" in shown
    assert "It does not say how it is: ConnectError." in shown
