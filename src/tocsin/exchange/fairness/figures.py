"""The figures of one member's giving, as others have judged it. docs/fairness.md defines each."""

from collections.abc import Callable, Collection
from statistics import median_low
from typing import Any, Final, NamedTuple

from tocsin.exchange.fairness.facts import Word
from tocsin.exchange.fairness.gathering import Counted, Counts
from tocsin.exchange.fairness.view import Verdict, View

_DIGITS: Final = 4
_US_IN_MS: Final = 1000
Judges = Callable[[str], bool]


class Figures(NamedTuple):
    """Of what one member gave. Medians are in milliseconds; None where there is nothing to take them of."""

    given: int
    withdrawn: int
    claims: int
    first: int
    confirmed: int
    sighted: int
    used: int
    useful: int
    judged: int
    false: int
    unique: int
    warnings: int
    answered: int
    share_ms: int | None
    answer_ms: int | None
    correctness: float | None
    relevance: float | None
    utility: float | None
    uniqueness: float | None

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return self._asdict()


QUALITY: Final = ("correctness", "relevance", "utility", "uniqueness")


def everybody(_member: str) -> bool:
    """All judge."""
    return True


def only(member: str) -> Judges:
    """One judges."""
    return lambda one: one == member


def of(view: View, counts: Counts, giver: str, judges: Judges, channel: str = "") -> Figures:
    """What a member gave in a scope, in one channel of it or in all."""
    counted, withdrawn = Counted(), 0
    for log in view.scope.logs(giver, channel):
        counted = counted.plus(counts.of(log, view.scope)).plus(counts.repeated(log, view.scope))
        withdrawn += counts.withdrawn(log, view.scope)
    return _figures(counted, withdrawn, [one for _, one in view.given(giver, channel)], judges)


def _figures(counted: Counted, withdrawn: int, verdicts: Collection[Verdict], judges: Judges) -> Figures:
    own = [one for one in verdicts if one.is_own]
    sighted = [one for one in own if one.heard(judges, Word.SIGHTED)]
    used = [one for one in own if one.heard(judges, Word.USED)]
    opinions = [judged for one in own if (judged := [good for who, good in one.opinions.items() if judges(who)])]
    false = sum(is_false(one) for one in opinions)
    useful = [one for one in own if is_useful(one, judges)]
    warnings = [one for one in verdicts if one.is_warning]
    answers = [us for one in warnings for who, us in one.answers_us.items() if judges(who)]
    claims = counted.single + len(verdicts)
    unique = sum(one.alone for one in useful)
    return Figures(
        given=counted.given,
        withdrawn=withdrawn,
        claims=claims,
        first=sum(one.first for one in own),
        confirmed=sum(one.confirmed for one in own),
        sighted=len(sighted),
        used=len(used),
        useful=len(useful),
        judged=len(opinions),
        false=false,
        unique=unique,
        warnings=counted.warnings + len(warnings),
        answered=sum(any(map(judges, one.answers_us)) for one in warnings),
        share_ms=_median_ms([one.delay_us for one in useful if one.delay_us is not None]),
        answer_ms=_median_ms(answers),
        correctness=_part(len(opinions) - false, len(opinions)),
        relevance=_part(len(useful), claims),
        utility=_part(len(used), claims),
        uniqueness=_part(unique, len(useful)),
    )


def is_useful(one: Verdict, judges: Judges) -> bool:
    """Sighted or used by one of these, and not judged false by more than say otherwise."""
    if not one.is_own or not one.heard(judges, Word.SIGHTED | Word.USED):
        return False
    return not is_false([good for who, good in one.opinions.items() if judges(who)])


def is_false(opinions: Collection[bool]) -> bool:
    """Whether more of those who have judged say false than say right."""
    return 2 * sum(opinions) < len(opinions)


def _part(some: int, all_: int) -> float | None:
    return round(some / all_, _DIGITS) if all_ else None


def _median_ms(values: list[int]) -> int | None:
    return median_low(values) // _US_IN_MS if values else None
