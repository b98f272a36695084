"""Code lists of this service: what stands in notices, each with its meaning."""

from collections.abc import Iterable

from contracts.codes import CodeList
from contracts.vocabulary import Channel, CommunicationMode, GivenBasis, NoticeKind, NoticePart
from notify_service.adapters.showing import REASONS, Status
from notify_service.application.wording import LANGUAGES, wording
from runtime.code_lists import code_list_routes

OURS = "Handrail"


def _plain(name: str, codes: Iterable[str], source: str = OURS) -> CodeList:
    return CodeList(name, source, {str(code): str(code).replace("_", " ") for code in codes})


LISTS = (
    _plain("status", Status),
    CodeList("reason", OURS, dict(REASONS)),
    _plain("channel", Channel),
    _plain("mode", CommunicationMode),
    _plain("kind", NoticeKind),
    _plain("part", NoticePart, "34 CFR 300.503(b)"),
    _plain("given_basis", GivenBasis),
    CodeList(
        "language",
        "BCP 47; with how far our wording in it was reviewed",
        {tag: f"{wording(tag)('language')} ({wording(tag).status})" for tag in LANGUAGES},
    ),
)

routes = code_list_routes("/notify/v1", LISTS, "notice.read")
