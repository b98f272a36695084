"""How a name is found: by the beginnings of its words, whatever the accents and the order."""

import unicodedata


def words_of(text: str) -> list[str]:
    """The words of a name as they are searched for: ``José-María O'Neil`` gives ``jose maria oneil``, each once."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    plain = plain.replace("'", "").replace("’", "")
    return list(dict.fromkeys("".join(c if c.isalnum() else " " for c in plain).split()))
