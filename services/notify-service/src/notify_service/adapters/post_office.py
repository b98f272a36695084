"""Where and as whom mails are handed in, and how a link to a notice is written."""

from dataclasses import dataclass
from uuid import UUID

from notify_service.adapters.bounces import ReturnAddresses, ReturnTo
from notify_service.adapters.carrying import Carrier
from notify_service.adapters.links import Link, LinkMaker


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What is needed to send."""

    server: Carrier
    links: LinkMaker
    sender: str
    domain: str
    public_url: str
    link_days: int
    returns: ReturnAddresses | None = None
    """Where delivery reports come to; without a server for them they go to the sender's address."""

    def return_to(self, notice: UUID, delivery: UUID) -> str:
        """The envelope's sender of one mail."""
        return self.returns.of(ReturnTo(notice, delivery)) if self.returns else self.sender

    def address_of(self, link: Link) -> str:
        """The page of a notice."""
        return f"{self.public_url}/n/{self.links.token(link)}"
