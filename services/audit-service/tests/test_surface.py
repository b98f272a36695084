"""The published surface: a valid OpenAPI page, no route unguarded by mistake, read models that a replay makes again."""

import pytest
from openapi_spec_validator import validate

from audit_service.adapters.projections.people import PEOPLE
from audit_service.testing_facts import (
    DANA,
    JONAS,
    PLAN,
    adopted,
    amended,
    confirmed,
    dana,
    draft_opened,
    registered,
    school,
)
from contracts.testing import an_id
from runtime.projection import check, rebuild
from runtime.testing_http import unguarded

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_api_page_is_valid_openapi(world) -> None:
    document = (await world.http.get("/audit/v1/openapi.json")).json()

    validate(document)
    assert document["openapi"].startswith("3.1")
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation.get("description") or operation.get("summary"), path


async def test_every_route_asks_who_calls_except_these(world) -> None:
    pages = {
        "GET /", "GET /students/{student_id}", "GET /plans/{plan_id}", "GET /plans/{plan_id}/compare",
        "GET /plans/{plan_id}/goals/{item_id}.svg",
        "GET /events/{event_id}", "GET /sign-in",
        "GET /signed-in", "POST /sign-out", "GET /signed-out", "GET /console.css", "GET /findings",
        "GET /students/{student_id}/findings", "GET /rules/{rule_id}",
    }  # fmt: skip
    issuer = {
        "POST /oauth/token", "GET /oauth/jwks.json", "GET /.well-known/openid-configuration",
        "GET /oauth/.well-known/openid-configuration", "GET /oauth/userinfo", "GET /oauth/authorize",
        "POST /oauth/authorize",
    }  # fmt: skip
    health = {
        f"GET {prefix}/{path}"
        for prefix in ("", "/audit")
        for path in ("health/live", "health/ready", "metrics")
    }

    assert unguarded(world.app) == pages | issuer | health


async def test_names_are_made_again_by_a_replay(world) -> None:
    await world.write("plan", DANA, f"staff/{DANA}", dana())
    await world.write("plan", an_id("school"), f"school/{an_id('school')}", school())
    await world.write("plan", JONAS, f"student/{JONAS}", registered(), confirmed())
    await world.write("plan", JONAS, f"plan/{PLAN}", draft_opened(), adopted(), amended())
    await world.caught_up()

    assert await check(PEOPLE, world.audit.database, world.audit.store) == []
    assert await rebuild(PEOPLE, world.audit.database, world.audit.store) > 0
    assert await check(PEOPLE, world.audit.database, world.audit.store) == []
    assert (await world.get("/students", name="jonas")).json()["items"][0]["name"] == "Jonas Feld"
