"""Code lists of this service: what stands in notices, each with its meaning."""

from collections.abc import Iterable

from contracts.problems import NotFound
from contracts.vocabulary import Channel, CommunicationMode, GivenBasis, NoticeKind, NoticePart
from notify_service.adapters.showing import REASONS, Status
from notify_service.application.wording import LANGUAGES, wording
from runtime.http import Routes

routes = Routes(prefix="/notify/v1", tags=["codes"])


def _plain(codes: Iterable[str]) -> dict[str, str]:
    return {str(code): str(code).replace("_", " ") for code in codes}


LISTS: dict[str, dict[str, str]] = {
    "status": _plain(Status),
    "reason": dict(REASONS),
    "channel": _plain(Channel),
    "mode": _plain(CommunicationMode),
    "kind": _plain(NoticeKind),
    "part": _plain(NoticePart),
    "given_basis": _plain(GivenBasis),
    "language": {tag: f"{wording(tag)('language')} ({wording(tag).status})" for tag in LANGUAGES},
}
"""Every list by its name."""


@routes.get("/codes")
async def get_codes() -> dict[str, dict[str, str]]:
    """Read every code list of this service."""
    return LISTS


@routes.get("/codes/{name}")
async def get_code_list(name: str) -> dict[str, str]:
    """Read one code list."""
    if name not in LISTS:
        raise NotFound(f"There is no such list; there are {', '.join(LISTS)}.")
    return LISTS[name]
