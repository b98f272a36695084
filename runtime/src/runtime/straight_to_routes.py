"""Going straight to a request's route, where FastAPI asks each of two hundred in turn whether the request is theirs."""

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.convertors import PathConvertor
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_Place = tuple[str, int, str]


def go_straight(router: APIRouter) -> None:
    """Have requests go to their route without asking every other. Whatever is not found so goes the router's own way.

    Routes may be added later, not exchanged. Raises `ValueError` for a router with settings that would be passed over.
    """
    if router.form_limits or router.middleware_stack != router.app:
        raise ValueError("This router does more with a request than find its route.")
    router.middleware_stack = _Straight(router)


class _Straight:
    """Routes laid out by method, by how many parts their path has, and by its third: ``/plan/v1/students/...``."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._others = router.middleware_stack
        self._laid_out = 0
        self._at: dict[_Place, list[BaseRoute]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope.get("root_path") and (found := self.found(scope)):
            route, more = found
            scope.setdefault("router", self._router)
            scope.update(more)
            await route.handle(scope, receive, send)
        else:
            await self._others(scope, receive, send)

    def found(self, scope: Scope) -> tuple[BaseRoute, Scope] | None:
        """The route of a request, and what the route's match adds to its scope."""
        if self._laid_out != len(self._router.routes):
            self._lay_out()
        for route in self._at.get(_place(scope["method"], scope["path"]), ()):
            match, more = route.matches(scope)
            if match is Match.FULL:
                return route, more
        return None

    def _lay_out(self) -> None:
        placed = [(route, _places(route)) for route in self._router.routes]
        # In their order: the first that fits has it. One that may fit anywhere keeps its turn.
        self._at = {
            place: [route for route, places in placed if places is None or place in places]
            for place in {place for _, places in placed for place in places or ()}
        }
        self._laid_out = len(placed)


def _place(method: str, path: str) -> _Place:
    parts = path.split("/", 4)
    return method, path.count("/"), parts[3] if len(parts) > 3 else ""


def _places(route: BaseRoute) -> set[_Place] | None:
    """``None`` for what may fit elsewhere too."""
    if not isinstance(route, APIRoute) or "{" in "".join(route.path.split("/", 4)[:4]):
        return None
    if any(isinstance(each, PathConvertor) for each in route.param_convertors.values()):
        return None
    return {_place(method, route.path) for method in route.methods or ()}
