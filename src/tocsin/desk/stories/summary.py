"""Summary, timeline, answers: only sentences as they stand in the documents, each with its place. LexRank, no model."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.document import Clock, Document, Quote, Reading
from tocsin.desk.finding.words import cosine, vector


class Entry(NamedTuple):
    """One line of a timeline: an origin, when it was published, and the copies folded under it."""

    document: str
    outlet: str
    published: Clock
    copies: tuple[str, ...]


class _Sentence(NamedTuple):
    reading: Reading
    at: int
    start: int
    end: int
    text: str
    words: Mapping[str, float]


def _sentences(readings: Sequence[Reading]) -> list[_Sentence]:
    made: list[_Sentence] = []
    share = max(thresholds.SUMMARY_POOL // max(len(readings), 1), 8)
    for reading in readings:
        for at, one in enumerate(reading.sentences[:share]):
            if 5 <= len(one.text.split()) <= 80:
                made.append(
                    _Sentence(reading, at, one.start, one.end, one.text, vector("", one.text, reading.language))
                )
    return made[: thresholds.SUMMARY_POOL]


def _quote(one: _Sentence, score: float) -> Quote:
    return Quote(one.reading.document, one.reading.outlet, one.start, one.end, one.text, round(score, 4))


def summary_of(readings: Sequence[Reading], language: str = "") -> tuple[Quote, ...]:
    """The sentences of a story that most others are like, in the order of their documents; none said twice.

    `language`: only sentences of that language, if there are any; a summary of mixed languages helps nobody.
    """
    chosen = [one for one in readings if one.language == language] or list(readings[:1] if language else readings)
    pool = _sentences(chosen)
    ranks = _ranks(pool)
    picked: list[int] = []
    for i in sorted(range(len(pool)), key=lambda i: (-ranks[i], i)):
        if all(cosine(pool[i].words, pool[j].words) < thresholds.SUMMARY_ALIKE for j in picked):
            picked.append(i)
        if len(picked) == thresholds.SUMMARY_SENTENCES:
            break
    return tuple(_quote(pool[i], ranks[i]) for i in sorted(picked, key=lambda i: (pool[i].at, i)))


def _ranks(pool: Sequence[_Sentence]) -> list[float]:
    """LexRank: the stationary weights of a walk between sentences that are alike; earlier sentences begin heavier."""
    count = len(pool)
    edges: list[list[tuple[int, float]]] = [[] for _ in pool]
    for i in range(count):
        for j in range(i + 1, count):
            weight = cosine(pool[i].words, pool[j].words)
            if weight >= thresholds.SUMMARY_EDGE:
                edges[i].append((j, weight))
                edges[j].append((i, weight))
    totals = [sum(weight for _, weight in one) for one in edges]
    start = [1 / (1 + one.at) ** 0.5 for one in pool]
    whole = sum(start) or 1.0
    start = [one / whole for one in start]
    ranks = list(start)
    for _ in range(20):
        fresh = [0.15 * one for one in start]
        for i, near in enumerate(edges):
            for j, weight in near:
                fresh[j] += 0.85 * ranks[i] * weight / totals[i]
        ranks = fresh
    return ranks


def answers_to(question: str, readings: Sequence[Reading]) -> tuple[Quote, ...]:
    """Passages of a story that answer a question best, quoted. None rather than a sentence that has nothing of it.

    The words of the question are compared with the words of each sentence, by weight.
    """
    made: list[tuple[float, int, _Sentence]] = []
    for order, one in enumerate(_pool(readings)):
        asked = vector("", question, one.reading.language)
        score = cosine(asked, one.words)
        if score >= thresholds.ANSWER_LEAST:
            made.append((score, -order, one))
    picked: list[tuple[float, _Sentence]] = []
    for score, _, one in sorted(made, key=lambda found: (-found[0], -found[1])):
        if all(cosine(one.words, other.words) < thresholds.SUMMARY_ALIKE for _, other in picked):
            picked.append((score, one))
        if len(picked) == thresholds.ANSWERS:
            break
    return tuple(_quote(one, score) for score, one in picked)


def _pool(readings: Sequence[Reading]) -> list[_Sentence]:
    return [
        _Sentence(reading, at, one.start, one.end, one.text, vector("", one.text, reading.language))
        for reading in readings
        for at, one in enumerate(reading.sentences[:400])
    ]


def timeline_of(documents: Sequence[Document], copies: Mapping[str, str]) -> tuple[Entry, ...]:
    """The documents of a story by time of publication, copies under what they copy."""
    known = {one.id for one in documents}
    heads = [one for one in documents if copies.get(one.id) not in known]
    made = [
        Entry(
            one.id,
            one.outlet,
            one.published or one.seen,
            tuple(other.id for other in documents if _root(other.id, copies) == one.id and other.id != one.id),
        )
        for one in heads
    ]
    return tuple(sorted(made, key=lambda one: (one.published.first_us, one.document)))


def _root(document: str, copies: Mapping[str, str]) -> str:
    seen = set()
    while document in copies and document not in seen:
        seen.add(document)
        document = copies[document]
    return document
