"""What several routes about people and places take: periods, addresses, who may write the roster."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from contracts.fields import Code, Line, Name
from contracts.values import PostalAddress
from plan_service.adapters.routes.forms import Form
from runtime.auth import Principal, allow

ADMIN = "admin"

ReadsRoster = Annotated[Principal, allow("plan.read", "roster.write")]
WritesRoster = Annotated[Principal, allow("roster.write")]
WritesAround = Annotated[Principal, allow("roster.write", "plan.write")]
"""Contacts and assignments come from rosters and from case managers."""
SetsUp = Annotated[Principal, allow(ADMIN)]

From = Annotated[date, Field(alias="from", description="The first day.")]
Until = Annotated[date | None, Field(description="The last day.")]


class Dated(Form):
    """A body with a field ``from``."""

    model_config = ConfigDict(populate_by_name=True)


class OnIn(Form):
    """The first day without it."""

    on: date


class AddressIn(Form):
    """Where a letter goes."""

    lines: tuple[Line, ...] = Field(min_length=1, max_length=6)
    city: Name | None = None
    state: Name | None = None
    postal_code: Name | None = None
    country: Code | None = None
    """ISO 3166 code in lower case; absent means the district's own country."""

    def to_value(self) -> PostalAddress:
        """As it stands on events."""
        return PostalAddress(
            lines=self.lines,
            city=self.city,
            state=self.state,
            postal_code=self.postal_code,
            country=self.country,
        )


def address_value(address: AddressIn | None) -> PostalAddress | None:
    """See `AddressIn.to_value`."""
    return address.to_value() if address else None
