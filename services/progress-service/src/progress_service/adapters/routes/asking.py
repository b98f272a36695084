"""The parameters of questions about the past, and the minutes and basis of the answers."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from progress_service.domain.known import Basis

KnownAt = Annotated[
    str | None,
    Query(
        description="K: what the record knew then. An instant, or a date: the end of that day in the district's zone.",
        examples=["2026-03-25"],
    ),
]
UpTo = Annotated[
    str | None,
    Query(
        alias="basis",
        description="`basis_text` of an earlier answer, e.g. `plan:17,progress:203`: the same question gives the same "
        "bytes again.",
        examples=["plan:17,progress:203"],
    ),
]
FirstOn = Annotated[
    date | None, Query(alias="from", description="First day; without it the school year's beginning.")
]
LastOn = Annotated[date | None, Query(alias="to", description="Last day; without it today.")]


class BasisOut(BaseModel):
    """The last index of each log that the answer rests on."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    plan: int | None = None
    progress: int | None = None
    waiting: int | None = None
    """Facts that have no index yet: until they have, the answer cannot be asked for again."""

    @classmethod
    def of(cls, basis: Basis) -> "BasisOut":
        """As it is answered."""
        return cls(plan=basis.plan, progress=basis.progress, waiting=basis.waiting or None)
