"""Letters that are printed and posted together: how a batch folds, and its manifest for the envelopes."""

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.event import Event, Json
from contracts.letter_batches import BatchedLetter, LetterBatchMade, LetterBatchPosted
from contracts.problems import Invalid, Reason, Rejected
from contracts.shown_text import as_shown
from runtime.stream_model import Model, Resource

MOST_LETTERS = 500


class NothingToPost(Rejected):
    """No letter waits to be posted that is not in another batch."""

    code = "nothing-to-post"


class BatchPosted(Rejected):
    """The batch has been posted: what it was stays."""

    code = "batch-posted"


class WentOrLeftOut(Rejected):
    """Of letters that may not go any more today it must be said whether they had gone: nobody else knows."""

    code = "went-or-left-out"

    def __init__(self, notices: Sequence[UUID]) -> None:
        super().__init__(
            "Since these were printed their people may not be written to any more, or they were taken back. Name each under "
            "`left_out` if its letter was not posted, and under `went_anyway` if it was.",
            notices=list(notices),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Its letters, and whether they have left."""

    batch_id: UUID | None = None
    letters: tuple[BatchedLetter, ...] = ()
    made_on: date | None = None
    posted_on: date | None = None
    carrier: str | None = None
    left_out: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """One line of the manifest: who it goes to, and which bytes belong in it."""

    file: str
    name: str
    address: tuple[str, ...]
    notices: tuple[UUID, ...]
    pages: int
    digest: str


def evolve(batch: Batch, event: Event) -> Batch:
    """One more event of the stream."""
    match event:
        case LetterBatchMade():
            return replace(batch, batch_id=event.batch_id, letters=event.letters, made_on=event.effective_on)
        case LetterBatchPosted():
            return replace(batch, posted_on=event.posted_on, carrier=event.carrier, left_out=event.left_out)
        case _:
            return batch


def said_of(
    batch: Batch, left_out: Collection[UUID], went_anyway: Collection[UUID]
) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Every notice of the letters that stayed, and of those that went anyway: a letter goes as a whole or not at all."""
    named = {notice for letter in batch.letters for notice in letter.notice_ids}
    for field, notices in (("/left_out", left_out), ("/went_anyway", went_anyway)):
        if not named.issuperset(notices):
            message = "This notice is not in the batch."
            raise Invalid(message, reasons=(Reason("not-in-the-batch", message, pointer=field),))
    stay, went = (
        frozenset(
            notice for letter in batch.letters if not said.isdisjoint(letter.notice_ids) for notice in letter.notice_ids
        )
        for said in (set(left_out), set(went_anyway))
    )  # fmt: skip
    if stay & went:
        message = "A letter either went or was left out."
        raise Invalid(message, reasons=(Reason("both-went-and-left-out", message, pointer="/went_anyway"),))
    return stay, went


def manifest(envelopes: Sequence[Envelope]) -> str:
    """CSV (RFC 4180), a line an envelope. A cell never begins like a formula: the file is opened in spreadsheets."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(["file", "name", "address", "notices", "pages", "sha256"])
    for each in envelopes:
        told = [each.name, "; ".join(each.address)]
        lines.writerow([
            each.file, *(_no_formula(cell) for cell in told), " ".join(str(notice) for notice in each.notices),
            each.pages, each.digest,
        ])  # fmt: skip
    return out.getvalue()


def _no_formula(cell: str) -> str:
    cell = as_shown(cell)
    return f"'{cell}" if cell[:1] in "=+-@\t\r" else cell


def batch_document(batch: Batch) -> Json:
    """As a read shows it: no names."""
    document: Json = {
        "made_on": batch.made_on.isoformat() if batch.made_on else None,
        "posted_on": batch.posted_on.isoformat() if batch.posted_on else None,
        "carrier": batch.carrier,
        "letters": [
            {"notices": [str(notice) for notice in letter.notice_ids], "digest": letter.digest, "pages": letter.pages}
            for letter in batch.letters
        ],
        "left_out": [str(notice) for notice in batch.left_out],
    }  # fmt: skip
    return {name: value for name, value in document.items() if value is not None}


def _resources(batch: Batch, _event: Event) -> Iterable[Resource]:
    if batch.batch_id is not None:
        yield Resource("batch", batch.batch_id, batch_document(batch))


BATCH = Model("batch", "1", Batch(), evolve, _resources)
