"""``/oauth``: tokens, keys, discovery, who is signed in. Public routes: each checks what it is given by itself."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from audit_service.application.issuer import Issuer, OAuthError
from audit_service.application.tokens import ALGORITHM, SECONDS, Minted
from runtime.auth import bearer_token
from runtime.http import Routes
from runtime.problem_details import TYPE
from runtime.scopes import SCOPES

_FIELDS = {
    "grant_type": "`client_credentials`, or `authorization_code` after somebody has signed in.",
    "client_id": "Unless it comes by HTTP Basic.",
    "client_secret": "Likewise. A public client has none.",
    "scope": "Space-separated; not sent: all that was granted.",
    "tenant": "The district, for the operator's client.",
    "code": "From the sign-in page.",
    "redirect_uri": "The one the code was asked for with.",
    "code_verifier": "Whose challenge the code was asked for with (RFC 7636).",
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {
                        name: {"type": "string", "description": said} for name, said in _FIELDS.items()
                    },
                    "required": ["grant_type"],
                },
                "example": {"grant_type": "client_credentials", "scope": "plan.read"},
            }
        },
    }
}
_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "access_token": {"type": "string"},
        "token_type": {"type": "string"},
        "expires_in": {"type": "integer"},
        "scope": {"type": "string"},
        "id_token": {"type": "string"},
    },
    "required": ["access_token", "token_type", "expires_in", "scope"],
}
_REFUSAL: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "error_description": {"type": "string"},
        "code": {"type": "string"},
    },
    "required": ["error"],
}
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
MOST_FORM = 16_384


def _json(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def oauth_routes(issuer: Issuer) -> APIRouter:
    """The issuer's machine side."""
    routes = Routes(tags=["sign-in"])

    @routes.post(
        "/oauth/token", response_model=None, openapi_extra=_FORM,
        responses={200: _json(_ANSWER, "A token."), 400: _json(_REFUSAL, "OAuth's own refusal (RFC 6749 5.2)."),
                   401: _json(_REFUSAL, "The client is not known, or this is not its secret.")},
    )  # fmt: skip
    async def post_token(request: Request) -> Response:
        """Get a token: fifteen minutes, for one district.

        A vendor's client sends its id and secret by HTTP Basic or in the form.
        """
        try:
            form = await form_of(request)
            minted, id_token = await _grant(issuer, request, form)
        except OAuthError as refusal:
            return _refused(request, refusal)
        answer: dict[str, Any] = {
            "access_token": minted.token, "token_type": "Bearer", "expires_in": SECONDS, "scope": minted.scope,
        }  # fmt: skip
        return JSONResponse(answer | ({"id_token": id_token} if id_token else {}), headers=NO_STORE)

    @routes.get("/oauth/jwks.json")
    async def get_keys() -> dict[str, Any]:
        """The public keys that tokens are signed with (RFC 7517)."""
        return dict(issuer.mint.keys.as_dict(private=False, alg=ALGORITHM, use="sig"))

    @routes.get("/.well-known/openid-configuration")
    @routes.get("/oauth/.well-known/openid-configuration")
    async def get_discovery() -> dict[str, Any]:
        """What this issuer can do, for programs (OpenID Connect Discovery)."""
        return _discovery(issuer)

    @routes.get("/oauth/userinfo")
    async def get_userinfo(request: Request) -> dict[str, str]:
        """Who the token's holder is."""
        who = await request.app.state.edge.verifier.verify(bearer_token(request))
        return {"sub": who.id, "tenant": who.tenant, "role": who.role, "kind": who.kind}

    return routes


async def form_of(request: Request) -> dict[str, str]:
    """The form's fields, each once; raises `OAuthError`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await request.body()
    if kind != "application/x-www-form-urlencoded" or len(raw) > MOST_FORM:
        raise OAuthError("invalid_request", "Send a form: application/x-www-form-urlencoded.")
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=50, errors="strict"
        )
    except ValueError as error:
        raise OAuthError("invalid_request", "The form cannot be read.") from error
    if len({name for name, _ in pairs}) != len(pairs):
        raise OAuthError("invalid_request", "Send each field once.")
    return {name: value for name, value in pairs if value}


async def _grant(issuer: Issuer, request: Request, form: dict[str, str]) -> tuple[Minted, str | None]:
    match form.get("grant_type"):
        case "client_credentials":
            client_id, secret = _client(request, form)
            minted = await issuer.client_token(
                client_id,
                secret,
                scope=form.get("scope"),
                tenant=form.get("tenant"),
                address=address_of(request),
            )
            return minted, None
        case "authorization_code":
            return await issuer.redeem(
                form.get("code", ""), client_id=form.get("client_id", ""),
                redirect_uri=form.get("redirect_uri", ""), verifier=form.get("code_verifier", ""),
            )  # fmt: skip
        case None:
            raise OAuthError("invalid_request", "grant_type is missing.")
        case _:
            raise OAuthError(
                "unsupported_grant_type", "client_credentials and authorization_code are known here."
            )


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Id and secret by HTTP Basic (form-encoded inside, RFC 6749 2.3.1) or in the form, not both."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        if "client_secret" in form:
            raise OAuthError("invalid_request", "Send the secret one way, not two.")
        try:
            client_id, colon, secret = base64.b64decode(coded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError("invalid_client", "The Basic credentials cannot be read.") from error
        if colon and form.get("client_id") in (None, unquote_plus(client_id)):
            return unquote_plus(client_id), unquote_plus(secret)
    elif "client_id" in form and "client_secret" in form:
        return form["client_id"], form["client_secret"]
    raise OAuthError("invalid_client", "Send the client's id and secret by HTTP Basic or in the form.")


def address_of(request: Request) -> str:
    """Where the request came from, for slowing down who guesses."""
    return request.client.host if request.client else "unknown"


def _refused(request: Request, refusal: OAuthError) -> Response:
    """OAuth's own form, with what a problem has beside it."""
    unknown = refusal.error == "invalid_client"
    status, code = 401 if unknown else 400, refusal.error.replace("_", "-")
    request.state.refusal = code
    body = {"error": refusal.error, "error_description": refusal.description, "type": TYPE + code, "status": status,
            "title": code.replace("-", " ").capitalize(), "detail": refusal.description, "code": code, "errors": [],
            "instance": f"urn:handrail:request:{request.state.correlation}"}  # fmt: skip
    headers = NO_STORE | ({"WWW-Authenticate": 'Basic realm="handrail"'} if unknown else {})
    return JSONResponse(body, status, headers)


def _discovery(issuer: Issuer) -> dict[str, Any]:
    base = issuer.mint.issuer
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "jwks_uri": f"{base}/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "claims_supported": ["sub", "name", "preferred_username", "role", "tenant", "auth_time"],
        "scopes_supported": ["openid", "profile", *SCOPES],
    }
