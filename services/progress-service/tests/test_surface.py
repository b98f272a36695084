"""The published surface: valid OpenAPI whose examples fit, no route unguarded, read models that a replay makes again."""

from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from contracts.ids import new_id
from progress_service.adapters.projections.plans import PLANS
from progress_service.service import MODELS
from progress_service.testing_promises import (
    PLAN,
    PROVIDER,
    SPEECH,
    STEPS,
    STUDENT,
    adopted,
    amended,
    opened,
    profile,
    speech,
)
from runtime.current_state import CurrentState
from runtime.projection import check, rebuild
from runtime.testing_http import unguarded

pytestmark = pytest.mark.asyncio(loop_scope="module")
SESSION: dict[str, Any] = {
    "plan": str(PLAN), "item": str(SPEECH), "on": "2026-01-06", "minutes": 30, "status": "delivered",
    "provider": str(PROVIDER),
}  # fmt: skip


async def document_of(world: Any) -> dict[str, Any]:
    document: dict[str, Any] = (await world.http.get("/progress/v1/openapi.json")).json()
    return document


async def test_the_api_page_is_valid_openapi_with_words_for_every_route(world) -> None:
    document = await document_of(world)

    validate(document)
    assert document["openapi"].startswith("3.1")
    assert (await world.http.get("/progress/v1/docs")).status_code == 200
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation.get("description") or operation.get("summary"), path


async def test_every_example_of_a_request_fits_its_schema(world) -> None:
    document = await document_of(world)
    tried = 0
    for item in document["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = {**content["schema"], "components": document["components"]}
                for example in content.get("examples", {}).values():
                    Draft202012Validator(schema).validate(example["value"])
                    tried += 1
    assert tried >= 3


async def test_every_route_asks_who_calls_except_health(world) -> None:
    paths = ("health/live", "health/ready", "metrics")

    assert unguarded(world.app) == {f"GET {prefix}/{path}" for prefix in ("", "/progress") for path in paths}


async def test_scopes_are_asked_for_reading_and_writing(world) -> None:
    reads, writes = world.vendor("progress.read"), world.vendor("progress.write")

    assert (await world.post("/progress/v1/sessions", SESSION, reads)).status_code == 403
    assert (await world.get("/progress/v1/sessions", writes)).status_code == 403
    assert (await world.get("/progress/v1/sessions", world.vendor("plan.read"))).status_code == 403
    assert (await world.http.get("/progress/v1/sessions")).status_code == 401


async def test_the_reasons_for_a_missed_session_are_a_public_list_of_codes(world) -> None:
    listed = (await world.get("/progress/v1/codes/missed_reason")).json()

    assert {"code": "provider_absent", "label": "provider absent"} in listed["codes"]
    lists = (await world.get("/progress/v1/codes")).json()["items"]
    assert [each["name"] for each in lists] == ["missed_reason", "make_up_ground", "prompt_level"]
    assert listed in lists
    assert (await world.get("/progress/v1/codes/colours")).status_code == 404


async def test_read_models_and_current_state_are_made_again_by_a_replay(world) -> None:
    await world.publish("district", new_id(), profile())
    await world.publish(
        f"plan/{PLAN}", STUDENT, opened(), adopted(), amended(speech(60), on=date(2026, 3, 9))
    )
    await world.arrived()
    made = (await world.post("/progress/v1/sessions", SESSION)).json()["id"]
    await world.post(f"/progress/v1/sessions/{made}/void", {"reason": "a slip"})
    result = {
        "plan": str(PLAN),
        "item": str(STEPS[0]),
        "measured_on": "2025-12-19",
        "value": 20,
        "unit": "objects",
    }
    await world.post("/progress/v1/measurements", result)
    state = CurrentState(world.progress.database, world.progress.store, MODELS)

    assert await check(PLANS, world.progress.database, world.progress.store) == []
    assert await rebuild(PLANS, world.progress.database, world.progress.store) == 4
    assert await check(PLANS, world.progress.database, world.progress.store) == []
    assert await state.check() == []
    assert await state.rebuild() >= 4
    assert (await world.get(f"/progress/v1/sessions/{made}")).json()["voided"] == {"reason": "a slip"}
