"""The code lists of this service."""

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from contracts.codes import MISSED_REASON, CodeList
from contracts.problems import NotFound
from progress_service.adapters.routes.sessions import Reads
from runtime.http import Routes
from runtime.paging import Page

routes = Routes(prefix="/progress/v1", tags=["codes"])

LISTS: dict[str, CodeList] = {listed.name: listed for listed in (MISSED_REASON,)}


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
async def get_code_lists(who: Reads) -> Response:
    """List the code lists of this service."""
    page = Page[CodeListOut](items=[CodeListOut.of(listed) for listed in LISTS.values()])
    return Response(page.model_dump_json(exclude_none=True), media_type="application/json")


@routes.get("/codes/{list_name}", response_model=CodeListOut)
async def get_codes(list_name: str, who: Reads) -> Response:
    """Read one code list."""
    if list_name not in LISTS:
        raise NotFound(f"There is no such list here; there are: {', '.join(LISTS)}.")
    return Response(CodeListOut.of(LISTS[list_name]).model_dump_json(), media_type="application/json")
