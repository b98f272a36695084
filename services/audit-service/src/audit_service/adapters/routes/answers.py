"""Answers that are not one stored resource."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response


def json_answer(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as every answer is written."""
    return Response(msgspec.json.encode(body), 200, dict(headers or {}), "application/json")
