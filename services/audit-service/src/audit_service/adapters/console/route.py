"""A page's request: who is signed in, what they may see, what is recorded of it, and refusals as pages."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from audit_service.adapters.console.render import page
from audit_service.adapters.console.session import SignIn, SignInNeeded
from contracts.problems import Problem
from runtime.auth import Forbidden
from runtime.call import Call
from runtime.problem_details import details_of


class PageRoute(APIRoute):
    """Nobody signed in: to the sign-in page. Refused: a page that says so. Shown: recorded before it leaves."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            sign_in: SignIn = request.app.state.console
            try:
                response = await original(request)
                call: Call | None = getattr(request.state, "call", None)
                if call is not None and response.status_code == 200:
                    await call.record_looks()
                return response
            except SignInNeeded as needed:
                return sign_in.begin(needed.to)
            except (Problem, RequestValidationError) as refusal:
                details = details_of(refusal)
                request.state.refusal = details.code
                reasons = [error["detail"] for error in details.errors]
                return page("refused.html", details.status, detail=details.detail, reasons=reasons, who=None)

        return handle


class Pages(APIRouter):
    """A router of pages; not part of the published API."""

    def __init__(self) -> None:
        super().__init__(route_class=PageRoute, include_in_schema=False)


async def _signed_in_person(request: Request) -> Call:
    sign_in: SignIn = request.app.state.console
    who = sign_in.signed_in(request)
    call = Call(request, request.app.state.edge, who, 200, "read in the console")
    request.state.call = call
    if "audit.read" not in who.scopes:
        raise Forbidden("Your role does not include the evidence pages.", scopes=("audit.read",))
    return call


SignedIn = Annotated[Call, Depends(_signed_in_person)]
"""``asked: SignedIn``: somebody who signed in and may read evidence."""
