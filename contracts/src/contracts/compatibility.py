"""What would break those who rely on a published schema: a field gone, newly required, of another type, a code gone.

Two directions. *Accepting*: whatever the old schema allowed, the new one must allow (stored events, requests). *Giving*:
whatever readers of the old schema found, they must find in the new one (responses). Events must do both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_TIGHTER_WHEN_GREATER = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
_TIGHTER_WHEN_SMALLER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
_MUST_STAY = ("format", "pattern", "multipleOf")


@dataclass(frozen=True, slots=True)
class Directions:
    """Which promises a schema makes."""

    accepting: bool
    giving: bool


EVENT = Directions(accepting=True, giving=True)
REQUEST = Directions(accepting=True, giving=False)
RESPONSE = Directions(accepting=False, giving=True)


def breaking_event_changes(old: Schema, new: Schema) -> list[str]:
    """Why the contents schema ``new`` may not take the place of ``old`` under the same schema number."""
    return breaking_changes(old, new, EVENT)


def breaking_changes(
    old: Schema,
    new: Schema,
    directions: Directions,
    *,
    old_root: Schema | None = None,
    new_root: Schema | None = None,
) -> list[str]:
    """Each breaking change, as ``place: what``; ``$ref`` is looked up in the roots."""
    comparison = _Comparison(directions, old_root or old, new_root or new)
    return list(dict.fromkeys(comparison.compare(old, new, "")))


class _Comparison:
    def __init__(self, directions: Directions, old_root: Schema, new_root: Schema) -> None:
        self._directions = directions
        self._old_root = old_root
        self._new_root = new_root
        self._compared: set[tuple[str, str]] = set()

    def compare(self, old: Any, new: Any, place: str) -> Iterator[str]:
        if not isinstance(old, dict) or not isinstance(new, dict):
            return
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._compared:
                return
            self._compared.add(pair)
        old, new = _resolved(old, self._old_root), _resolved(new, self._new_root)
        if _variants(old) or _variants(new):
            yield from self._compare_variants(old, new, place)
            return
        yield from self._compare_scalars(old, new, place)
        yield from self._compare_properties(old, new, place)
        for keyword in ("items", "additionalProperties"):
            yield from self.compare(old.get(keyword), new.get(keyword), f"{place}/*")
        for number, (one, two) in enumerate(
            zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False)
        ):
            yield from self.compare(one, two, f"{place}/{number}")

    def _compare_scalars(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        where = place or "/"
        if old.get("type") != new.get("type"):
            yield f"{where}: the type changes from {old.get('type', 'any')} to {new.get('type', 'any')}"
            return
        gone = [code for code in _codes(old) if code not in _codes(new)]
        if self._directions.accepting:
            if not _codes(old) and _codes(new):
                yield f"{where}: only certain values are allowed now"
            elif _codes(new):
                yield from (f"{where}: the value {code!r} is no longer allowed" for code in gone)
            yield from _tightened(old, new, where)
        for keyword in _MUST_STAY:
            if new.get(keyword) != old.get(keyword) and (keyword in new or self._directions.giving):
                yield f"{where}: the {keyword} changes from {old.get(keyword)} to {new.get(keyword)}"

    def _compare_properties(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            if name not in after:
                yield f"{place}/{name}: the field is removed"
            else:
                yield from self.compare(schema, after[name], f"{place}/{name}")
        if self._directions.accepting:
            yield from (
                f"{place}/{name}: newly required" for name in sorted(required_after - required_before)
            )
        if self._directions.giving:
            no_longer = sorted((required_before - required_after) & set(after))
            yield from (f"{place}/{name}: no longer always there" for name in no_longer)

    def _compare_variants(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        """Each variant of the side that promises must find its like on the other side."""
        before = self._by_key(_variants(old) or [old], self._old_root)
        after = self._by_key(_variants(new) or [new], self._new_root)
        after = _under_their_old_names(before, after, self._old_root, self._new_root)
        for key, schema in before.items():
            if key in after:
                yield from self.compare(schema, after[key], f"{place}<{key}>")
            elif self._directions.accepting:
                yield f"{place or '/'}: the variant {key} is removed"
        if self._directions.giving and not self._directions.accepting:
            added = sorted(set(after) - set(before))
            yield from (f"{place or '/'}: the variant {key} is new to readers" for key in added)

    def _by_key(self, variants: list[Schema], root: Schema) -> dict[str, Schema]:
        return {_variant_key(variant, root): variant for variant in variants}


def _tightened(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for keyword in _TIGHTER_WHEN_GREATER:
        if keyword in new and (keyword not in old or new[keyword] > old[keyword]):
            yield f"{where}: {keyword} rises to {new[keyword]}"
    for keyword in _TIGHTER_WHEN_SMALLER:
        if keyword in new and (keyword not in old or new[keyword] < old[keyword]):
            yield f"{where}: {keyword} falls to {new[keyword]}"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{where}: unknown fields are refused now"


def _resolved(schema: Schema, root: Schema) -> Schema:
    """What the schema points at; keywords beside a ``$ref`` are kept."""
    seen = set()
    while "$ref" in schema and schema["$ref"] not in seen:
        seen.add(schema["$ref"])
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target.get(step.replace("~1", "/").replace("~0", "~"), {})
        schema = {key: inner for key, inner in schema.items() if key != "$ref"} | target
    return schema


def _variants(schema: Schema) -> list[Schema]:
    variants: list[Schema] = schema.get("oneOf") or schema.get("anyOf") or []
    return variants


def _codes(schema: Schema) -> list[Any]:
    if "const" in schema:
        return [schema["const"]]
    codes: list[Any] = schema.get("enum", [])
    return codes


def _under_their_old_names(
    before: dict[str, Schema], after: dict[str, Schema], old_root: Schema, new_root: Schema
) -> dict[str, Schema]:
    """``after``, but what is only kept under another name now has its old one: the name is no promise to anybody."""
    found = dict(after)
    for key in before.keys() - after.keys():
        same = [
            name for name in found.keys() - before.keys()
            if "$ref" in before[key] and "$ref" in found[name]
            and _unnamed(before[key], old_root) == _unnamed(found[name], new_root)
        ]  # fmt: skip
        if same:
            found[key] = found.pop(same[0])
    return found


def _unnamed(variant: Schema, root: Schema) -> Schema:
    return {key: inner for key, inner in _resolved(variant, root).items() if key != "title"}


def _variant_key(variant: Schema, root: Schema) -> str:
    """What a variant is known by: its discriminating constants, or the name it is kept under, or its type."""
    resolved = _resolved(variant, root)
    constants = {
        name: _codes(field) for name, field in resolved.get("properties", {}).items() if "const" in field
    }
    if constants:
        return ", ".join(f"{name}={codes[0]}" for name, codes in sorted(constants.items()))
    if "$ref" in variant:
        return str(variant["$ref"].rsplit("/", 1)[-1])
    if "const" in resolved:
        return f"the value {resolved['const']!r}"
    return (
        " ".join(str(resolved[keyword]) for keyword in ("type", "format") if keyword in resolved)
        or "anything"
    )
