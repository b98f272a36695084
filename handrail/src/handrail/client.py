"""What the command line, the demo and the sample district use: the public HTTP surface, and nothing else."""

import base64
import hashlib
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx

OPERATOR_ID = "operator"
Json = dict[str, Any]
EARLY_SECONDS = 30.0
CONSOLE = "console"
"""The program through which people sign in."""
AT_ONCE = 24
"""Connections kept, for whoever asks from several threads."""
KEPT_OPEN_SECONDS = 2.0
"""Well before the server (or a proxy) closes an idle connection: a request that meets the closing is lost."""


class Refused(RuntimeError):
    """The service answered with a problem; the message says what to do, `problem` has the whole of it."""

    def __init__(self, status: int, problem: Json) -> None:
        lines = [problem.get("detail") or problem.get("title") or f"HTTP {status}"]
        for error in problem.get("errors", []):
            cure = f" -> {error['cure']}" if error.get("cure") else ""
            where = error.get("pointer") or ""
            cited = f" [{error['citation']}]" if error.get("citation") else ""
            lines.append(
                f"  {where} {error.get('message') or error.get('detail') or ''}{cited}{cure}".rstrip()
            )
        super().__init__("\n".join(lines))
        self.status = status
        self.problem = problem


class NotConfigured(RuntimeError):
    """Where to connect, or as whom, is not known; the message says how to tell."""


class Handrail:
    """A client of one installation, for one tenant at a time. Retries what is safe to retry."""

    def __init__(
        self, url: str, client_id: str, client_secret: str, *, tenant: str | None = None, scopes: str | None = None,
        services: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.url = url.rstrip("/")
        self.tenant = tenant
        self._credentials = (client_id, client_secret)
        self._scopes = scopes
        self._services = dict(services or {})
        """Where each service is when there is no gateway: prefix -> origin."""
        self._http = httpx.Client(
            timeout=60, limits=httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=KEPT_OPEN_SECONDS)
        )
        self._grant: Callable[[], Json] = self._client_credentials
        self._tokens: dict[str | None, tuple[float, str]] = {}
        self._asking = Lock()
        self.keys: Callable[[str], str] = lambda _path: str(uuid4())
        """Makes the Idempotency-Key of a POST to a path; a story that may be told again gives its own."""
        self.last_event: str | None = None
        """The newest ``Handrail-Event``, for ``after_event``."""
        self.replayed = False
        """The newest answer had been given before."""

    def for_tenant(self, tenant: str) -> "Handrail":
        """The same credentials for another tenant."""
        return Handrail(
            self.url, *self._credentials, tenant=tenant, scopes=self._scopes, services=self._services
        )

    def telling(self, name: str) -> "Handrail":
        """The same connection, with keys that come again when the same is told again: every POST is answered as before.

        A key is ``name`` and how many times its path was posted to, so that a POST left out moves no other one's key.
        """
        made, told = copy(self), Counter[str]()

        def key(path: str) -> str:
            told[path] += 1
            return f"{name}-{told[path]}"

        made.keys = key
        made.last_event, made.replayed = None, False
        return made

    def signed_in(self, login: str, password: str) -> "Handrail":
        """The same connection as somebody who signs in on the issuer's page (OAuth 2 code with PKCE)."""
        made = copy(self)
        made._tokens, made._asking, made.last_event = {}, Lock(), None
        made._grant = lambda: made._code(login, password)
        return made

    def origin(self, path: str) -> str:
        """Where a path is answered."""
        prefix = path.split("/", 2)[1] if path.count("/") else ""
        return self._services.get(
            "notify" if prefix == "n" else prefix, self._services.get("audit", self.url)
        )

    def token(self) -> str:
        """A bearer token, asked for again shortly before it runs out; by one thread for all of them."""
        with self._asking:
            known = self._tokens.get(self.tenant)
            if known and known[0] > time.monotonic():
                return known[1]
            got = self._grant()
            token: str = got["access_token"]
            self._tokens[self.tenant] = (time.monotonic() + got["expires_in"] - EARLY_SECONDS, token)
            return token

    def _client_credentials(self) -> Json:
        form = {"grant_type": "client_credentials"}
        if self._scopes:
            form["scope"] = self._scopes
        if self.tenant:
            form["tenant"] = self.tenant
        return self._granted(
            self._http.post(f"{self.origin('/oauth')}/oauth/token", data=form, auth=self._credentials)
        )

    def _code(self, login: str, password: str) -> Json:
        """As the console does: the password goes to the issuer's page alone, and comes back as a code."""
        issuer, back = self.origin("/oauth"), f"{self.url}/signed-in"
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {"response_type": "code", "client_id": CONSOLE, "redirect_uri": back, "scope": "openid",
                 "code_challenge": challenge, "code_challenge_method": "S256"}  # fmt: skip
        page = self._http.post(
            f"{issuer}/oauth/authorize", data=asked | {"login": login, "password": password}
        )
        code = parse_qs(urlsplit(page.headers.get("location", "")).query).get("code")
        if code is None:
            raise Refused(page.status_code, {"detail": f"{login} could not sign in."})
        form = {"grant_type": "authorization_code", "code": code[0], "client_id": CONSOLE, "redirect_uri": back,
                "code_verifier": verifier}  # fmt: skip
        return self._granted(self._http.post(f"{issuer}/oauth/token", data=form))

    @staticmethod
    def _granted(answer: httpx.Response) -> Json:
        got = _json(answer)
        if answer.is_error:
            detail = got.get("error_description") or got.get("detail") or "The credentials were not accepted."
            raise Refused(answer.status_code, {"detail": detail})
        return got

    def request(
        self, method: str, path: str, *, json: Any = None, if_match: str | None = None, key: str | None = None,
        params: Mapping[str, Any] | None = None, content: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None, files: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> httpx.Response:  # fmt: skip
        """One request; raises `Refused` for a problem. Retried while the service says it is not ready (503, 429)."""
        sent = {"authorization": f"Bearer {self.token()}", **(headers or {})}
        if method == "POST":
            sent["idempotency-key"] = key or self.keys(path)
        if if_match is not None:
            sent["if-match"] = if_match
        for attempt in range(8):
            answer = self._http.request(
                method, self.origin(path) + path, json=json, params=params, content=content, headers=sent,
                files=files, data=data,
            )  # fmt: skip
            if answer.status_code in {429, 503} and attempt < 7 and not isinstance(content, Iterator):
                time.sleep(min(5.0, float(answer.headers.get("retry-after", 0.2))))
                continue
            break
        if answer.is_error:
            raise Refused(answer.status_code, _json(answer))
        self.last_event = answer.headers.get("handrail-event", self.last_event)
        self.replayed = "idempotent-replayed" in answer.headers
        return answer

    def health(self, service: str) -> Json:
        """What a service says of itself, also when it cannot answer requests; needs no token."""
        path = f"/{service}/health/ready"
        told: Json = self._http.get(f"{self.origin(path)}{path}").json()
        return told

    def get(self, path: str, **params: Any) -> Any:
        """A resource."""
        said = {name: value for name, value in params.items() if value is not None}
        return self.request("GET", path, params=said or None).json()  # {} would take away the path's own.

    def every(self, path: str, **params: Any) -> Iterator[Any]:
        """All of a list, page after page."""
        page = self.get(path, limit=500, **params)
        yield from page["items"]
        while page.get("next"):
            page = self.get(page["next"])
            yield from page["items"]

    def find(self, path: str) -> Any:
        """A resource; ``None`` where there is none."""
        try:
            return self.get(path)
        except Refused as refused:
            if refused.status != 404:
                raise
            return None

    def post(
        self, path: str, body: Any = None, *, if_match: str | None = None, key: str | None = None
    ) -> Any:
        """Create or decide; returns the answer's document."""
        return self.request(
            "POST", path, json=body if body is not None else {}, if_match=if_match, key=key
        ).json()

    def put(self, path: str, body: Any, *, if_match: str | None = None) -> Any:
        """Replace."""
        return self.request("PUT", path, json=body, if_match=if_match).json()

    def etag(self, path: str) -> str:
        """The version of a resource, for If-Match."""
        return self.request("GET", path).headers["etag"]

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def _json(answer: httpx.Response) -> Json:
    try:
        found = answer.json()
    except ValueError:
        return {"detail": f"HTTP {answer.status_code} from {answer.request.url.path}"}
    return found if isinstance(found, dict) else {"detail": str(found)}


@contextmanager
def connected(data: Path, *, tenant: str | None = None) -> Iterator[Handrail]:
    """A client for the running instance: by the environment, or as its operator by the data folder."""
    kept: Json = {}
    client_id, client_secret = os.environ.get("HANDRAIL_CLIENT_ID"), os.environ.get("HANDRAIL_CLIENT_SECRET")
    if not client_id or not client_secret:
        file = data / "operator.json"
        if not file.exists():
            raise NotConfigured(
                f"{file} is not there: start Handrail with `make run`, name its folder with --data or HANDRAIL_DATA, "
                "or set HANDRAIL_CLIENT_ID and HANDRAIL_CLIENT_SECRET."
            )
        kept = json.loads(file.read_text())
        client_id, client_secret = kept["client_id"], kept["client_secret"]
    url = os.environ.get("HANDRAIL_URL") or kept.get("url", "http://127.0.0.1:8080")
    services = {}
    for name in ("plan", "progress", "notify", "audit"):
        if own := os.environ.get(f"HANDRAIL_{name.upper()}_URL"):
            services[name] = own.rstrip("/")
    client = Handrail(url, client_id, client_secret, tenant=tenant, services=services)
    try:
        yield client
    except httpx.ConnectError as error:
        raise NotConfigured(
            f"Nothing answers at {url}: start it with `make run`, or set HANDRAIL_URL."
        ) from error
    finally:
        client.close()
