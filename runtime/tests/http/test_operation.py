"""Health that degrades instead of failing, metrics in one list, logs without contents, an OpenAPI page that is true."""

import io
import json
import logging as stdlib
import re
from pathlib import Path

import pytest
import structlog
from openapi_spec_validator import validate

import runtime
from contracts.ids import new_id
from runtime.health import Health
from runtime.logging import configure_logging, places
from runtime.metrics import METRICS

# --- Health ---


async def test_alive_and_ready(sample) -> None:
    assert (await sample.http.get("/health/live")).json() == {"status": "live"}
    for path in ("/health/ready", "/plan/health/ready"):
        answer = await sample.http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ready", "degraded": []})


async def test_what_works_less_than_it_should_is_told_in_a_200_with_its_beginning(
    sample, monkeypatch
) -> None:
    monkeypatch.setattr("runtime.health.KEPT_SECONDS", 0.0)
    sample.service.problems.append(("kafka", "NoBrokersAvailable"))
    first = (await sample.http.get("/health/ready")).json()
    second = await sample.http.get("/health/ready")

    assert second.status_code == 200
    assert second.json() == first
    (told,) = first["degraded"]
    assert (told["what"], told["detail"]) == ("kafka", "NoBrokersAvailable")
    exposed = (await sample.http.get("/metrics")).text
    assert 'handrail_degraded{service="plan",what="kafka"} 1.0' in exposed
    sample.service.problems.clear()
    assert (await sample.http.get("/health/ready")).json() == {"status": "ready", "degraded": []}
    assert 'handrail_degraded{service="plan",what="kafka"} 0.0' in (await sample.http.get("/metrics")).text


async def test_it_is_not_ready_only_when_it_cannot_answer_requests(sample) -> None:
    async def fails() -> None:
        raise OSError("password=secret")

    answer = await Health(sample.edge, {"database": sample.plan.database.ready, "keyring": fails}).ready()

    assert answer.status_code == 503
    assert b"secret" not in answer.body
    assert [each["what"] for each in json.loads(answer.body)["failing"]] == ["keyring"]


# --- Metrics ---


def test_every_metric_is_in_the_list_and_every_one_of_the_list_is_used() -> None:
    source = "".join(path.read_text() for path in Path(runtime.__file__).parent.rglob("*.py"))
    made = set(re.findall(r'_of\("(handrail_\w+)"\)', source))
    assert made == {metric.name for metric in METRICS}
    assert all(metric.unit and metric.meaning for metric in METRICS)


async def test_requests_are_counted_by_route_not_by_address(sample) -> None:
    school = new_id()
    await sample.http.get(f"/plan/v1/schools/{school}", headers=sample.issuer.vendor("plan.read"))
    exposed = (await sample.http.get("/metrics")).text
    assert 'route="/plan/v1/schools/{school_id}",service="plan",status="404"' in exposed
    assert str(school) not in exposed


# --- Logs ---


@pytest.fixture
def lines():
    """What is logged, as it would stand in a file."""
    before, level, out = stdlib.getLogger().handlers[:], stdlib.getLogger().level, io.StringIO()
    configure_logging("info", to=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    stdlib.getLogger().handlers[:] = before
    stdlib.getLogger().setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("lines")
def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    gone = io.StringIO()
    configure_logging("info", to=gone)
    gone.close()
    structlog.get_logger().info("amendment_adopted")
    structlog.get_logger().exception("background_failed", exc_info=ValueError())


def test_a_line_is_json_with_its_event_its_level_and_its_time(lines) -> None:
    structlog.get_logger().info("amendment_adopted", plan_id="p-1")
    stdlib.getLogger("some.library").warning("careful %s", 7)
    ours, theirs = lines()
    assert (ours["event"], ours["level"], ours["plan_id"]) == ("amendment_adopted", "info", "p-1")
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"]) == ("careful 7", "warning")


def test_an_exception_is_logged_by_its_places_and_without_what_it_quotes(lines) -> None:
    def inner(name: str) -> None:
        raise ValueError(f"{name} is not a number")

    try:
        try:
            inner("Jane Doe")
        except ValueError as error:
            raise RuntimeError("about Jane Doe") from error
    except RuntimeError as error:
        structlog.get_logger().exception("it_failed")
        structlog.get_logger().error("it_failed", exc_info=error)
        stdlib.getLogger("x").exception("it_failed")
        said = places(error)

    assert said[0] == "builtins.RuntimeError"
    assert any("test_operation.py:" in place and place.endswith(" inner") for place in said)
    logged = lines()
    assert len(logged) == 3
    assert all(line["came_through"] == said for line in logged)
    assert "Jane" not in json.dumps(logged)


def test_libraries_that_would_log_statements_and_addresses_are_kept_quiet(lines) -> None:
    for name in ("sqlalchemy.engine", "httpx", "uvicorn.access", "asyncio"):
        stdlib.getLogger(name).info("SELECT 'Jane'")
    assert lines() == []


# --- OpenAPI ---


async def test_the_openapi_page_is_valid_and_names_every_refusal(sample) -> None:
    document = (await sample.http.get("/plan/v1/openapi.json")).json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    patch = document["paths"]["/plan/v1/schools/{school_id}"]["patch"]
    assert {"400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "503"} <= patch[
        "responses"
    ].keys()
    post = document["paths"]["/plan/v1/schools"]["post"]
    assert "school-needs-its-name" in post["responses"]["409"]["description"]
    assert [p["name"] for p in post["parameters"]] == ["Idempotency-Key"]
    assert post["security"] == [{"oauth2": ["roster.write"]}]
    assert {p["name"]: p["required"] for p in patch["parameters"]} == {
        "school_id": True, "If-Match": True,
    }  # fmt: skip
    get = document["paths"]["/plan/v1/schools"]["get"]
    assert {p["name"] for p in get["parameters"]} == {
        "student", "external_id", "updated_after", "limit", "cursor", "name", "after_event",
    }  # fmt: skip
    public = document["paths"]["/plan/v1/codes"]["get"]
    assert "security" not in public
    assert "401" not in public["responses"]
    assert "HTTPValidationError" not in json.dumps(document)
