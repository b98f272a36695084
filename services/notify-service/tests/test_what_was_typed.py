"""A page that was closed after a while, or refuses a text, loses nothing of what was typed on it."""

import html
import re

import pytest

from contracts.notify import NoticeObjected
from contracts.students import RequestMade
from notify_service.adapters.page import seeing
from notify_service.adapters.page.draft import LONGEST_TEXT, MOST_CARRIED

pytestmark = pytest.mark.asyncio(loop_scope="module")
BIRTH = {"month": "6", "day": "20", "year": "2010"}
TYPED = "\nNo </textarea><script>x</script>\nthe aide \"stays\" & 'helps'."


async def opened(world, monkeypatch, seconds: int):
    """An opened page, whose time to answer is ``seconds``."""
    await world.arrange(language="en")
    await world.elect_email()
    await world.propose()
    notice = await world.reaches("given")
    path = re.search(r"http://test(/n/\S+)", world.text())[1]
    with monkeypatch.context() as changed:
        changed.setattr(seeing, "OPEN_SECONDS", seconds)
        page = await world.http.post(path, data=BIRTH)
    return notice, path, page


def fields(page: str, form: str) -> list[tuple[str, str]]:
    """The hidden fields of one form, and its text as a browser reads it."""
    found = re.search(rf'<form method="post" action="{re.escape(form)}".*?</form>', page, re.S)[0]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found)
    typed = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", found, re.S)
    return [(name, html.unescape(value)) for name, value in hidden] + (
        [("text", html.unescape(typed[1]))] if typed else []
    )


async def test_an_objection_sent_too_late_is_there_again_after_the_check_and_is_recorded_only_then(
    world, monkeypatch
):
    notice, path, page = await opened(world, monkeypatch, -1)
    form = dict(fields(page.text, f"{path}/objection"))
    item = re.search(r'name="items" value="([^"]+)"', page.text)[1]

    late = await world.http.post(f"{path}/objection", data=form | {"text": TYPED, "items": [item]})
    carried = dict(fields(late.text, path))
    wrong = await world.http.post(path, data=carried | BIRTH | {"day": "21"})
    other_language = await world.http.post(path, data=dict(fields(wrong.text, path)) | {"lang": "es"})
    again = await world.http.post(path, data=dict(fields(other_language.text, path)) | BIRTH | {"lang": "en"})

    for shown in (late, wrong, other_language):
        assert "Mira" not in shown.text
        assert "<script>" not in shown.text
        assert dict(fields(shown.text, path))["text"] == TYPED
    assert (late.status_code, wrong.status_code, other_language.status_code) == (200, 422, 200)
    assert "What you wrote has been kept. It has not been sent yet." in late.text
    assert "What you wrote has been kept. It has not been sent yet." in again.text
    assert f'value="{item}" checked' in again.text
    refilled = dict(fields(again.text, f"{path}/objection"))
    assert refilled["text"] == TYPED
    assert not [each for each in await world.history(notice) if isinstance(each, NoticeObjected)]

    sent = await world.http.post(f"{path}/objection", data=refilled | {"items": [item]})

    assert sent.status_code == 200
    (objected,) = [each for each in await world.history(notice) if isinstance(each, NoticeObjected)]
    assert objected.personal.text == TYPED
    assert [str(each) for each in objected.items] == [item]


async def test_a_request_sent_too_late_keeps_what_was_asked_for(world, monkeypatch):
    notice, path, page = await opened(world, monkeypatch, -1)
    form = dict(fields(page.text, f"{path}/request"))

    late = await world.http.post(f"{path}/request", data=form | {"kind": "meeting", "text": "In May."})
    again = await world.http.post(path, data=dict(fields(late.text, path)) | BIRTH)

    assert '<option value="meeting" selected>' in again.text
    assert dict(fields(again.text, f"{path}/request"))["text"] == "In May."
    assert dict(fields(again.text, f"{path}/objection"))["text"] == ""
    assert not [each for each in await world.history(notice) if isinstance(each, RequestMade)]


async def test_a_text_that_is_too_long_is_still_there_to_be_shortened(world, monkeypatch):
    _, path, page = await opened(world, monkeypatch, 600)
    form = dict(fields(page.text, f"{path}/objection"))
    long = "x" * LONGEST_TEXT + "the end"

    answer = await world.http.post(f"{path}/objection", data=form | {"text": long})

    assert answer.status_code == 422
    assert dict(fields(answer.text, f"{path}/objection"))["text"] == long


async def test_the_end_of_a_line_counts_as_one_character_as_a_browser_counts_it(world, monkeypatch):
    notice, path, page = await opened(world, monkeypatch, 600)
    form = dict(fields(page.text, f"{path}/objection"))
    typed = "\r\n".join(["x" * 326] * 61)
    counted = typed.replace("\r\n", "\n")
    assert len(counted) <= LONGEST_TEXT < len(typed)

    answer = await world.http.post(f"{path}/objection", data=form | {"text": typed})

    assert answer.status_code == 200
    (objected,) = [each for each in await world.history(notice) if isinstance(each, NoticeObjected)]
    assert objected.personal.text == counted


async def test_no_more_goes_along_than_a_page_lets_anybody_type(world, monkeypatch):
    _, path, _ = await opened(world, monkeypatch, 600)

    shown = await world.http.post(path, data={"form": "objection", "text": "x" * 3 * LONGEST_TEXT})
    other = await world.http.post(path, data={"form": "anything", "text": "hello there"} | BIRTH)

    assert len(dict(fields(shown.text, path))["text"]) == MOST_CARRIED
    assert "hello there" not in other.text
