"""The token with which audit-service reads the other services' checkpoints, whoever issues everybody else's.

All four services hold the keyring's master key; a key derived from it signs and verifies tokens that open logs to be read, and
nothing else. So cosigning depends on no issuer: neither the built-in one nor a foreign one has to be asked.
"""

from dataclasses import replace

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from joserfc.jws import extract_compact
from msgspec import DecodeError
from msgspec.json import decode

from runtime.auth import NotAuthenticated, Principal, Verifier
from runtime.oidc import LONGEST_TOKEN, GivenKeys, TokenVerifier, signing_key, verifier_for
from runtime.settings import Settings

ISSUER = "urn:handrail:cosigner"
SCOPES = frozenset({"log.read"})
ALGORITHM = "Ed25519"
_INFO = b"handrail cosigner token v1"


def cosigner_key(master_key: bytes) -> OKPKey:
    """The signing key that a master key gives."""
    return signing_key(HKDF(SHA256(), 32, salt=None, info=_INFO).derive(master_key))


class WithCosigner:
    """Verifies the cosigner's own tokens by the master key, and leaves all others to the issuer's verifier.

    By the newest master key alone: one that was taken out of use opens nothing more. While four services are restarted
    with the next, cosigning waits.
    """

    def __init__(self, others: Verifier, master_key: bytes, audience: str) -> None:
        self._others = others
        keys = GivenKeys(KeySet([cosigner_key(master_key)]))
        self._cosigners = TokenVerifier(keys, issuer=ISSUER, audience=audience, algorithms=(ALGORITHM,))

    async def verify(self, token: str) -> Principal:
        """See `runtime.auth.Verifier.verify`."""
        if _issuer_of(token) != ISSUER:
            return await self._others.verify(token)
        principal = await self._cosigners.verify(token)
        if principal.is_person or not principal.tenant:
            raise NotAuthenticated("The token is not one that counts here.")
        return replace(principal, scopes=principal.scopes & SCOPES)


def _issuer_of(token: str) -> object:
    """Whom it says it is from: only to choose who verifies it."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        said = decode(extract_compact(token.encode()).payload)
    except (JoseError, DecodeError, ValueError, TypeError, RecursionError):
        return None
    return said.get("iss") if isinstance(said, dict) else None


def service_verifier(settings: Settings) -> Verifier:
    """What a service verifies tokens with."""
    others = verifier_for(settings)
    if settings.keyring_master_key is None:
        return others
    return WithCosigner(others, settings.master_key(), settings.audience)
