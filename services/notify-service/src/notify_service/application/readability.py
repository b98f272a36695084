"""How hard a notice is to read (34 CFR 300.503(c)(1)(i): written in language understandable to the general public).

English by Flesch and Kincaid's school grade, Spanish by Fernández Huerta's score; syllables are counted by Pyphen's
hyphenation, which finds a few too few. Where there is no formula, by the length of sentences alone.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from pyphen import Pyphen

from contracts.fields import LanguageTag
from contracts.notify import Readability
from notify_service.application.notice_text import NoticeText

LONGEST_SENTENCE = 25
"""Words. Plain language guides ask for 15 to 20 on average."""
LONGEST_SENTENCE_ZH = 50
"""Characters, in Chinese, where words are not written apart."""

_SENTENCE = re.compile(r"[^.!?…。！？؟\n]+[.!?…。！？؟]*")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HAN = re.compile(r"[一-鿿]")


def readability(text: NoticeText) -> Readability:
    """Of everything it says in its own language; what was written in another is not measured."""
    sentences = [sentence for sentence in sentences_of(text) if length(sentence, text.lang)]
    words = sum(length(sentence, text.lang) for sentence in sentences)
    long = sum(1 for sentence in sentences if is_long(sentence, text.lang))
    measure, grade, score = _by_formula(sentences, words, text.lang)
    return Readability(
        measure=measure, grade=grade, score=score, words=words, sentences=len(sentences), long_sentences=long
    )


def long_sentences(text: NoticeText) -> list[str]:
    """Those that are longer than can be read at once."""
    return [sentence for sentence in sentences_of(text) if is_long(sentence, text.lang)]


def length(sentence: str, lang: LanguageTag) -> int:
    """Words; characters in Chinese."""
    return len((_HAN if lang.startswith("zh") else _WORD).findall(sentence))


def is_long(sentence: str, lang: LanguageTag) -> bool:
    """Longer than can be read at once."""
    return length(sentence, lang) > (LONGEST_SENTENCE_ZH if lang.startswith("zh") else LONGEST_SENTENCE)


def sentences_of(text: NoticeText) -> Iterator[str]:
    """Every sentence in the notice's own language."""
    for passage in _passages(text):
        yield from (found.strip() for found in _SENTENCE.findall(passage) if found.strip())


def _passages(text: NoticeText) -> Iterator[str]:
    yield from text.opening
    for section in text.sections:
        for block in section.blocks:
            if block.lang is None and block.kind in ("paragraph", "own_words"):
                yield block.text
    yield from text.what_now


def _by_formula(sentences: list[str], words: int, lang: LanguageTag) -> tuple[str, int | None, int | None]:
    language = lang.split("-")[0]
    if not words or language not in ("en", "es"):
        return "sentence_length", None, None
    each = [word for sentence in sentences for word in _WORD.findall(sentence)]
    syllables = sum(_syllables(word, language) for word in each) / words
    per_sentence = words / len(sentences)
    if language == "en":
        grade = 0.39 * per_sentence + 11.8 * syllables - 15.59
        score = 206.835 - 1.015 * per_sentence - 84.6 * syllables
        return "flesch_kincaid", min(30, max(0, round(grade))), _bounded(score)
    return "fernandez_huerta", None, _bounded(206.84 - 60 * syllables - 1.02 * per_sentence)


def _bounded(score: float) -> int:
    return min(300, max(-200, round(score)))


@cache
def _hyphenation(language: str) -> Pyphen:
    return Pyphen(lang={"en": "en_US", "es": "es"}[language])


@lru_cache(maxsize=20_000)
def _syllables(word: str, language: str) -> int:
    return len(_hyphenation(language).positions(word.lower())) + 1
