"""``GET /codes`` and ``GET /codes/{list}``: what may stand in a service's coded fields, with its source."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from contracts.codes import CodeList
from contracts.problems import NotFound
from runtime.auth import Principal, allow
from runtime.http import Routes
from runtime.paging import Page


class CodeOut(BaseModel):
    """A code and what it means."""

    code: str
    label: str


class CodeListOut(BaseModel):
    """A list of codes. A code may be added; none is ever removed or given another meaning."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    source: str
    """Where the codes come from."""
    version: str
    """Rises with every code that is added; where the law itself has the list, the rule set it is of."""
    codes: list[CodeOut]

    @classmethod
    def of(cls, listed: CodeList) -> "CodeListOut":
        """As it is answered."""
        codes = [CodeOut(code=code, label=label) for code, label in listed.labels.items()]
        return cls(name=listed.name, source=listed.source, version=listed.version, codes=codes)


def code_list_routes(prefix: str, lists: Iterable[CodeList], *scopes: str) -> APIRouter:
    """The routes of one service's lists, for who has one of ``scopes``."""
    by_name = {listed.name: listed for listed in lists}
    routes = Routes(prefix=prefix, tags=["codes"])
    guard = allow(*scopes)
    example = next(iter(by_name))

    @routes.get("/codes", response_model=Page[CodeListOut])
    async def get_code_lists(who: Annotated[Principal, guard]) -> Response:
        """List the code lists of this service."""
        page = Page[CodeListOut](items=[CodeListOut.of(listed) for listed in by_name.values()])
        return Response(page.model_dump_json(exclude_none=True), media_type="application/json")

    @routes.get("/codes/{list_name}", response_model=CodeListOut)
    async def get_code_list(
        list_name: Annotated[str, Path(max_length=64, examples=[example])], who: Annotated[Principal, guard]
    ) -> Response:
        """Read one code list."""
        if list_name not in by_name:
            raise NotFound(f"There is no such list here; there are: {', '.join(by_name)}.")
        return Response(CodeListOut.of(by_name[list_name]).model_dump_json(), media_type="application/json")

    return routes
