"""Which tokens count: pinned algorithms, one issuer, one audience, in time, for one district; and what a role gives."""

import base64
import json
import time

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from contracts.ids import new_id
from runtime.auth import IssuerAway, NotAuthenticated
from runtime.oidc import FetchedKeys, TokenVerifier, signing_key, verifier_for
from runtime.scopes import CLIENT_SCOPES, PEOPLE_ONLY, ROLE_SCOPES, SCOPES
from runtime.settings import Settings
from runtime.testing_http import AUDIENCE, ISSUER, TestIssuer, unguarded

PATH = "/plan/v1/schools"


def part(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def forged(issuer: TestIssuer, kind: str) -> str:
    """A token that must not count, for each way in which somebody might make one."""
    good = issuer.token(scope="plan.read")
    header, claims, signature = good.split(".")
    now = int(time.time())
    match kind:
        case "another key":
            return issuer.token(key=OKPKey.generate_key("Ed25519"), scope="plan.read")
        case "another key of its own name":
            other = OKPKey.generate_key("Ed25519")
            return issuer.token(key=other, header={"kid": other.kid or "x"}, scope="plan.read")
        case "alg none":
            return f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{claims}."
        case "alg none with the old signature":
            return f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': issuer.key.kid})}.{claims}.{signature}"
        case "the public key as a shared secret":
            shared = OctKey.import_key(issuer.key.as_dict(private=False)["x"] * 2)
            return jwt.encode(
                {"alg": "HS256", "kid": issuer.key.kid},
                {"iss": ISSUER, "aud": AUDIENCE},
                shared,
                algorithms=["HS256"],
            )
        case "an algorithm that is not ours":
            key = ECKey.generate_key("P-256", {"kid": issuer.key.kid})
            return issuer.token(key=key, header={"alg": "ES256"}, scope="plan.read")
        case "claims changed":
            changed = {**json.loads(base64.urlsafe_b64decode(claims + "==")), "tenant": "hillside"}
            return f"{header}.{part(changed)}.{signature}"
        case "expired":
            return issuer.token(exp=now - 60, scope="plan.read")
        case "not yet":
            return issuer.token(nbf=now + 60, scope="plan.read")
        case "from the future":
            return issuer.token(iat=now + 60, scope="plan.read")
        case "no expiry":
            return issuer.token(exp=None, scope="plan.read")
        case "expiry that is no time":
            return issuer.token(exp="never", scope="plan.read")
        case "another issuer":
            return issuer.token(iss="https://evil.test", scope="plan.read")
        case "another audience":
            return issuer.token(aud="console", scope="plan.read")
        case "no audience":
            return issuer.token(aud=None, scope="plan.read")
        case "no district":
            return issuer.token(tenant=None, scope="plan.read")
        case "a district that is no slug":
            return issuer.token(tenant="lakeside' OR '1'='1", scope="plan.read")
        case "no subject":
            return issuer.token(sub=None, scope="plan.read")
        case "a subject that is no id":
            return issuer.token(sub="x" * 65, client_id="y" * 65, scope="plan.read")
        case "a person without a role":
            return issuer.token(kind="person", role=None, scope="plan.read")
        case "an id token":
            return issuer.token(aud="console", header={"typ": "JWT"}, scope="plan.read")
        case "another kind of token":
            return issuer.token(header={"typ": "logout+jwt"}, scope="plan.read")
        case "cut off":
            return good[:-10]
        case "no token at all":
            return "abc"
        case "very long":
            return good + "A" * 20_000
    raise AssertionError(kind)


FORGERIES = [
    "another key", "another key of its own name", "alg none", "alg none with the old signature",
    "the public key as a shared secret", "an algorithm that is not ours", "claims changed", "expired", "not yet",
    "from the future", "no expiry", "expiry that is no time", "another issuer", "another audience", "no audience",
    "no district", "a district that is no slug", "no subject", "a subject that is no id", "a person without a role",
    "an id token", "another kind of token", "cut off", "no token at all", "very long",
]  # fmt: skip


async def test_a_good_token_counts(sample) -> None:
    for claims in ({}, {"aud": ["other", AUDIENCE]}, {"exp": int(time.time()) + 2}):
        headers = {"authorization": f"Bearer {sample.issuer.token(scope='plan.read', **claims)}"}
        assert (await sample.http.get(PATH, headers=headers)).status_code == 200


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_token_that_must_not_count_does_not(door, kind: str) -> None:
    http, issuer = door
    token = forged(issuer, kind)
    answer = await http.get(PATH, headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="handrail", error="invalid_token"')
    assert token[:40] not in answer.text


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Token abc"])
async def test_what_is_no_bearer_token_is_refused(door, header: str) -> None:
    answer = await door[0].get(PATH, headers={"authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


async def test_no_token_is_told_how_to_get_one(door) -> None:
    answer = await door[0].get(PATH)
    assert answer.headers["www-authenticate"] == 'Bearer realm="handrail"'
    assert "/oauth/token" in answer.json()["detail"]


async def test_two_tokens_are_none(door) -> None:
    http, issuer = door
    one = issuer.vendor("plan.read")["authorization"]
    answer = await http.get(PATH, headers=[("authorization", one), ("authorization", one)])
    assert answer.status_code == 401


async def test_a_token_that_was_verified_once_is_refused_once_it_has_expired(monkeypatch) -> None:
    issuer = TestIssuer()
    verifier = issuer.verifier()
    token = issuer.token(scope="plan.read")
    who = await verifier.verify(token)
    assert await verifier.verify(token) is who

    later = time.time() + 1000
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(NotAuthenticated):
        await verifier.verify(token)


async def test_a_missing_scope_is_named(door) -> None:
    http, issuer = door
    answer = await http.get(PATH, headers=issuer.vendor("plan.write", "notice.read"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert 'error="insufficient_scope", scope="plan.read"' in answer.headers["www-authenticate"]


async def test_a_person_has_of_a_tokens_scopes_what_the_role_gives(sample) -> None:
    body = {"name": "Lakeside"}
    driver = sample.issuer.person("bus_driver", "plan.read", "roster.write", "admin")
    assert (await sample.http.get(PATH, headers=driver)).status_code == 200
    assert (await sample.http.post(PATH, json=body, headers=driver)).status_code == 403

    unknown = sample.issuer.person("king", *SCOPES)
    assert (await sample.http.get(PATH, headers=unknown)).status_code == 403


async def test_no_client_destroys_records_whatever_its_token_says(sample) -> None:
    path = "/plan/v1/destructions"
    answer = await sample.http.post(path, headers=sample.vendor("records.destroy"))
    assert answer.status_code == 403
    officer = sample.issuer.person("compliance_officer", "records.destroy")
    assert (await sample.http.post(path, headers=officer)).status_code == 204


async def test_where_a_person_must_decide_no_client_will_do(sample) -> None:
    path = "/plan/v1/signatures"
    assert (await sample.http.post(path, headers=sample.vendor("plan.write"))).status_code == 403
    person = sample.issuer.person("case_manager", "plan.write")
    assert (await sample.http.post(path, headers=person)).status_code == 204


async def test_only_the_operator_has_no_district_and_only_where_that_has_a_meaning(sample) -> None:
    def bearer(**claims: object) -> dict[str, str]:
        return {"authorization": f"Bearer {sample.issuer.token(**claims)}"}

    operator = bearer(role="operator", tenant=None, scope="operate plan.read")
    assert (await sample.http.get("/plan/v1/tenants", headers=operator)).text == ""
    refusal = await sample.http.get(PATH, headers=operator)
    assert (refusal.status_code, refusal.json()["code"]) == (403, "forbidden")
    assert (
        await sample.http.get("/plan/v1/tenants", headers=bearer(tenant=None, scope="operate"))
    ).status_code == 401


def test_what_people_alone_may_do_no_client_and_no_operator_gets() -> None:
    assert not PEOPLE_ONLY & CLIENT_SCOPES
    assert not PEOPLE_ONLY & ROLE_SCOPES["operator"]
    assert "operate" not in CLIENT_SCOPES
    assert {role for role, scopes in ROLE_SCOPES.items() if scopes >= PEOPLE_ONLY} == {
        "special_education_director", "compliance_officer", "records_officer",
    }  # fmt: skip
    assert all(scopes <= SCOPES.keys() for scopes in ROLE_SCOPES.values())


async def test_every_route_says_who_may_call_it(sample) -> None:
    assert unguarded(sample.app) == {
        "GET /plan/v1/codes", "GET /health/live", "GET /health/ready", "GET /metrics", "GET /plan/health/live",
        "GET /plan/health/ready", "GET /plan/metrics",
    }  # fmt: skip


def test_an_algorithm_without_a_private_key_is_never_trusted() -> None:
    for algorithm in ("none", "HS256"):
        with pytest.raises(ValueError, match="private key"):
            TokenVerifier(FetchedKeys("x"), issuer="x", audience="x", algorithms=("Ed25519", algorithm))


# --- Another provider, by its issuer URL ---


class Provider:
    """An OIDC provider such as a district has: other algorithm, other claims, keys that change."""

    def __init__(self) -> None:
        self.keys: list[RSAKey] = []
        self.new_key()
        self.asked: list[str] = []
        self.away = False
        self.named = "https://id.lakeside.test"

    def new_key(self) -> None:
        self.keys.append(RSAKey.generate_key(2048, auto_kid=True))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.away:
            raise httpx.ConnectError("away")
        if request.url.path == "/keys":
            return httpx.Response(200, json=KeySet(self.keys).as_dict(private=False))
        return httpx.Response(200, json={"issuer": self.named, "jwks_uri": "https://id.lakeside.test/keys"})

    def verifier(self) -> TokenVerifier:
        settings = Settings(
            issuer_url="https://id.lakeside.test", claim_role="job", claim_staff="staff_id", claim_tenant="org",
            audience="https://records.lakeside.test",
        )  # fmt: skip
        return verifier_for(settings, httpx.AsyncClient(transport=httpx.MockTransport(self.answer)))

    def token(self, **claims: object) -> str:
        key = self.keys[-1]
        said = {
            "iss": "https://id.lakeside.test", "aud": ["https://records.lakeside.test", "other"], "sub": "auth0|77",
            "exp": int(time.time()) + 600, "azp": "portal", "org": "lakeside", "job": "case_manager",
            "staff_id": "0d9e5b1e-0000-4000-8000-000000000001", "scope": "openid plan.read admin",
        } | claims  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": key.kid}, said, key, algorithms=["RS256"])


async def test_any_provider_takes_the_issuers_place_by_its_url() -> None:
    provider = Provider()
    who = await provider.verifier().verify(provider.token())
    assert (who.id, who.kind, who.role, who.tenant, who.client_id, who.scopes) == (
        "0d9e5b1e-0000-4000-8000-000000000001", "person", "case_manager", "lakeside", "portal",
        frozenset({"plan.read"}),
    )  # fmt: skip


async def test_a_new_key_is_fetched_when_a_token_names_it_but_not_for_every_stranger(monkeypatch) -> None:
    provider = Provider()
    verifier = provider.verifier()
    await verifier.verify(provider.token())
    provider.new_key()
    clock = [time.monotonic() + 11]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    await verifier.verify(provider.token())
    assert provider.asked.count("/keys") == 2

    for _ in range(5):
        stranger = Provider()
        with pytest.raises(NotAuthenticated):
            await verifier.verify(stranger.token())
    assert provider.asked.count("/keys") == 2


async def test_a_provider_that_is_away_is_503_at_first_and_no_matter_once_its_keys_are_known(
    monkeypatch,
) -> None:
    provider = Provider()
    verifier = provider.verifier()
    provider.away = True
    with pytest.raises(IssuerAway):
        await verifier.verify(provider.token())
    provider.away = False
    clock = [time.monotonic() + 2]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    await verifier.verify(provider.token())
    provider.away = True
    clock[0] += 10_000
    await verifier.verify(provider.token(jti=str(new_id())))


async def test_a_discovery_page_of_another_issuer_is_not_believed() -> None:
    provider = Provider()
    provider.named = "https://evil.test"
    with pytest.raises(IssuerAway):
        await provider.verifier().verify(provider.token())


async def test_an_issuer_that_is_away_answers_503(sample) -> None:
    provider = Provider()
    provider.away = True
    sample.edge.verifier = provider.verifier()
    answer = await sample.http.get(PATH, headers={"authorization": f"Bearer {provider.token()}"})
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer-unavailable")
    assert answer.headers["retry-after"]


def test_a_seed_makes_the_same_key_for_ever() -> None:
    assert (
        signing_key(b"1" * 32).kid
        == signing_key(b"1" * 32).kid
        == "6X8Jv59SCkO8qiMTWfMgeguMflNDb_2N_3KHwxCX4_w"
    )
