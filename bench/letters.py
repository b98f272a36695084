"""Letters: composed, set and handed to a mail server, in letters per second.

Ours: a sample of each kind in each language, composed from its facts, set as a tagged PDF, put into a mail, handed over.
Floors: the same Typst source set bare, with its text made before; the same mails, made before, handed over bare. The mail
server takes everything and keeps nothing. Then so many letters as ``HANDRAIL_BENCH_LETTERS`` says (50,000 for the long look), no
two alike and set in threads as the service does it, are handed over without a floor beside them, and memory is looked at
after the first tenth and at the end: it has to stay flat.
"""

import asyncio
import json
import os
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from typing import Any

import typst
from aiosmtpd.controller import Controller

from bench.ground import Ground
from bench.measure import Row
from contracts.vocabulary import NoticeKind
from notify_service.adapters.carrying import Outcome
from notify_service.adapters.mail_message import Envelope, notice_mail
from notify_service.adapters.smtp import MailServer
from notify_service.application.letter import letter_pdf
from notify_service.application.notice_text import NoticeText, compose
from notify_service.application.samples import samples_of
from notify_service.application.wording import LANGUAGES, template_file, wording
from notify_service.domain.facts import NoticeFacts
from runtime.tagged_pdf import FAMILIES, fonts
from runtime.testing import free_port

ROUNDS = 3
AT_ONCE = 4
AT = datetime(2026, 2, 24, 12, tzinfo=UTC)
ENVELOPE = Envelope(
    "notices@bench.example.org", "ana@bench.example.org", "Ana Sample", "<notice.1@bench.example.org>"
)


class _Sink:
    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        return "250 taken"


async def bench(ground: Ground) -> list[Row]:
    """Set, then handed over."""
    count = 60 if ground.quick else 400
    many = int(os.environ.get("HANDRAIL_BENCH_LETTERS") or 10 * count)
    samples = [
        (facts, tag) for kind in NoticeKind for facts in [list(samples_of(kind))[-1]] for tag in LANGUAGES
    ]
    texts = [compose(facts, wording(tag), tag) for facts, tag in samples]
    _set(*samples[0])
    return [_setting(samples, texts, count), *await _handing_over(samples, count, many)]


def _setting(samples: list[tuple[NoticeFacts, str]], texts: list[NoticeText], count: int) -> Row:
    source = template_file("notice.typ")
    families = json.dumps(FAMILIES)
    ready = [json.dumps(asdict(text), ensure_ascii=False) for text in texts]

    def bare(text: str) -> bytes | list[bytes] | None:
        return typst.compile(source, format="pdf", sys_inputs={"text": text, "fonts": families}, pdf_standards="ua-1",
                             ignore_system_fonts=True, timestamp=AT, font_paths=fonts())  # fmt: skip

    ours, floor = [], []
    for _ in range(ROUNDS):
        ours.append(_rate(count, (partial(_set, *each) for each in cycle(samples))))
        floor.append(_rate(count, (partial(bare, text) for text in cycle(ready))))
    return Row("letters", "composed and set", "letters/s", ours, "bare Typst", floor, wanted=0.5)


async def _handing_over(samples: list[tuple[NoticeFacts, str]], count: int, many: int) -> list[Row]:
    host = Controller(_Sink(), hostname="127.0.0.1", port=free_port())
    host.start()
    server = MailServer(host="127.0.0.1", port=host.port, tls="none")
    made = _mail(*samples[0])

    async def whole(number: int) -> None:
        await _hand(server, _mail(*samples[number % len(samples)]))

    async def in_life(number: int) -> None:
        facts, tag = samples[number % len(samples)]
        unlike = facts.model_copy(update={"student_name": f"{facts.student_name} {number}"})
        await _hand(server, await asyncio.to_thread(_mail, unlike, tag))

    try:
        ours, floor = [], []
        for _ in range(ROUNDS):
            ours.append(await _rate_of(count, whole))
            floor.append(await _rate_of(count, lambda _n: _hand(server, made)))
        tenth = await _rate_of(many // 10, in_life, AT_ONCE)
        early = _peak()
        rest = await _rate_of(many - many // 10, in_life, AT_ONCE)
    finally:
        host.stop()
    memory = {"peak MiB after a tenth": early, "peak MiB": _peak()}
    return [
        Row("letters", "set, put into a mail, handed over", "mails/s", ours, "bare SMTP", floor),
        Row(
            "letters",
            f"the same, {many} in threads, {AT_ONCE} at once",
            "mails/s",
            [tenth, rest],
            facts=memory,
        ),
    ]


def _set(facts: NoticeFacts, tag: str) -> bytes:
    return letter_pdf(compose(facts, wording(tag), tag), facts)


def _mail(facts: NoticeFacts, tag: str) -> bytes:
    return notice_mail(
        ENVELOPE, facts, wording(tag), _set(facts, tag), "https://bench.example.org/n/x", AT, AT
    )


async def _hand(server: MailServer, mail: bytes) -> None:
    async def go_on() -> bool:
        return True

    answered = await server.hand_over(ENVELOPE.sender, ENVELOPE.to, mail, go_on)
    if answered.outcome is not Outcome.ACCEPTED:
        raise RuntimeError(answered.answer)


def _rate(count: int, work: Iterator[Callable[[], object]]) -> float:
    """Nothing of what is made is kept: the process's memory is what setting takes."""
    began = time.perf_counter()
    for one in islice(work, count):
        one()
    return count / (time.perf_counter() - began)


async def _rate_of(count: int, one: Callable[[int], Awaitable[None]], at_once: int = 1) -> float:
    numbers = iter(range(count))

    async def take() -> None:
        for number in numbers:
            await one(number)
            await asyncio.sleep(0)

    began = time.perf_counter()
    await asyncio.gather(*(take() for _ in range(at_once)))
    return count / (time.perf_counter() - began)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
