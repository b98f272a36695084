"""Logs: one JSON object a line, a constant event name and fields. Ids yes, names and narrative never.

An exception is logged by its class and the places it came through. Its message is left out: a database's or a model's
message quotes the very values it was given.
"""

import contextlib
import logging
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MOST_FRAMES = 25


def configure_logging(level: str = "info", *, to: TextIO | None = None) -> None:
    """Send our own and every library's lines as JSON to ``to`` (standard error). Call it once where the process starts."""
    threshold = getattr(logging, level.upper(), logging.INFO)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _places_only,
    ]
    out = to or sys.stderr
    # Our own lines do not pass through the standard library: there is one for every request.
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_as_json)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_arguments: _Lines(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy.engine"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    # The edge writes one line for every request; uvicorn's would repeat it, with the query in it.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # These would log statements with their parameters, addresses with their queries, and to whom a mail goes.
    for name in ("sqlalchemy.engine", "httpx", "httpcore", "aiokafka", "asyncio", "python_multipart", "mail"):
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


class _Lines:
    """Writes lines. A log that cannot be written must not stop the work it tells of, as with the standard library's."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def msg(self, line: str) -> None:
        """One line, at once."""
        with contextlib.suppress(
            OSError, ValueError
        ):  # A full disk, a reader that has gone, a stream that was closed.
            self._out.write(line + "\n")
            self._out.flush()

    debug = info = warning = error = critical = exception = msg


def _as_json(event: EventDict, **_options: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def places(error: BaseException) -> list[str]:
    """``Class`` and ``file:line function`` of an exception and its causes; no message, no value."""
    said: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(said) < MOST_FRAMES:
        seen.add(id(current))
        said.append(f"{type(current).__module__}.{type(current).__qualname__}")
        said += _frames(current.__traceback__)
        current = current.__cause__ or current.__context__
    return said[:MOST_FRAMES]


def _frames(traceback: TracebackType | None) -> list[str]:
    found: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append(f"{'/'.join(Path(code.co_filename).parts[-2:])}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return found[-8:]


def _places_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    error: Any = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["came_through"] = places(error)
    event.pop("exc_text", None)
    event.pop("stack_info", None)
    return event
