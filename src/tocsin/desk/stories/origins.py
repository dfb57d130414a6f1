"""Independent origins: who of a story's outlets speaks for itself, and who carries what another said. The grade follows.

Carried are: copies, whatever else an outlet says itself, dispatches of an agency that another document of the story carries as well,
and retellings: four of five sentences have their counterpart in one earlier text (two translations of one dispatch). What names no
outlet may be of any of the others. Each with the reason, for a person may overrule it. The digit is 2 at most: that two outlets say the same is no proof, and a machine never proposes "confirmed".
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Final

from tocsin.desk import thresholds
from tocsin.desk.document import Grade, Origin, Reading
from tocsin.desk.finding.words import vector

Similar = Callable[[Sequence[str], Sequence[str]], Sequence[Sequence[float]]]
"""Sentences against sentences by a model across languages: a row for each of the first."""

_UNNAMED: Final = "names no outlet, and may be of this one"
_LETTERS: Final = frozenset("ABCDEF")


def origins_of(
    readings: Sequence[Reading],
    copies: Mapping[str, str],
    similar: Similar | None = None,
    known: MutableMapping[tuple[str, str], float] | None = None,
) -> tuple[Origin, ...]:
    """The origins of a story, the earliest first. `similar` traces translations; without it languages are compared apart.

    `known`: shares that were computed before, by two documents; what is computed now is added.
    """
    known = {} if known is None else known

    def share_of(one: Reading, other: Reading) -> float:
        key = one.document, other.document
        if key not in known:
            known[key] = derived(one, other, similar)
        return known[key]

    # What names nobody comes last: it is no origin beside one that has a name.
    ordered = sorted(readings, key=lambda one: (_is_unnamed(one), one.published_us, one.seen_us))
    firsts: list[Reading] = []
    names: dict[str, str] = {}
    carried: dict[str, dict[str, str]] = {}
    for one in ordered:
        held = _carried(one, firsts, copies, carried, share_of)
        if held is None:
            firsts.append(one)
            names[one.document] = one.agency or one.outlet
            carried[one.document] = {}
        else:
            first, reason = held
            carried[first][one.document] = reason
            if one.agency and names[first] != one.agency and not _agency(first, firsts):
                names[first] = one.agency
    return tuple(Origin(names[one.document], one.document, carried[one.document]) for one in firsts)


def _agency(document: str, firsts: Sequence[Reading]) -> str:
    return next((one.agency for one in firsts if one.document == document), "")


def _carried(
    one: Reading,
    firsts: Sequence[Reading],
    copies: Mapping[str, str],
    carried: Mapping[str, Mapping[str, str]],
    share_of: Callable[[Reading, Reading], float],
) -> tuple[str, str] | None:
    original = copies.get(one.document)
    for first in firsts:
        if original is not None and (original == first.document or original in carried[first.document]):
            return first.document, f"a copy of {_called(first.outlet)}'s text"
        if copies.get(first.document) == one.document:
            return first.document, f"holds {_called(first.outlet)}'s text"
    for first in firsts:
        if one.agency and one.agency == first.agency:
            return first.document, f"the same agency: {one.agency}"
    for first in firsts:
        if one.outlet == first.outlet and one.article == first.article:
            return first.document, "another version of the same article"
        if one.agency and one.agency == first.outlet:
            return first.document, f"a dispatch of {first.outlet}"
    for first in firsts:
        if one.outlet == first.outlet and not one.agency and not first.agency:
            return first.document, f"the same outlet: {one.outlet}" if one.outlet else _UNNAMED
        share = share_of(one, first)
        if share >= thresholds.DERIVED_SHARE:
            return first.document, f"{share:.0%} of its sentences are {_called(first.outlet)}'s, told again"
    return (firsts[0].document, _UNNAMED) if firsts and _is_unnamed(one) else None


def _is_unnamed(one: Reading) -> bool:
    return not one.outlet and not one.agency


def _called(name: str) -> str:
    return name or "an unknown outlet"


def derived(one: Reading, other: Reading, similar: Similar | None = None) -> float:
    """The share of the shorter text's sentences that have a counterpart in the other. 0 if too little can be compared."""
    mine, theirs = ([s.text for s in reading.sentences if len(s.text.split()) >= 6][:80] for reading in (one, other))
    flipped = len(mine) > len(theirs)
    if flipped:
        mine, theirs = theirs, mine
    if len(mine) < thresholds.DERIVED_LEAST:
        return 0.0
    if one.language == other.language:
        first, second = ([_weighed(text, one.language) for text in texts] for texts in (mine, theirs))
        rows: Sequence[Sequence[float]] = _cosines(first, second)
        if similar is not None:
            dense = similar(mine, theirs)
            rows = [
                [(a + b) / 2 for a, b in zip(left, right, strict=True)] for left, right in zip(rows, dense, strict=True)
            ]
            return _share(rows, thresholds.DERIVED_SENTENCE_DENSE)
        return _share(rows, thresholds.DERIVED_SENTENCE)
    if similar is None:
        return 0.0
    return _share(similar(mine, theirs), thresholds.DERIVED_SENTENCE_ACROSS)


@lru_cache(8_192)
def _weighed(text: str, language: str) -> Mapping[str, float]:
    """A sentence's vector; it is asked for with every other text of its story."""
    return vector("", text, language)


def _cosines(first: Sequence[Mapping[str, float]], second: Sequence[Mapping[str, float]]) -> list[list[float]]:
    """Each against each, by the words that they share: most share none."""
    postings: dict[str, list[tuple[int, float]]] = {}
    for at, one in enumerate(second):
        for word, weight in one.items():
            postings.setdefault(word, []).append((at, weight))
    rows = []
    for one in first:
        row = [0.0] * len(second)
        for word, weight in one.items():
            for at, other in postings.get(word, ()):
                row[at] += weight * other
        rows.append(row)
    return rows


def _share(rows: Sequence[Sequence[float]], least: float) -> float:
    return sum(max(row) >= least for row in rows) / len(rows)


def grade_of(origins: Sequence[Origin], letter: str = "F") -> Grade:
    """A proposed Admiralty grade. `letter`: of the best source among the origins, as people set it; F if nobody did."""
    letter = letter.upper() if letter.upper() in _LETTERS else "F"
    count = len(origins)
    carried = sum(len(one.carried) for one in origins)
    names = ", ".join(_called(one.name) for one in origins[:5])
    reasons = [f"{count} independent origin{'s' if count != 1 else ''}: {names}"]
    if carried:
        reasons.append(
            f"{carried} more document{'s' if carried != 1 else ''} carry one of them further and count for nothing"
        )
    if count >= 2:
        return Grade(
            letter, 2, (*reasons, "two origins say the same: probably true; 1, confirmed, is for people to give")
        )
    if count == 1 and letter in "AB":
        return Grade(letter, 3, (*reasons, f"one origin, of a source graded {letter}: possibly true"))
    return Grade(letter, 6, (*reasons, "one origin, and nothing else says it: cannot be judged yet"))
