"""Answers that are not one stored resource."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

CONTENTS_SCOPE = {
    "plan": "plan.read",
    "progress": "progress.read",
    "notify": "notice.read",
    "audit": "audit.read",
}
"""What a token needs to be given the contents of each source's events."""


NOTHING_KNOWN = "Nothing was known of this student then."
"""What an answer about a moment says that lies before the first entry about the student, so that nobody reads it as all quiet."""


def json_answer(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as every answer is written."""
    return Response(msgspec.json.encode(body), 200, dict(headers or {}), "application/json")
