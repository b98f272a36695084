"""An app answers alike whether its requests go straight to their routes or FastAPI asks every route."""

from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.middleware.gzip import GZipMiddleware

from runtime.http import Routes
from runtime.straight_to_routes import go_straight

PATHS = (
    "/", "/n/x", "/n/x/y", "/plan/v1/students", "/plan/v1/students/", "/plan/v1/students/7", "/plan/v1/students/mine",
    "/plan/v1/students/7/notes/a", "/plan/v1/students/7//notes", "//plan/v1/students", "/plan/v1/tiles/a/b/c",
    "/plan/v1/students/7%2Fnotes", "/plan/v1/nothing", "/plan/v1/later/7",
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE")


def an_app(*, straight: bool) -> FastAPI:
    app = FastAPI()
    if straight:
        go_straight(app.router)
    routes = APIRouter()

    def answering(path: str, *methods: str) -> None:
        async def answer(request: Request) -> dict[str, Any]:
            return {"route": path, "found": request.path_params, "here": request.scope["route"].path}

        routes.add_api_route(path, answer, methods=list(methods))

    answering("/plan/v1/students", "GET", "POST")
    answering("/plan/v1/{any}/mine", "GET")
    answering("/plan/v1/students/{student_id:int}", "GET")
    answering("/plan/v1/students/{student}", "GET", "PUT")
    answering("/plan/v1/students/{student}/notes/{note}", "POST")
    answering("/plan/v1/tiles/{tile:path}", "GET")
    answering("/n/{token}", "GET", "POST")
    answering("/", "GET")
    app.router.routes.extend(routes.routes)
    return app


async def answers(app: FastAPI, root_path: str = "") -> dict[tuple[str, str], tuple[Any, ...]]:
    found = {}
    at = httpx.ASGITransport(app, root_path=root_path)
    async with httpx.AsyncClient(transport=at, base_url="http://here") as http:
        for method, path in product(METHODS, PATHS):
            answer = await http.request(method, path)
            found[method, path] = (answer.status_code, answer.text, dict(answer.headers))
    return found


@pytest.mark.parametrize("root_path", ["", "/behind"])
async def test_every_request_is_answered_as_by_asking_every_route(root_path: str) -> None:
    straight, asking = an_app(straight=True), an_app(straight=False)
    assert await answers(straight, root_path) == await answers(asking, root_path)
    for app in (straight, asking):
        later = Routes()

        async def answer() -> str:
            return "later"

        later.add_api_route("/plan/v1/later/{number}", answer)
        app.router.routes.extend(later.routes)
    found = await answers(straight, root_path)
    assert found == await answers(asking, root_path)
    assert found["GET", "/plan/v1/later/7"][:2] == (200, '"later"')


def test_a_router_that_does_more_is_refused() -> None:
    router = APIRouter()
    router.middleware_stack = GZipMiddleware(router.app)
    with pytest.raises(ValueError, match="does more"):
        go_straight(router)
