"""The open code lists: what may stand in fields such as ``grade``, ``relation`` or an item's ``setting``."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from contracts.codes import CODE_LISTS, CodeList
from contracts.problems import NotFound
from plan_service.adapters.routes.bodies import ReadsRoster
from runtime.http import Routes
from runtime.paging import Page

routes = Routes(prefix="/plan/v1", tags=["codes"])


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
    codes: list[CodeOut]

    @classmethod
    def of(cls, listed: CodeList) -> "CodeListOut":
        """As it is answered."""
        codes = [CodeOut(code=code, label=label) for code, label in listed.labels.items()]
        return cls(name=listed.name, source=listed.source, codes=codes)


@routes.get("/codes", response_model=Page[CodeListOut])
async def get_code_lists(who: ReadsRoster) -> Response:
    """List the code lists. They are open: a code that is not in one is taken and shown as it is."""
    page = Page[CodeListOut](items=[CodeListOut.of(listed) for listed in CODE_LISTS.values()])
    return Response(page.model_dump_json(exclude_none=True), media_type="application/json")


@routes.get("/codes/{list_name}", response_model=CodeListOut)
async def get_codes(
    who: ReadsRoster, list_name: Annotated[str, Path(max_length=64, examples=["grade"])]
) -> Response:
    """Read one code list."""
    if list_name not in CODE_LISTS:
        raise NotFound(f"There is no such list; there are: {', '.join(CODE_LISTS)}.")
    return Response(CodeListOut.of(CODE_LISTS[list_name]).model_dump_json(), media_type="application/json")
