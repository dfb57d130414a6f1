"""Lines that say who said something and when ("Marta Velden, yesterday"): they look like an outlet with its stamp, and are none.

Only a word for a day, without an hour, is doubted. A person cannot be told from an outlet by the name; what stands around it can.
"""

import re
from collections import Counter
from itertools import accumulate
from typing import Final, NamedTuple

from tocsin.desk import thresholds
from tocsin.desk.reading.blocks import Kind
from tocsin.desk.reading.lines import Line

_QUOTED: Final = re.compile(r"\s*[\"'“„«‘「].*[\"'”“»’」]\s*[.,!?…،]?\s*", re.DOTALL)
_EDGES: Final = " ,،|·•:-–—\"'"


class _Doubted(NamedTuple):
    """A stamp that is one word. `above`: the line that stands above the name."""

    at: int
    name: str
    above: int


def without_attributions(lines: list[Line]) -> list[Line]:
    """The lines, with those that say who said it and when as text."""
    stamped = [i for i, one in enumerate(lines) if one.stamp is not None]
    doubted = [_doubted(lines, at) for at in stamped if _is_weak(lines[at])]
    if not doubted:
        return lines
    bodies = list(accumulate((one.is_body for one in lines), initial=0))  # above each line
    last = {at: before for before, at in zip([0, *stamped], stamped, strict=False)}
    names = Counter(one.name for one in doubted)
    # Where the first article has such a header, others may have one, too: one sign is not enough.
    is_usual = not bodies[doubted[0].at]
    made = list(lines)
    for one in doubted:
        text = [each.text for each in lines[last[one.at] : one.at - 1] if each.is_body]
        is_known = names[one.name] == 1 and " " in one.name and any(one.name in each for each in text)
        is_quoted = bool(text and one.name) and _QUOTED.fullmatch(lines[one.above].text) is not None
        if is_known + is_quoted > is_usual or (len(stamped) == 1 and _is_within(lines, one, bodies[one.at])):
            made[one.at] = lines[one.at]._replace(stamp=None, left="")
    return made


def _is_weak(line: Line) -> bool:
    """Whether all that a line says of a time is a word for a day, and no page marks it as one."""
    if line.stamp is None or line.kind is not Kind.TEXT or line.unit >= 0 or line.when:
        return False
    return line.stamp.relative and not any(one.isspace() or one.isdigit() for one in line.stamp.text)


def _doubted(lines: list[Line], at: int) -> _Doubted:
    name = lines[at].left.strip(_EDGES)
    if name or not at:
        return _Doubted(at, name, max(at - 1, 0))
    above = lines[at - 1]
    if above.stamp is None and not above.is_body and above.kind is Kind.TEXT and 2 <= above.words <= 4:
        return _Doubted(at, above.text.strip(_EDGES), max(at - 2, 0))
    return _Doubted(at, "", at - 1)


def _is_within(lines: list[Line], one: _Doubted, bodies: int) -> bool:
    """Whether the only stamp of a page stands in a text that began above it: below a heading or in a list it is another's."""
    is_listed = any(each.is_labelled for each in lines[: one.at])
    near = lines[max(one.at - thresholds.HEADER_LINES, 0) : one.at]
    return bool(bodies) and not is_listed and not any(each.kind is Kind.HEADING for each in near)
