"""Where a webhook may go: to public addresses only, unless the operator allows others (SSRF).

The name is resolved here, every address is looked at, and the connection goes to the very address that was looked at: a
name that resolves to something else a moment later (DNS rebinding) gains nothing.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import idna

LONGEST_URL = 1000
LOOK_SECONDS = 5.0
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_LOOKS = ThreadPoolExecutor(4, "names-of-webhooks")
"""Threads of their own: where nobody answers about names, nothing but webhooks waits for it."""
NOWHERE_PUBLIC = frozenset({"internal", "local", "localhost"})
"""Last words of names that only networks of one's own know (RFC 6762, 6761; ICANN's `.internal`)."""


class NotAllowed(ValueError):
    """The endpoint may not be called; the message says why."""


class NoAddress(NotAllowed):
    """The name leads nowhere at the moment."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address."""

    host: str
    port: int
    address: str
    tls: bool
    path: str


def parts_of(url: str, *, private_allowed: bool) -> tuple[str, int, bool, str]:
    """Host, port, TLS and path of an endpoint's address; raises `NotAllowed`."""
    if len(url) > LONGEST_URL or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise NotAllowed("the address is too long or has characters that no address has")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as error:
        raise NotAllowed("this is no address") from error
    if split.scheme != "https" and not (private_allowed and split.scheme == "http"):
        raise NotAllowed("an endpoint is reached by https")
    if not split.hostname or split.username is not None or split.password is not None or split.fragment:
        raise NotAllowed("an endpoint's address has a host, no user, no password and no fragment")
    if port == 0:
        raise NotAllowed("there is no port 0")
    host = _host(split.hostname)
    _, dot, last = host.rstrip(".").rpartition(".")
    if not private_allowed and ":" not in host and (not dot or last in NOWHERE_PUBLIC):
        raise NotAllowed("the name is of a network of one's own")
    tls = split.scheme == "https"
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    return host, port or (443 if tls else 80), tls, path


def _host(name: str) -> str:
    try:
        if ":" in name and "%" not in name:
            return str(ipaddress.IPv6Address(name))
        host = name if name.isascii() else idna.encode(name, uts46=True).decode()
        if _HOST.fullmatch(host):
            return host
    except ValueError as error:
        raise NotAllowed("this is no name of a host") from error
    raise NotAllowed("this is no name of a host")


async def checked(url: str, *, private_allowed: bool = False) -> Target:
    """Resolve and look at every address; raises `NotAllowed`."""
    host, port, tls, path = parts_of(url, private_allowed=private_allowed)
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(loop.run_in_executor(_LOOKS, _look_up, host, port), LOOK_SECONDS)
    except (OSError, TimeoutError) as error:
        raise NoAddress("the name has no address") from error
    addresses = [str(each[4][0]) for each in found]
    if not private_allowed and not all(is_public(address) for address in addresses):
        raise NotAllowed("the name leads to an address that is not public")
    if not addresses:
        raise NoAddress("the name has no address")
    return Target(host, port, addresses[0], tls, path)


def _look_up(host: str, port: int) -> Sequence[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)


def is_public(address: str) -> bool:
    """No loopback, link-local (cloud metadata with it), private, shared, multicast or reserved address, in any disguise."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified
