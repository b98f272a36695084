"""``/oauth/authorize``: the page on which people sign in. Labels, errors that are announced, nothing but a form.

No script. What was typed comes back into the login field after a mistake, the password never.
"""

import base64
import os
from html import escape
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from audit_service.adapters.routes.oauth import address_of, form_of
from audit_service.application.issuer import Issuer, OAuthError, SignInRequest
from runtime.http import Routes
from runtime.problem_details import TooManyRequests

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.125rem/1.5 system-ui, sans-serif; margin: 0; padding: 1.5rem; }
main { max-width: 24rem; margin: 8vh auto 0; }
h1 { font-size: 1.5rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; border: 1px solid #767676;
        border-radius: .3rem; }
button { font: inherit; font-weight: 600; margin-top: 1.5rem; padding: .7rem 1.4rem; border: 0;
         border-radius: .3rem; background: #0b57a4; color: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #d08700; outline-offset: 2px; }
.error { border-left: .3rem solid #b3261e; padding: .5rem .8rem; margin: 1rem 0 0; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style nonce="{nonce}">{style}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
{body}
</main>
</body>
</html>
"""

_FORM = """{error}<form method="post" action="/oauth/authorize">
{hidden}
<label for="login">User name</label>
<input id="login" name="login" value="{login}" autocomplete="username" autocapitalize="none" spellcheck="false"
 required{login_extra}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{password_extra}>
<button type="submit">Sign in</button>
</form>
"""

_ASKED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
    "scope",
    "state",
    "nonce",
)


def sign_in_routes(issuer: Issuer) -> APIRouter:
    """The issuer's side that people see."""
    routes = Routes(include_in_schema=False)

    @routes.get("/oauth/authorize")
    async def get_sign_in(
        request: Request, response_type: str = "", client_id: str = "", redirect_uri: str = "",
        code_challenge: str = "", code_challenge_method: str = "", scope: str = "", state: str = "", nonce: str = "",
        prompt: str = "", login_hint: str = "",
    ) -> Response:  # fmt: skip
        """Show the page."""
        fields = {name: value for name, value in request.query_params.items() if name in _ASKED}
        try:
            asked = _request(issuer, fields)
        except OAuthError as refusal:
            return _cannot(refusal)
        return _page(asked, fields, login=login_hint)

    @routes.post("/oauth/authorize")
    async def post_sign_in(request: Request) -> Response:
        """Check the password and go back to the program with a code."""
        try:
            form = await form_of(request)
            fields = {name: value for name, value in form.items() if name in _ASKED}
            asked = _request(issuer, fields)
        except OAuthError as refusal:
            return _cannot(refusal)
        login = form.get("login", "")
        try:
            code = await issuer.sign_in(asked, login, form.get("password", ""), address_of(request))
        except TooManyRequests as slow:
            request.state.refusal = slow.code
            minutes = max(1, round(slow.retry_after / 60))
            error = (
                f"Too many tries. Please wait {minutes} minute{'s' if minutes > 1 else ''}, then try again."
            )
            return _page(asked, fields, login=login, error=error, status=429, retry_after=slow.retry_after)
        if code is None:
            request.state.refusal = "wrong-password"
            error = "This user name and password do not belong together. Please check both and try again."
            return _page(asked, fields, login=login, error=error, status=401)
        back = {"code": code, "iss": issuer.mint.issuer} | ({"state": asked.state} if asked.state else {})
        return RedirectResponse(f"{asked.redirect_uri}?{urlencode(back)}", 303)

    return routes


def _request(issuer: Issuer, fields: dict[str, str]) -> SignInRequest:
    asked = SignInRequest(
        fields.get("client_id", ""), fields.get("redirect_uri", ""), fields.get("code_challenge", ""),
        fields.get("scope", ""), fields.get("state"), fields.get("nonce"),
    )  # fmt: skip
    issuer.check_sign_in(asked)
    if fields.get("response_type") != "code" or fields.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "response_type should be code, code_challenge_method S256.")
    return asked


def _page(
    asked: SignInRequest, fields: dict[str, str], *, login: str = "", error: str | None = None, status: int = 200,
    retry_after: int | None = None,
) -> Response:  # fmt: skip
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    wrong = ' aria-invalid="true" aria-describedby="error"' if error else ""
    # The cursor stands where one goes on: at the name, or after a mistake at the password.
    form = _FORM.format(
        error=f'<p class="error" id="error" role="alert">{escape(error)}</p>\n' if error else "",
        hidden=hidden, login=escape(login), login_extra=wrong + ("" if login else " autofocus"),
        password_extra=wrong + (" autofocus" if login else ""),
    )  # fmt: skip
    title = f"Error: {error.split('.')[0]} - Sign in" if error else "Sign in - Handrail"
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(asked.redirect_uri))
    return _html(
        title, "Sign in to Handrail", form, status, form_to=f"'self' {origin}", retry_after=retry_after
    )


def _cannot(refusal: OAuthError) -> Response:
    body = f'<p role="alert">{escape(refusal.description)}</p><p>Go back to where you came from and try again.</p>'
    return _html("Sign-in is not possible - Handrail", "Sign-in is not possible", body, 400, form_to="'none'")


def _html(
    title: str, heading: str, body: str, status: int, *, form_to: str, retry_after: int | None = None
) -> Response:
    nonce = base64.b64encode(os.urandom(16)).decode()
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src 'nonce-{nonce}'; form-action {form_to}; "
                                   "frame-ancestors 'none'; base-uri 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }  # fmt: skip
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    page = _PAGE.format(title=escape(title), nonce=nonce, style=_STYLE, heading=escape(heading), body=body)
    return HTMLResponse(page, status, headers)
