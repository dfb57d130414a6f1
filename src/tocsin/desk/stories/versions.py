"""Versions of an edited article, and of one dispatch in two outlets: what changed, sentence by sentence."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from tocsin.desk import thresholds
from tocsin.desk.document import Difference, Document, Sentence, Version
from tocsin.desk.finding.sentences import sentences
from tocsin.desk.finding.words import cosine, vector, words_of

_COMPARED: Final = 300


def differences(before: Sequence[Sentence], after: Sequence[Sentence], language: str) -> tuple[Difference, ...]:
    """Sentences that changed, were added (no before) or taken out (no after), in the newer order; the same are not told."""
    old, new = [_plain(one.text) for one in before], [_plain(one.text) for one in after]
    made: list[Difference] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            made += _aligned([one.text for one in before[i:j]], [one.text for one in after[k:m]], language)
    return tuple(made)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _aligned(old: Sequence[str], new: Sequence[str], language: str) -> list[Difference]:
    first, second = ([vector("", text, language) for text in texts] for texts in (old, new))
    pairs = sorted(
        ((cosine(a, b), i, j) for i, a in enumerate(first) for j, b in enumerate(second)), key=lambda one: -one[0]
    )
    mate: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for similarity, i, j in pairs:
        if similarity < thresholds.ALIGNED:
            break
        if i not in used and j not in mate:
            mate[j] = (i, similarity)
            used.add(i)
    made = []
    for j, text in enumerate(new):
        if j in mate:
            i, similarity = mate[j]
            if _plain(old[i]) != _plain(text):
                made.append(Difference(old[i], text, round(similarity, 3)))
        else:
            made.append(Difference("", text, 0.0))
    return made + [Difference(text, "", 0.0) for i, text in enumerate(old) if i not in used]


def between(one: Document, other: Document) -> tuple[Difference, ...]:
    """What two texts of one language say otherwise, of their first sentences."""
    return differences(sentences(one.text)[:_COMPARED], sentences(other.text)[:_COMPARED], one.language)


def words_between(before: str, after: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where two tellings of a sentence have other words: from and to before, in either."""
    old, new = list(words_of(before)), list(words_of(after))
    made: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    matcher = SequenceMatcher(None, [one.key for one in old], [one.key for one in new], autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what != "equal":
            for side, words, first, last in ((made[0], old, i, j), (made[1], new, k, m)):
                if first < last:
                    side.append((words[first].start, words[last - 1].end))
    return made


def versions_of(documents: Sequence[Document]) -> tuple[Version, ...]:
    """The versions of one article in order of capture; captures of an unchanged text are one version."""
    made: list[Version] = []
    last: Document | None = None
    for one in sorted(documents, key=lambda each: each.seen.first_us):
        if last is not None and one.text == last.text:
            continue
        changed = differences(sentences(last.text), sentences(one.text), one.language) if last else ()
        made.append(Version(one.id, one.seen.first_us, changed))
        last = one
    return tuple(made)
