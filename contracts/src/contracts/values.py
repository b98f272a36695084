"""What several events carry: a fact reported rather than decided, a document kept in the vault, an address."""

from datetime import date
from uuid import UUID

from pydantic import Field

from contracts.event import Value
from contracts.fields import Code, ExternalId, Line, Name, Narrative, SaltHex, Sha256Hex


class Unmet(Value):
    """A rule that would have refused this as a decision, named when the fact was reported."""

    code: Line
    """The refusal's stable code, e.g. ``prior-written-notice-required``."""
    citation: Line | None = None
    """Where the rule stands, e.g. ``34 CFR 300.503(a)``."""
    message: Narrative | None = None
    """What was unmet, in words and dates; no names."""


class Reported(Value):
    """It had happened already: recorded as it was, whether or not a rule would have allowed it."""

    source: Name
    """Who or what reports it: a system, a paper file, an office."""
    reason: Narrative
    """Why it is reported and not decided here."""
    occurred_on: date
    """The day on which it happened."""
    unmet: tuple[Unmet, ...] = ()
    """The rules that would have refused it, as known when it was recorded."""


class VoidPersonalData(Value):
    """Why the record was wrong."""

    reason: Narrative


class Imported(Value):
    """Where an imported fact came from, and when the old system says it was recorded."""

    source: Name
    external_id: ExternalId | None = None
    source_recorded_on: date | None = None


class DocumentRef(Value):
    """A file kept sealed in the vault; the digest proves its bytes to whoever holds the salt."""

    document: UUID
    digest: Sha256Hex
    """SHA-256 of the salt followed by the bytes."""
    salt: SaltHex
    media_type: Line
    bytes: int = Field(ge=0)


class PostalAddress(Value):
    """Where a letter goes."""

    lines: tuple[Line, ...]
    """Street, house, apartment, care of: as they stand on the envelope."""
    city: Name | None = None
    state: Name | None = None
    postal_code: Name | None = None
    country: Code | None = None
    """ISO 3166 code in lower case; absent means the district's own country."""
