"""Templates, and how dates, instants and codes are written for people."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import HTMLResponse

from contracts.codes import label
from contracts.plain_words import day_in_words

_FOLDER = Path(__file__).with_name("templates")
STYLE = (_FOLDER / "console.css").read_bytes()
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
                               "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}  # fmt: skip
PICTURE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
"""A picture opened by itself: its own styles, and nothing else."""


def _day(value: date | str) -> str:
    return day_in_words(value if isinstance(value, date) else date.fromisoformat(value))


@pass_context
def _moment(context: Context, value: datetime) -> str:
    """``March 9, 2026, 14:03:07 CST``: in the district's zone."""
    local = value.astimezone(ZoneInfo(context.get("zone", "UTC")))
    return f"{day_in_words(local.date())}, {local:%H:%M:%S %Z}"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "day": _day,
        "missed": lambda code: label("missed_reason", code),
        "moment": _moment,
        "role": lambda code: label("staff_role", code),
        "words": _words,
    }
    return environment


_templates = _environment()


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One page."""
    return HTMLResponse(_templates.get_template(template).render(values), status, HEADERS)
