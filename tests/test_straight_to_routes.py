"""A request goes straight to the very route that asking every route in turn finds, in each of the four services."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from handrail.openapi import app_of
from runtime.roles import SERVICES

OTHERS = ("HEAD", "OPTIONS", "TRACE")


def paths(service: str) -> Iterator[str]:
    """Of each route one that is its own, and some beside it."""
    for route in app_of(service).routes:
        if isinstance(route, APIRoute):
            path = re.sub(r"{\w+(:path)?}", lambda _: str(uuid4()), route.path)
            yield from (
                path,
                path + "/",
                path + "/more",
                path.rpartition("/")[0] or "/",
                path.replace("/v1", "/v2"),
            )
            yield path.replace("/", "//", 2)


def first_of_all(service: str, scope: Scope) -> BaseRoute | None:
    """As FastAPI's router finds it."""
    fitting = (route for route in app_of(service).routes if route.matches(scope)[0] is Match.FULL)
    return next(fitting, None)


@pytest.mark.parametrize("service", SERVICES)
def test_the_way_straight_to_a_route_leads_where_asking_every_route_leads(service: str) -> None:
    straight, short, long = app_of(service).router.middleware_stack, 0, 0
    for path in set(paths(service)):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", *OTHERS):
            scope: Scope = {"type": "http", "method": method, "path": path}
            expected = first_of_all(service, scope)
            found = straight.found(scope)
            assert found is None or found[0] is expected, f"{method} {path}"
            short += found is not None
            long += found is None and isinstance(expected, APIRoute)
    assert short > 5 * long
