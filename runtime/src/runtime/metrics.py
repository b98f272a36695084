"""Every metric in one list, with its unit and meaning; served at ``/metrics``. Labels are ids of ours, never people's."""

from dataclasses import dataclass

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name, unit and meaning, for the list and the operator's guide."""

    name: str
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()


METRICS = (
    Metric("handrail_requests_total", "requests", "answers by route and status", ("service", "method", "route", "status")),
    Metric("handrail_request_seconds", "seconds", "from the first byte in to the last byte out",
           ("service", "method", "route")),
    Metric("handrail_refusals_total", "requests", "refusals by their code", ("service", "code")),
    Metric("handrail_replayed_answers_total", "requests", "answers given again to a repeated Idempotency-Key", ("service",)),
    Metric("handrail_access_rows_total", "rows", "looks into a student's record that were recorded", ("service",)),
    Metric("handrail_access_commits_total", "commits", "commits that carried them (many looks share one)", ("service",)),
    Metric("handrail_access_events_total", "events", "access.recorded events appended from those rows", ("service",)),
    Metric("handrail_waiting_records", "records", "what a consumer has still to take in", ("service", "consumer", "source")),
    Metric("handrail_parked_students", "students", "whose events wait for an operator", ("service", "consumer")),
    Metric("handrail_unsequenced_events", "events", "settled, and without an index yet", ("service",)),
    Metric("handrail_degraded", "0 or 1", "1 while something works less than it should", ("service", "what")),
)  # fmt: skip
_BY_NAME = {metric.name: metric for metric in METRICS}


def _of(name: str) -> tuple[str, str, tuple[str, ...]]:
    metric = _BY_NAME[name]
    return metric.name, f"{metric.meaning} ({metric.unit})", metric.labels


REQUESTS = Counter(*_of("handrail_requests_total"))
REQUEST_SECONDS = Histogram(
    *_of("handrail_request_seconds"), buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
REFUSALS = Counter(*_of("handrail_refusals_total"))
REPLAYED = Counter(*_of("handrail_replayed_answers_total"))
ACCESS_ROWS = Counter(*_of("handrail_access_rows_total"))
ACCESS_COMMITS = Counter(*_of("handrail_access_commits_total"))
ACCESS_EVENTS = Counter(*_of("handrail_access_events_total"))
WAITING = Gauge(*_of("handrail_waiting_records"))
PARKED = Gauge(*_of("handrail_parked_students"))
UNSEQUENCED = Gauge(*_of("handrail_unsequenced_events"))
DEGRADED = Gauge(*_of("handrail_degraded"))


def exposition() -> Response:
    """The process's metrics in Prometheus' text format."""
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
