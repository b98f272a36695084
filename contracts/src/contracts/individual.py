"""A plan beside the plans around it: 34 CFR 300.320 and 104.33 ask for what this child needs, not for a standard set.

The measure, so that a person can look: it names what is the same and never says that it is wrong.

- A plan's *peers* are the other plans in force with the same category (of an IEP the IDEA categories of the latest
  eligibility; Section 504 plans are among themselves), the same grade band and the same author, who is the student's
  case manager today. With fewer than ten peers nothing is said.
- Three *sets* are compared: goals, services, accommodations (with modifications and a 504 plan's school services). Of
  each item what it promises: of a service code, minutes, sessions, setting and group; of all others their words. Days,
  rooms, places and people are left out.
- Texts are *the same* when their words are: case, signs, spaces, the student's own names and he or she do not count.
  They are *nearly the same* when at least four fifths of their pairs of neighbouring words are (the Dice coefficient): in
  a statement of twelve words one may be another, say the number.
- Two sets are the same when every text of each has its equal, same or nearly, in the other. A plan is pointed out where
  a set is that of more than half of its peers.

Sets of pairs suffice for that: a library for near duplicates (MinHash, edit distances) pays off with millions of texts.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from contracts.items import Accommodation, AnyItem, Goal, Modification, SchoolServices, Service
from contracts.problems import Reason
from contracts.vocabulary import PlanKind

FEWEST_PEERS = 10
MOST = Fraction(1, 2)
NEAR = Fraction(4, 5)
CITATION = "practice, not law; 34 CFR 300.320, 104.33"

MEASURE = (
    "Compared with the other plans in force with the same category (IDEA: of the latest eligibility; Section 504 plans among"
    " themselves), grade band and case manager; silent with fewer than 10 of them. Three sets: goals, services,"
    " accommodations. Texts are the same when their words are, without case, signs, the student's names, he and she;"
    " nearly the same when at least 80 percent of their pairs of neighbouring words are. Days, rooms and people are left"
    " out. Sets are the same when every text of each has its equal in the other. A plan is listed where a set is that of"
    " more than half of its peers: so that somebody looks, not because it is wrong."
)
"""The same for readers of the answer."""

GOALS, SERVICES, ACCOMMODATIONS = "goals", "services", "accommodations"
COMPARED_KINDS = frozenset({"goal", "service", "accommodation", "modification", "school_services"})
SECTIONS = (GOALS, SERVICES, ACCOMMODATIONS)

Text: TypeAlias = tuple[str, ...]
"""The words of an item, as they are compared."""
Sets: TypeAlias = Mapping[str, frozenset[Text]]
"""By section what a plan says."""

_WORD = re.compile(r"\w+")
_OF_THE_STUDENT = frozenset({"he", "she", "his", "her", "hers", "him", "himself", "herself"})
_BANDS = {
    "grades_k_2": ("kindergarten", "transitional_kindergarten", "grade_1", "grade_2"),
    "grades_3_5": ("grade_3", "grade_4", "grade_5"),
    "grades_6_8": ("grade_6", "grade_7", "grade_8"),
    "grades_9_12": ("grade_9", "grade_10", "grade_11", "grade_12", "grade_13"),
}
_BAND_OF = {grade: band for band, grades in _BANDS.items() for grade in grades}


@dataclass(frozen=True, slots=True)
class SameSet:
    """One set of a plan that is also that of most of its peers."""

    section: str
    items: int
    """How many different texts it has."""
    same: int
    """So many peers have the same set, word for word."""
    nearly: int
    """So many more have it nearly so."""
    peers: int


def section_of(item: AnyItem) -> str | None:
    """Which set an item belongs to; ``None``: it is not compared."""
    match item:
        case Goal():
            return GOALS
        case Service():
            return SERVICES
        case Accommodation() | Modification() | SchoolServices():
            return ACCOMMODATIONS
        case _:
            return None


def promised(item: AnyItem) -> str:
    """What the item promises, without days, rooms, places and people."""
    said: tuple[object, ...] = ()
    match item:
        case Goal():
            said = (item.statement, item.target, item.unit, item.criterion)
        case Service():
            said = (item.service, item.minutes, item.per, item.sessions_per, item.setting, item.group)
        case Accommodation():
            said = (item.accommodation, item.what)
        case SchoolServices():
            said = (item.service, item.what)
        case Modification():
            said = (item.what,)
        case _:
            pass
    return " ".join(str(part) for part in said if part is not None)


def words(text: str, names: Iterable[str] = ()) -> Text:
    """The words that count: without case, signs and spaces, the student's own names and he or she."""
    left_out = _OF_THE_STUDENT | {word for name in names for word in _words(name)}
    return tuple(word for word in _words(text) if word not in left_out)


def _words(text: str) -> list[str]:
    return _WORD.findall(
        unicodedata.normalize("NFKC", text.replace("'s ", " ").replace("\u2019s ", " ")).casefold()
    )


def sets_of(texts: Iterable[tuple[str, str]], names: Iterable[str] = ()) -> Sets:
    """By section the different texts of a plan; one without a word that counts is none."""
    left_out = tuple(names)
    found: dict[str, set[Text]] = {section: set() for section in SECTIONS}
    for section, text in texts:
        if said := words(text, left_out):
            found[section].add(said)
    return {section: frozenset(said) for section, said in found.items()}


def category_of(kind: PlanKind, categories: Sequence[str]) -> str | None:
    """The category a plan is grouped by; of an IEP without an eligibility on record there is none."""
    if kind is PlanKind.SECTION_504:
        return PlanKind.SECTION_504.value
    return "+".join(sorted(categories)) or None


def grade_band(grade: str | None) -> str | None:
    """The band of a grade; another code is a band of its own, and without a grade there is none."""
    return _BAND_OF.get(grade, grade) if grade else None


def likeness(one: Text, other: Text) -> Fraction:
    """How much of the pairs of neighbouring words two texts have in common: 0 nothing, 1 all. A single word is its own."""
    mine, theirs = _pairs(one), _pairs(other)
    return Fraction(2 * len(mine & theirs), len(mine) + len(theirs))


def _pairs(text: Text) -> frozenset[Text]:
    return frozenset(pairwise(text)) or frozenset({text})


def alike(texts: Collection[Text]) -> dict[Text, frozenset[Text]]:
    """Of each text those that are the same or nearly so, itself included. Only texts that share a pair are compared."""
    pairs = {text: _pairs(text) for text in texts}
    having: defaultdict[Text, list[Text]] = defaultdict(list)
    for text, mine in pairs.items():
        for pair in mine:
            having[pair].append(text)
    return {
        text: frozenset(
            other
            for other, common in Counter(other for pair in mine for other in having[pair]).items()
            if _near(common, len(mine) + len(pairs[other]))
        )
        for text, mine in pairs.items()
    }


def _near(common: int, both: int) -> bool:
    """`likeness` is at least `NEAR`, in whole numbers."""
    return 2 * common * NEAR.denominator >= NEAR.numerator * both


def same_as_most(plans: Sequence[Sets]) -> list[list[SameSet]]:
    """Of each plan of a group the sets that are those of most of the others, in the order of ``plans``."""
    found: list[list[SameSet]] = [[] for _ in plans]
    peers = len(plans) - 1
    if peers < FEWEST_PEERS:
        return found
    for section in SECTIONS:
        times = Counter(plan[section] for plan in plans)
        equals = _equals(times)
        for place, plan in enumerate(plans):
            mine = plan[section]
            same = times[mine] - 1
            nearly = sum(times[other] for other in equals[mine]) - times[mine]
            if mine and Fraction(same + nearly, peers) > MOST:
                found[place].append(SameSet(section, len(mine), same, nearly, peers))
    return found


def _equals(sets: Collection[frozenset[Text]]) -> dict[frozenset[Text], set[frozenset[Text]]]:
    """Of each set those that are the same or nearly so, itself included; an empty one has only itself."""
    near = alike({text for texts in sets for text in texts})
    having: defaultdict[Text, set[frozenset[Text]]] = defaultdict(set)
    for texts in sets:
        for text in texts:
            for other in near[text]:
                having[other].add(texts)
    return {
        texts: {
            other
            for other in (set.intersection(*(having[text] for text in texts)) if texts else {texts})
            if all(not near[text].isdisjoint(texts) for text in other)
        }
        for texts in sets
    }


def in_a_line(found: Sequence[SameSet]) -> Reason | None:
    """One line for a draft's advice; the peers are counted, not shown."""
    if not found:
        return None
    parts = [
        f"the same {of.section} as {of.same + of.nearly} of {of.peers}"
        + (f" ({of.nearly} of them nearly)" if of.nearly else "")
        for of in found
    ]
    return Reason(
        "same-set-as-most",
        f"Beside plans of the same category, grade band and case manager it has {', '.join(parts)}.",
        CITATION,
        "Look whether each is what this student needs. Where it is, say why from this student's own data:"
        " `individual_reason` of the adoption.",
        "/items",
    )  # fmt: skip
