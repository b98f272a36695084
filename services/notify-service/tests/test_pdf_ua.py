"""Every letter is PDF/UA-1 by veraPDF: each kind once in one language, each language once, and the proof.

All kinds, occasions and modes in all languages with ``HANDRAIL_LONG=1``.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.vocabulary import NoticeKind
from notify_service.application.letter import letter_pdf, proof_pdf
from notify_service.application.notice_text import compose
from notify_service.application.proof import Digest, Entry, ProofText
from notify_service.application.samples import samples_of
from notify_service.application.wording import LANGUAGES, wording
from notify_service.testing_verapdf import reason_without, verdicts
from runtime.testing_pytest_kafka import lacking

pytestmark = pytest.mark.slow
LACKING = reason_without()


def letters() -> Iterator[tuple[str, bytes]]:
    """Name and bytes."""
    everything = os.environ.get("HANDRAIL_LONG") == "1"
    for number, kind in enumerate(NoticeKind):
        languages = LANGUAGES if everything else (LANGUAGES[number % len(LANGUAGES)],)
        for language in languages:
            samples = list(samples_of(kind))
            for index, facts in enumerate(samples if everything else samples[:1]):
                yield (
                    f"{kind}-{language}-{index}",
                    letter_pdf(compose(facts, wording(language), language), facts),
                )
    entries = (Entry("On March 2, 2026, the notice was sent.", "2026-03-02 15:04:05 UTC", "entry 12"),)
    digests = (Digest("The letter", "ab" * 32, "cd" * 32, 12_345),)
    text = ProofText(
        "Proof of notice", "Harborview", "1", "A notice.", "It counts.", entries, digests, "Ask for it."
    )
    yield "proof", proof_pdf(text, datetime(2026, 3, 2, tzinfo=UTC))


def test_every_letter_is_what_it_says_it_is(tmp_path: Path) -> None:
    if LACKING is not None:
        lacking("verapdf", LACKING)
    files = []
    for name, pdf in letters():
        files.append(tmp_path / f"{name}.pdf")
        files[-1].write_bytes(pdf)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(files[0].read_bytes().replace(b"/Marked true", b"/Marked false"))

    found = verdicts([*files, broken])

    assert {
        file.stem: verdict.failed
        for file, verdict in zip(files, found, strict=False)
        if not verdict.compliant
    } == {}
    assert not found[-1].compliant, "what is not tagged is found"
