"""Pictures are drawn by a process of their own: who asks for one holds up nobody, and it may die."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Timer
from typing import Any

import pytest

from runtime import drawing
from runtime.drawing import NotDrawn, drawn, svg_of

LINE: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "description": 'Words read: "20" & 40',
    "data": {"values": [{"day": day, "words": 20 + day} for day in range(20)]},
    "mark": "line",
    "encoding": {"x": {"field": "day", "type": "quantitative"}, "y": {"field": "words", "type": "quantitative"}},
}  # fmt: skip


async def test_the_same_picture_gives_the_same_bytes_and_says_what_it_shows() -> None:
    first, again = await svg_of(LINE), await svg_of(LINE)

    assert first == again
    assert first.startswith(b'<svg role="img" aria-label=\'Words read: "20" &amp; 40\' ')


def test_several_threads_get_each_their_own() -> None:
    told = [LINE | {"description": f"picture {number}"} for number in range(12)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(drawn, told))

    assert [f"picture {number}" in svg for number, svg in enumerate(found)] == [True] * 12


def test_this_process_only_waits() -> None:
    drawn(LINE)
    before = time.process_time()
    for number in range(10):
        drawn(LINE | {"description": str(number)})

    assert (time.process_time() - before) / 10 < 0.01, "drawing takes four times as long"


def test_one_that_died_is_started_again() -> None:
    before = drawn(LINE)
    process = drawing._ARTIST._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)

    assert drawn(LINE) == before


def test_whatever_goes_wrong_nobody_gets_the_answer_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(LINE)
    process = drawing._ARTIST._process
    assert process is not None

    class Breaks:
        """A pipe whose reader runs out of memory."""

        def readline(self) -> bytes:
            raise MemoryError

        def close(self) -> None:
            pass

    with monkeypatch.context() as broken:
        broken.setattr(process, "stdout", Breaks())
        with pytest.raises(MemoryError):
            drawn(LINE | {"description": "of the first"})

    assert "of the second" in drawn(LINE | {"description": "of the second"})
    assert "of the third" in drawn(LINE | {"description": "of the third"})


@pytest.mark.parametrize("rows", [20, 20_000])
def test_one_that_hangs_is_ended_and_another_draws(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Also in the middle of a request that is longer than a pipe holds."""
    picture = LINE | {"data": {"values": [{"day": day % 20, "words": 20} for day in range(rows)]}}
    drawn(LINE)
    process = drawing._ARTIST._process
    assert process is not None
    seconds = iter((0.5, 60.0))
    monkeypatch.setattr(drawing, "Timer", lambda _seconds, kill: Timer(next(seconds), kill))
    os.kill(process.pid, signal.SIGSTOP)

    assert drawn(picture).startswith("<svg ")


def test_what_cannot_be_drawn_is_refused_and_the_next_one_is_drawn() -> None:
    with pytest.raises(NotDrawn):
        drawn({"description": "nothing"})
    assert drawn(LINE).startswith("<svg ")


def test_a_process_that_was_forked_has_one_of_its_own() -> None:
    drawn(LINE)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, str(len(drawn(LINE | {"description": "of the child"}))).encode())
        finally:
            os._exit(0)
    ours = [drawn(LINE | {"description": f"of the parent {number}"}) for number in range(5)]
    os.close(write)

    assert int(os.read(read, 20)) > 0
    os.waitpid(child, 0)
    os.close(read)
    assert all("of the parent" in svg for svg in ours)
