"""A picture's bytes: Vega-Lite turned into SVG, with the same said in words for who does not see it.

A process of its own draws (``python -m runtime.drawing``). The library takes tens of milliseconds and keeps Python's lock
all the while: drawn here, nobody else would be answered meanwhile.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from threading import Lock, Timer
from typing import IO, Any, cast
from xml.sax.saxutils import quoteattr

MOST_SECONDS = 30.0


class NotDrawn(RuntimeError):
    """The picture's specification cannot be drawn, or nobody is there who draws."""


def drawn(picture: dict[str, Any]) -> str:
    """The picture as SVG: the same specification gives the same text. Waits for it: call it in a thread. Raises `NotDrawn`."""
    svg = _ARTIST.draw(picture)
    said = f'<svg role="img" aria-label={quoteattr(str(picture["description"]))} '
    return svg.replace("<svg ", said, 1)


async def svg_of(picture: dict[str, Any]) -> bytes:
    """The picture as SVG, drawn beside the event loop."""
    return (await asyncio.to_thread(drawn, picture)).encode()


class _Artist:
    """The process that draws for this one, started when it is first needed; it ends when its input does."""

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._of = 0

    def draw(self, picture: dict[str, Any]) -> str:
        """One line to it, one line back."""
        asked = json.dumps(picture).encode() + b"\n"
        with self._one_at_a_time:
            answer = self._ask(asked) or self._ask(asked)  # It may have died since the last picture.
        if not answer:
            raise NotDrawn("the process that draws pictures does not answer")
        told = json.loads(answer)
        if "svg" not in told:
            raise NotDrawn(told["error"])
        return str(told["svg"])

    def _ask(self, asked: bytes) -> bytes:
        """The whole answer, or nothing; whatever goes wrong, no later picture may get this one's answer."""
        process = self._running()
        into, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        too_long = Timer(MOST_SECONDS, process.kill)
        too_long.daemon = True
        too_long.start()
        answer = b""
        try:
            into.write(asked)
            into.flush()
            answer = out.readline()
        except OSError:
            pass
        finally:
            too_long.cancel()
            if not answer.endswith(b"\n"):
                self._end(process)
                answer = b""
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if (
            self._process is None or self._of != os.getpid()
        ):  # Of a process that was forked it is the parent's.
            # It needs nothing of our settings, and gets none of their secrets.
            passed = ("PATH", "PYTHONPATH", "HOME", "LANG")
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "runtime.drawing"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    env={name: os.environ[name] for name in passed if name in os.environ}, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                raise NotDrawn("the process that draws pictures cannot be started") from error
            self._of = os.getpid()
        return self._process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        process.kill()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                cast(IO[bytes], stream).close()
        process.wait()


_ARTIST = _Artist()


def main() -> None:
    """Draw what comes, line by line, until nothing comes any more."""
    import vl_convert

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What the library itself may print is no answer.
    for line in sys.stdin.buffer:
        try:
            told = {"svg": vl_convert.vegalite_to_svg(json.loads(line))}
        except ValueError as error:
            told = {"error": str(error)}
        answers.write(json.dumps(told).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
