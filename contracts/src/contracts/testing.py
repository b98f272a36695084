"""Builders for tests of every package: a log that numbers what it is given, with ids and instants that never vary."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from contracts.canonical import canonical, parse_instant
from contracts.event import Actor, Event, Recorded, decode
from contracts.ids import DISTRICT

NAMESPACE = UUID("6d6f4ff5-5c7b-4d5c-9f0a-2b0f3f7f5a11")


def an_id(name: str) -> UUID:
    """The same id for the same name, in every run."""
    return uuid5(NAMESPACE, name)


class Log:
    """An invented log: gives each event its version, index and instants, one minute apart unless told otherwise."""

    def __init__(
        self, *, tenant: str = "sandbox-sample", source: str = "plan", subject: str = "student"
    ) -> None:
        self.tenant = tenant
        self.source = source
        self.subject = an_id(subject)
        self.entries: list[Recorded[Event]] = []
        self._clock = datetime(2025, 9, 1, 12, 0, tzinfo=UTC)

    def append(
        self, event: Event, *, on: date | None = None, stream: str = DISTRICT, by: str = "a-person"
    ) -> UUID:
        """Record ``event``, on the day ``on`` or a minute after the entry before; returns the event's id."""
        self._clock += timedelta(minutes=1)
        if on is not None:
            self._clock = max(self._clock, datetime(on.year, on.month, on.day, 18, 0, tzinfo=UTC))
        index = len(self.entries)
        recorded = Recorded(
            event=event,
            id=an_id(f"event {index}"),
            source=self.source,
            tenant=self.tenant,
            subject=self.subject,
            stream=stream,
            version=sum(1 for entry in self.entries if entry.stream == stream) + 1,
            recorded_at=self._clock,
            actor=Actor(id=by, role="case_manager"),
            correlation=f"request-{index}",
            position=index,
            index=index,
            known_at=self._clock + timedelta(milliseconds=5),
        )
        self.entries.append(recorded)
        return recorded.id

    @property
    def now(self) -> datetime:
        """``known_at`` of the newest entry."""
        known_at = self.entries[-1].known_at
        assert known_at is not None
        return known_at


def read_example(text: str) -> Recorded[Event]:
    """A golden example (``contracts/examples``) as every reader gets it."""
    fields = json.loads(text)
    return Recorded(
        event=decode(
            fields["type"],
            fields["schema"],
            canonical(fields["contents"]),
            date.fromisoformat(fields["effective_on"]),
        ),
        id=UUID(fields["id"]),
        source=fields["source"],
        tenant=fields["tenant"],
        subject=UUID(fields["subject"]),
        stream=fields["stream"],
        version=fields["version"],
        recorded_at=parse_instant(fields["recorded_at"]),
        actor=Actor.model_validate(fields["actor"]),
        correlation=fields["correlation"],
        causation=UUID(fields["causation"]),
        rules=fields["rules"],
        position=fields["position"],
        index=fields["index"],
        known_at=parse_instant(fields["known_at"]),
    )
