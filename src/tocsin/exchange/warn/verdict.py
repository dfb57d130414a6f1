"""What is held against an object, in one word: computed from who says what, by the rule that stands here and nowhere else.

In this order, and the first that holds is the word:

1. RECALLED: its owner has taken it back.
2. Every member counts once. Who disagrees (by an opinion, or by calling it a false positive) is against it, whatever else
   that member says. Of everybody else counts the strongest stance that is still in force. One that says benign is against.
3. Nobody calls it malicious or suspicious any more: BENIGN when somebody calls it benign or a deny-list has it, EXPIRED when
   somebody did until a validity ran out, else UNRATED.
4. CONTESTED: a deny-list has it, or for every two who say so there is one against.
5. MALICIOUS: somebody calls it malicious with a confidence that is not low (below 30, STIX 2.1, appendix A) or not stated.
6. SUSPICIOUS: what is left.

The confidence is the mean of those that the members for it state, the highest of each; of those that say benign when the
word is BENIGN. Who only passes on what another says is no second voice: do not ask with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

LOW: Final = 30


class Stance(StrEnum):
    """What one member says of it, strongest first."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    SILENT = ""


class Word(StrEnum):
    """The verdict."""

    RECALLED = "recalled"
    CONTESTED = "contested"
    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    EXPIRED = "expired"
    UNRATED = "unrated"


class Voice(NamedTuple):
    """What a member says. `confidence`: 0 to 100, None: not stated. `lapsed`: it was true until some time ago."""

    member: str
    stance: Stance
    confidence: int | None = None
    lapsed: bool = False
    disagrees: bool = False


class Verdict(NamedTuple):
    """The word, how sure those are who carry it, who says so and who is against it."""

    word: Word
    confidence: int | None
    says: tuple[str, ...]
    against: tuple[str, ...]


_STRENGTH: Final = (Stance.MALICIOUS, Stance.SUSPICIOUS, Stance.BENIGN, Stance.SILENT)
_HOSTILE: Final = (Stance.MALICIOUS, Stance.SUSPICIOUS)
_TYPES: Final[Mapping[str, Stance]] = MappingProxyType(
    {
        "attack-pattern": Stance.MALICIOUS,
        "campaign": Stance.MALICIOUS,
        "infrastructure": Stance.MALICIOUS,
        "intrusion-set": Stance.MALICIOUS,
        "malware": Stance.MALICIOUS,
        "threat-actor": Stance.MALICIOUS,
        "tool": Stance.SUSPICIOUS,
    }
)
_SAID: Final[Mapping[str, Stance]] = MappingProxyType(
    {
        "malicious-activity": Stance.MALICIOUS,
        "attribution": Stance.MALICIOUS,
        "benign": Stance.BENIGN,
    }
)


def judge(voices: Iterable[Voice], *, is_recalled: bool = False, is_listed: bool = False) -> Verdict:
    """The rule. `is_listed`: a deny-list has what it names."""
    members: dict[str, list[Voice]] = {}
    for one in voices:
        members.setdefault(one.member, []).append(one)
    hostile: dict[str, Voice] = {}
    benign: dict[str, Voice] = {}
    doubting, lapsed = set[str](), False
    for member, said in members.items():
        best = _strongest([one for one in said if not one.lapsed])
        lapsed = lapsed or any(one.lapsed and one.stance in _HOSTILE for one in said)
        if any(one.disagrees for one in said):
            doubting.add(member)
        elif best.stance in _HOSTILE:
            hostile[member] = best
        elif best.stance is Stance.BENIGN:
            benign[member] = best
    against = tuple(sorted(doubting | benign.keys()))
    if is_recalled:
        return Verdict(Word.RECALLED, None, tuple(sorted(hostile)), against)
    if not hostile:
        word = Word.BENIGN if benign or is_listed else Word.EXPIRED if lapsed else Word.UNRATED
        # Who calls it benign says what the verdict says; against that is nobody here.
        return Verdict(word, _mean(benign.values()), tuple(sorted(benign)), tuple(sorted(doubting)))
    if is_listed or 2 * len(against) >= len(hostile):
        word = Word.CONTESTED
    else:
        word = Word.MALICIOUS if any(_is_firm(one) for one in hostile.values()) else Word.SUSPICIOUS
    return Verdict(word, _mean(hostile.values()), tuple(sorted(hostile)), against)


def _is_firm(one: Voice) -> bool:
    return one.stance is Stance.MALICIOUS and (one.confidence is None or one.confidence >= LOW)


def _strongest(said: Sequence[Voice]) -> Voice:
    """A member's strongest word, firm ones first; of two alike the more confident."""
    silent = Voice("", Stance.SILENT)
    order = {stance: at for at, stance in enumerate(_STRENGTH)}
    return min(said, key=lambda one: (not _is_firm(one), order[one.stance], -(one.confidence or 0)), default=silent)


def _mean(said: Iterable[Voice]) -> int | None:
    stated = [one.confidence for one in said if one.confidence is not None]
    return (2 * sum(stated) + len(stated)) // (2 * len(stated)) if stated else None


# -- from STIX objects ------------------------------------------------------------------------------------------------


def stance(value: Mapping[str, Any]) -> Stance:
    """What an object says by its type and its words. Total; an observable by itself says nothing."""
    kind = value.get("type")
    if kind == "indicator":
        return _of_indicator(value.get("indicator_types"))
    if kind == "malware-analysis":
        said = value.get("result")
        return Stance(said) if said in ("malicious", "suspicious", "benign") else Stance.SILENT
    return _TYPES.get(kind, Stance.SILENT) if isinstance(kind, str) else Stance.SILENT


def _of_indicator(types: Any) -> Stance:
    named = (
        [_SAID.get(one, Stance.SUSPICIOUS) for one in types if isinstance(one, str)] if isinstance(types, list) else []
    )
    return min(named, key=_STRENGTH.index, default=Stance.SUSPICIOUS)


def confidence(value: Mapping[str, Any]) -> int | None:
    """How sure its author is, 0 to 100; None: not stated. Total."""
    found = value.get("confidence")
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= 100 else None
