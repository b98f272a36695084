"""By which channels a notice is given, and what is true of each: who hands it over, where it goes, from which day it counts.

A further channel (a text message, a district's own app) has a line here, a code in `contracts.vocabulary.Channel` and, where
it leaves by itself, a `notify_service.adapters.carrying.Carrier`. tests/test_channels.py is what it must pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from contracts.vocabulary import Channel, GivenBasis


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """One channel."""

    basis: GivenBasis
    """What shows that it was given."""
    goes_to: Literal["email", "address", "person"]
    """What must be known of the holder; it is kept with each sending, as it was at that moment."""
    leaves_by_itself: bool = False
    """Handed over by Handrail, and recorded with the other side's answer; else a person does it, and records it."""
    takes_days: bool = False
    """It counts once the district's mailing days have passed; else on the day itself."""
    comes_back: bool = False
    """It may be returned afterwards, and then was not given."""


CHANNELS: Mapping[Channel, ChannelRules] = {
    # The holder elected it (300.505), and their server accepted it.
    Channel.EMAIL: ChannelRules(GivenBasis.EMAIL_ACCEPTED, "email", leaves_by_itself=True, comes_back=True),
    Channel.LETTER: ChannelRules(GivenBasis.MAILING_DAYS_PASSED, "address", takes_days=True, comes_back=True),
    Channel.HANDED_OVER: ChannelRules(GivenBasis.HANDED_OVER, "person"),
    Channel.READ_ALOUD: ChannelRules(GivenBasis.READ_ALOUD, "person"),
}


def given_on(channel: Channel, on: date, mailing_days: int) -> date:
    """The day from which a sending of that day counts as given."""
    return on + timedelta(days=mailing_days) if CHANNELS[channel].takes_days else on
