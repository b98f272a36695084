"""Who is signed in to the console: a signed cookie that no script can read and no other site can send with a form.

People sign in on the issuer's own page (OAuth 2 code with PKCE, RFC 7636); the console never sees a password.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import Response

from audit_service.application.issuer import CONSOLE, CONSOLE_RETURNS_TO, Issuer, OAuthError
from runtime.auth import NotAuthenticated, Principal, Verifier
from runtime.scopes import ROLE_SCOPES

COOKIE, FLOW_COOKIE = "handrail_session", "handrail_sign_in"
SESSION_SECONDS = 8 * 3600
FLOW_SECONDS = 900
SCOPES = "openid profile plan.read progress.read notice.read audit.read"
HOME = "/"


class SignInNeeded(Exception):
    """Nobody is signed in, or for too long: to the sign-in page, and back to ``to`` afterwards."""

    def __init__(self, to: str) -> None:
        super().__init__("sign in")
        self.to = to


@dataclass(frozen=True)
class SignIn:
    """Signing in and out by the built-in issuer."""

    issuer: Issuer
    verifier: Verifier

    @property
    def _signer(self) -> URLSafeTimedSerializer:
        settings = self.issuer.settings
        key = settings.session_key.get_secret_value() if settings.session_key else None
        # One secret less to hand out: a key of its own, made from the issuer's.
        made = hmac.new(settings.signing_seed(), b"handrail console session", hashlib.sha256).hexdigest()
        return URLSafeTimedSerializer(key or made, salt="handrail-console")

    @property
    def _secure(self) -> bool:
        return self.issuer.settings.public_url.startswith("https://")

    @property
    def _redirect_uri(self) -> str:
        return self.issuer.settings.public_url.rstrip("/") + CONSOLE_RETURNS_TO

    def begin(self, to: str) -> Response:
        """Send somebody to the issuer's page."""
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": CONSOLE, "redirect_uri": self._redirect_uri, "scope": SCOPES,
            "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        response = Response(status_code=303, headers={"Location": f"/oauth/authorize?{urlencode(asked)}"})
        self._set(
            response, FLOW_COOKIE, {"state": state, "verifier": verifier, "to": own_path(to)}, FLOW_SECONDS
        )
        return response

    async def finish(self, request: Request, code: str, state: str) -> Response:
        """The issuer sent somebody back; raises `SignInNeeded` when it was not we who had sent them there."""
        flow = self._get(request, FLOW_COOKIE, FLOW_SECONDS)
        if flow is None or not state or not hmac.compare_digest(flow["state"], state):
            raise SignInNeeded(HOME)
        try:
            minted, _ = await self.issuer.redeem(
                code, client_id=CONSOLE, redirect_uri=self._redirect_uri, verifier=flow["verifier"]
            )
            who = await self.verifier.verify(minted.token)
        except (OAuthError, NotAuthenticated) as error:
            raise SignInNeeded(flow["to"]) from error
        response = Response(status_code=303, headers={"Location": flow["to"]})
        self._drop(response, FLOW_COOKIE)
        self._set(response, COOKIE, _kept(who, secrets.token_urlsafe(8)), SESSION_SECONDS)
        return response

    def signed_in(self, request: Request) -> Principal:
        """Who it is; raises `SignInNeeded`."""
        session = self._get(request, COOKIE, SESSION_SECONDS)
        if session is None:
            query = f"?{request.url.query}" if request.url.query else ""
            raise SignInNeeded(request.url.path + query if request.method == "GET" else HOME)
        role = session["role"]
        scopes = frozenset(session["scopes"]) & ROLE_SCOPES.get(role, frozenset())
        return Principal(session["id"], session["tenant"], scopes, "person", role, CONSOLE)

    def end(self) -> Response:
        """Sign out."""
        response = Response(status_code=303, headers={"Location": "/signed-out"})
        self._drop(response, COOKIE)
        return response

    def _get(self, request: Request, name: str, seconds: int) -> dict[str, Any] | None:
        try:
            kept: dict[str, Any] = self._signer.loads(
                request.cookies.get(name, ""), max_age=seconds, salt=name
            )
        except BadSignature:
            return None
        return kept

    def _set(self, response: Response, name: str, value: dict[str, Any], seconds: int) -> None:
        text = str(self._signer.dumps(value, salt=name))
        # Lax: the issuer may be another site, and somebody may follow a link out of a mail.
        response.set_cookie(
            name, text, max_age=seconds, httponly=True, samesite="lax", secure=self._secure, path="/"
        )

    def _drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=self._secure)


def _kept(who: Principal, session: str) -> dict[str, Any]:
    return {
        "id": who.id,
        "tenant": who.tenant,
        "role": who.role,
        "scopes": sorted(who.scopes),
        "session": session,
    }


def own_path(to: str) -> str:
    """Only a path of ours: nobody is sent elsewhere after signing in."""
    return (
        to
        if to.startswith("/") and not to.startswith(("//", "/\\")) and "\n" not in to and "\r" not in to
        else HOME
    )
