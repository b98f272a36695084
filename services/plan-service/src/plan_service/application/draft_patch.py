"""A JSON Merge Patch (RFC 7396) on a draft's ``{"items": {"<id>": {...}}}``."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from contracts.event import Json
from contracts.items import AnyItem, item_fields, parse_item
from contracts.problems import Invalid, Reason
from runtime.problem_details import in_words


class KeptIn(BaseModel):
    """A mark of the draft, by its item and field: what was carried forward stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: UUID
    field: str | None = Field(default=None, max_length=64)


class DraftPatch(BaseModel):
    """Items by their ids. A field that is ``null`` is taken out; an item that is ``null`` likewise; others stay."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"items": {"0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e01": {"target": "40", "criterion": None}}}
            ]
        },
    )

    items: dict[UUID, dict[str, JsonValue] | None] = Field(default_factory=dict)
    kept: tuple[KeptIn, ...] = Field(
        default=(), max_length=1000, description="Marks that were looked at, and stay as they are."
    )


def patched(items: Sequence[AnyItem], patch: DraftPatch) -> tuple[AnyItem, ...]:
    """The draft's items after the patch; raises `Invalid` with a pointer to each field that does not fit."""
    fields: dict[UUID, Any] = {item.id: item_fields(item) for item in items}
    kept = {item.id: item for item in items}
    wrong: list[Reason] = []
    for item_id, change in patch.items.items():
        if change is None:
            kept.pop(item_id, None)
            continue
        merged = merge(fields.get(item_id, {"id": str(item_id)}), change)
        try:
            kept[item_id] = parse_item(merged)
        except ValidationError as error:
            wrong += [_reason(item_id, each) for each in error.errors(include_url=False)]
        else:
            if kept[item_id].id != item_id:
                wrong.append(Reason("another-id", "an item keeps its id", pointer=f"/items/{item_id}/id"))
    if wrong:
        raise Invalid("Some items do not fit: see `errors`.", reasons=tuple(wrong))
    return tuple(kept.values())


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, Mapping):
        return patch
    merged: Json = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def _reason(item_id: UUID, error: Any) -> Reason:
    # pydantic's path begins with the branch of the union, which was not sent.
    path = [str(step).replace("~", "~0").replace("/", "~1") for step in error["loc"][1:]]
    return Reason(
        error["type"].replace("_", "-"), in_words(error),
        pointer="/".join(["", "items", str(item_id), *path]),
    )  # fmt: skip
