"""What notify-service may be told beside what every service may: its mail server, its links, its patience."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from runtime.settings import Settings as RuntimeSettings


class Settings(RuntimeSettings):
    """``HANDRAIL_SMTP_HOST`` and so on."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    smtp_tls: Literal["starttls", "tls", "offered", "none"] = "offered"
    """``starttls`` and ``tls`` insist on it, which a district should; ``offered`` takes it where the server has it."""
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_timeout_seconds: float = Field(default=120, gt=0, le=900)
    """How long the server may take for one answer; after the mail itself an answer that never comes is in doubt."""
    mail_sender: str | None = None
    """The address notices come from. Not set: ``notices@`` and the host of ``public_url``."""
    returns_port: int | None = Field(default=None, ge=0, le=65535)
    """Where to listen for delivery reports (the mail exchanger of ``returns_domain``). Not set: bounces go to the sender."""
    returns_domain: str | None = None
    """Right of the @ in return addresses. Not set: that of the sender."""
    webhooks_to_private_addresses: bool = False
    """Whether vendors' endpoints may be at loopback and private addresses, and by http: on a machine of one's own."""
    link_days: int = Field(default=30, ge=1, le=365)
    """How long a link to a notice works."""
    mail_patience_seconds: float = Field(default=2, ge=0, le=36_000)
    """How long a mail about a change waits for further changes of the same day to the same person, to be one letter with
    them; never past that day. A letter on paper takes further ones along until it is printed."""
    send_lease_seconds: float = Field(default=15, gt=0, le=600)
    """How soon another instance takes over what a dead one had begun."""

    @property
    def sender_address(self) -> str:
        """From whom mails come."""
        return self.mail_sender or f"notices@{self.mail_domain}"

    @property
    def mail_domain(self) -> str:
        """Right of the @ in our addresses and message ids."""
        host = urlsplit(self.public_url).hostname or "localhost"
        return f"[{host}]" if host.replace(".", "").isdigit() else host
