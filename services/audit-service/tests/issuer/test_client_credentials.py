"""Vendors' clients: an id, a secret shown once, tokens of fifteen minutes for one district."""

import httpx
import pytest
import structlog
from joserfc import jwt
from joserfc.jwk import KeySet

from audit_service.application.rate_limit import RateLimit
from contracts.event import Actor
from contracts.ids import new_id
from runtime.oidc import FetchedKeys, TokenVerifier
from runtime.problem_details import TooManyRequests
from runtime.tenants import end_tenant


def claims_of(desk, answer: httpx.Response) -> dict:
    token = answer.json()["access_token"]
    return jwt.decode(token, desk.issuer.mint.keys, algorithms=["Ed25519"]).claims


async def test_a_client_gets_a_token_for_its_district_within_its_scopes(desk) -> None:
    made = await desk.client("plan.read", "roster.write")
    answer = await desk.token(made["client_id"], made["client_secret"], scope="plan.read")

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 900, "plan.read")
    claims = claims_of(desk, answer)
    assert claims["exp"] - claims["iat"] == 900
    assert {name: claims[name] for name in ("iss", "aud", "sub", "client_id", "kind", "role", "tenant", "scope")} == {
        "iss": "http://test/oauth", "aud": "handrail", "sub": made["client_id"], "client_id": made["client_id"],
        "kind": "client", "role": "vendor", "tenant": "lakeside", "scope": "plan.read",
    }  # fmt: skip
    whole = await desk.token(made["client_id"], made["client_secret"])
    assert whole.json()["scope"] == "plan.read roster.write"


async def test_of_a_district_that_has_ended_a_client_gets_no_token_but_a_witness_does(desk) -> None:
    vendor, witness = (
        await desk.client("plan.read"),
        await desk.client("log.read", "plan.read", name="Witness"),
    )
    operator = Actor(id="operator", role="operator")
    await end_tenant(
        desk.audit.store, "lakeside", "The contract is over.", actor=operator, correlation="test"
    )

    refused = await desk.token(vendor["client_id"], vendor["client_secret"])
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    assert "ended here on" in refused.json()["error_description"]
    unknown = await desk.token(vendor["client_id"], "no")
    assert unknown.json()["error"] == "invalid_client", "nobody without the secret is told"
    given = await desk.token(witness["client_id"], witness["client_secret"])
    assert (given.status_code, given.json()["scope"]) == (200, "log.read")
    assert await desk.operator()


async def test_the_secret_may_come_in_the_form_instead(desk) -> None:
    made = await desk.client("plan.read")
    form = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }
    assert (await desk.http.post("/oauth/token", data=form)).status_code == 200

    twice = await desk.http.post("/oauth/token", data=form, auth=(made["client_id"], made["client_secret"]))
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")


async def test_a_wrong_secret_and_an_unknown_client_look_the_same(desk) -> None:
    made = await desk.client("plan.read")
    wrong = await desk.token(made["client_id"], "no")
    unknown = await desk.token(str(new_id()), "no")
    strange = await desk.token("not an id", "no")

    for answer in (wrong, unknown, strange):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.json()["code"] == "invalid-client"
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert wrong.json()["detail"] == unknown.json()["detail"] == strange.json()["detail"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": "x"}, "invalid_client"),
        ({"grant_type": "authorization_code"}, "invalid_grant"),
        (
            {"grant_type": "authorization_code", "code": "lakeside.x", "code_verifier": "v" * 43},
            "invalid_grant",
        ),
        ({"grant_type": "authorization_code", "code": "' OR 1=1"}, "invalid_grant"),
    ],
)
async def test_a_request_that_cannot_be_answered_says_why_in_oauths_words(desk, form, error: str) -> None:
    answer = await desk.http.post("/oauth/token", data=form or {"x": "y"})
    assert answer.json()["error"] == error
    assert answer.status_code == (401 if error == "invalid_client" else 400)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"grant_type=client_credentials&grant_type=x", "application/x-www-form-urlencoded"),
        (b"\xff\xfe=%ff", "application/x-www-form-urlencoded"),
        (b"&" * 20_000, "application/x-www-form-urlencoded"),
        (b"a=" + b"b" * 20_000, "application/x-www-form-urlencoded"),
    ],
)
async def test_a_form_that_is_none_is_refused(desk, content: bytes, kind: str) -> None:
    answer = await desk.http.post("/oauth/token", content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_scope_that_was_not_granted_is_refused(desk) -> None:
    made = await desk.client("plan.read")
    for scope in ("plan.write", "plan.read admin", "records.destroy", "operate", "nonsense"):
        answer = await desk.token(made["client_id"], made["client_secret"], scope=scope)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_a_client_has_no_other_district(desk) -> None:
    made = await desk.client("plan.read")
    assert (await desk.token(made["client_id"], made["client_secret"], tenant="lakeside")).status_code == 200
    answer = await desk.token(made["client_id"], made["client_secret"], tenant="elsewhere")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_guessing_is_slowed_down_for_the_guesser_alone(desk) -> None:
    made = await desk.client("plan.read")
    answers = [(await desk.token(made["client_id"], f"guess {n}")).status_code for n in range(12)]
    assert answers == [401] * 10 + [429] * 2

    slow = await desk.token(made["client_id"], made["client_secret"])
    assert (slow.status_code, slow.json()["code"]) == (429, "too-many-requests")
    assert 0 < int(slow.headers["retry-after"]) <= 61
    elsewhere = httpx.AsyncClient(
        transport=httpx.ASGITransport(desk.app, client=("192.0.2.7", 1)), base_url="http://test"
    )
    async with elsewhere:
        form = {"grant_type": "client_credentials"}
        answer = await elsewhere.post(
            "/oauth/token", data=form, auth=(made["client_id"], made["client_secret"])
        )
    assert answer.status_code == 200


def test_tries_are_forgotten_after_their_window() -> None:
    now = [0.0]
    limit = RateLimit(2, 60, clock=lambda: now[0])
    limit.count("a")
    limit.count("a")
    with pytest.raises(TooManyRequests) as slow:
        limit.check("a")
    assert slow.value.retry_after == 61
    limit.check("b")
    now[0] = 60.5
    limit.check("a")


# --- The operator ---


async def test_the_operator_asks_for_any_district_and_for_none(desk) -> None:
    for tenant in ("lakeside", "not-yet-open", None):
        headers = await desk.operator(tenant)
        token = headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, desk.issuer.mint.keys, algorithms=["Ed25519"]).claims
        assert (claims["role"], claims.get("tenant")) == ("operator", tenant)
        assert "operate" in claims["scope"].split()
        assert not {"records.hold", "records.destroy"} & set(claims["scope"].split())


async def test_the_operators_token_for_no_district_opens_no_district(desk) -> None:
    answer = await desk.http.get("/audit/v1/clients", headers=await desk.operator(None))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("tenant", ["Not A Slug", "-", "a" * 64, "x'--"])
async def test_the_operator_asks_for_a_slug(desk, tenant: str) -> None:
    answer = await desk.token(
        "operator", desk.settings.operator_client_secret.get_secret_value(), tenant=tenant
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_wrong_operators_secret_is_refused(desk) -> None:
    assert (await desk.token("operator", "no", tenant="lakeside")).status_code == 401


async def test_nobody_but_the_operator_has_the_operators_scope(desk) -> None:
    headers = await desk.operator()
    answer = await desk.http.post(
        "/audit/v1/clients", json={"name": "x", "scopes": ["operate"]}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "scope-not-for-clients")


# --- Keys and discovery ---


async def test_anyone_can_verify_a_token_from_discovery_alone(desk) -> None:
    made = await desk.client("plan.read")
    token = (await desk.token(made["client_id"], made["client_secret"])).json()["access_token"]

    keys = FetchedKeys("http://test/oauth", http=desk.http)
    who = await TokenVerifier(keys, issuer="http://test/oauth", audience="handrail").verify(token)

    assert (who.id, who.kind, who.tenant, who.scopes) == (
        made["client_id"], "client", "lakeside", frozenset({"plan.read"}),
    )  # fmt: skip
    published = (await desk.http.get("/oauth/jwks.json")).json()
    assert set(published["keys"][0]) == {"kty", "crv", "x", "kid", "alg", "use"}
    (key,) = KeySet.import_key_set(published).keys
    assert key.kid == key.thumbprint()
    pages = [
        (await desk.http.get(f"{place}/.well-known/openid-configuration")).json() for place in ("", "/oauth")
    ]
    assert pages[0] == pages[1]


# --- /audit/v1/clients ---


async def test_a_registered_client_is_listed_without_its_secret(desk) -> None:
    made = await desk.client("plan.read", name="SIS")
    headers = await desk.operator()
    listed = (await desk.http.get("/audit/v1/clients", headers=headers)).json()["items"]
    one = (await desk.http.get(f"/audit/v1/clients/{made['client_id']}", headers=headers)).json()

    assert listed == [one]
    assert one == {name: value for name, value in made.items() if name != "client_secret"}
    assert (one["name"], one["scopes"], one["revoked"]) == ("SIS", ["plan.read"], False)


async def test_the_secret_stands_nowhere_in_the_database_and_in_no_log(desk) -> None:
    with structlog.testing.capture_logs() as lines:
        made = await desk.client("plan.read")
        await desk.token(made["client_id"], made["client_secret"])
    rows = desk.audit.cluster.postgres.psql(
        desk.audit.name, "SELECT * FROM audit.client_secrets; SELECT * FROM audit.kept_answers;"
                         " SELECT * FROM audit_read.resources; SELECT encode(sealed, 'escape') FROM audit.events",
    )  # fmt: skip
    assert made["client_id"] in rows
    assert made["client_secret"] not in rows
    assert made["client_secret"] not in str(lines)


async def test_a_repeated_registration_makes_one_client_and_shows_no_secret_again(desk) -> None:
    headers, body = await desk.operator(), {"name": "SIS", "scopes": ["plan.read"]}
    first = await desk.http.post("/audit/v1/clients", json=body, headers=headers)
    second = await desk.http.post("/audit/v1/clients", json=body, headers=headers)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["idempotent-replayed"] == "true"
    assert "client_secret" in first.json()
    assert "client_secret" not in second.json()
    assert second.json()["client_id"] == first.json()["client_id"]
    assert (await desk.token(first.json()["client_id"], first.json()["client_secret"])).status_code == 200


async def test_a_revoked_client_gets_no_more_tokens(desk) -> None:
    made = await desk.client("plan.read")
    path = f"/audit/v1/clients/{made['client_id']}"
    answers = [await desk.http.delete(path, headers=await desk.operator()) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert ["handrail-event" in answer.headers for answer in answers] == [True, False]
    assert (await desk.token(made["client_id"], made["client_secret"])).status_code == 401
    one = (await desk.http.get(path, headers=await desk.operator())).json()
    assert one["revoked"] is True
    history = await desk.audit.store.read("lakeside", f"client/{made['client_id']}")
    assert [recorded.type for recorded in history] == ["client.registered", "client.revoked"]


async def test_an_unknown_client_cannot_be_revoked_nor_another_districts(desk) -> None:
    made = await desk.client("plan.read")
    headers = await desk.operator()
    assert (await desk.http.delete(f"/audit/v1/clients/{new_id()}", headers=headers)).status_code == 404
    elsewhere = await desk.operator("hillside")
    answer = await desk.http.delete(f"/audit/v1/clients/{made['client_id']}", headers=elsewhere)
    assert answer.status_code == 404
    assert (await desk.token(made["client_id"], made["client_secret"])).status_code == 200


@pytest.mark.parametrize("scope", ["records.hold", "records.destroy", "operate"])
async def test_some_scopes_are_no_clients(desk, scope: str) -> None:
    answer = await desk.http.post(
        "/audit/v1/clients", json={"name": "x", "scopes": [scope]}, headers=await desk.operator()
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/scopes")


async def test_a_client_gives_no_scope_it_does_not_have(desk) -> None:
    made = await desk.client("admin", "plan.read")
    token = (await desk.token(made["client_id"], made["client_secret"])).json()["access_token"]

    for scopes, status in ((["plan.read"], 201), (["plan.write"], 409), (["admin"], 409)):
        headers = {"authorization": f"Bearer {token}", "idempotency-key": str(new_id())}
        answer = await desk.http.post(
            "/audit/v1/clients", json={"name": "x", "scopes": scopes}, headers=headers
        )
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "body", [{}, {"name": "x"}, {"name": "x", "scopes": []}, {"name": "x", "scopes": ["plan.raed"]},
             {"name": "x", "scopes": "plan.read"}, {"name": "", "scopes": ["plan.read"]}]
)  # fmt: skip
async def test_a_client_needs_a_name_and_scopes_that_exist(desk, body) -> None:
    answer = await desk.http.post("/audit/v1/clients", json=body, headers=await desk.operator())
    assert answer.status_code == 422


async def test_registering_clients_needs_the_scope(desk) -> None:
    made = await desk.client("plan.read")
    token = (await desk.token(made["client_id"], made["client_secret"])).json()["access_token"]
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "1"}
    answer = await desk.http.post(
        "/audit/v1/clients", json={"name": "x", "scopes": ["plan.read"]}, headers=headers
    )
    assert answer.status_code == 403
    assert 'scope="admin"' in answer.headers["www-authenticate"]
