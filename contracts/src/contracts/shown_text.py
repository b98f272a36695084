"""What people wrote, as it may be shown: nothing in it turns the words around it (Unicode TR 36, 2.2; CVE-2021-42574)."""

_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NOTHING = dict.fromkeys(map(ord, _TURNS))


def as_shown(text: str) -> str:
    """Without embeddings, overrides and isolates, which can make ``not approved`` read as something else.

    What was recorded stays as it was written. Letters have their direction by themselves, and the marks U+200E, U+200F and
    U+061C, which turn nothing but themselves, stay.
    """
    return text.translate(_NOTHING)
