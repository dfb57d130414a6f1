"""Pages whose outlets and times stand below the texts: their lines are brought into the order of all the others."""

from itertools import groupby, takewhile

from tocsin.desk.reading import labels
from tocsin.desk.reading.blocks import Kind
from tocsin.desk.reading.lines import Line, is_credit, is_outlet_like


def with_footers_raised(lines: list[Line]) -> list[Line]:
    """The lines, with outlets and stamps that stand below their texts put below the titles, where headers are looked for."""
    made: list[Line] = []
    for unit, group in groupby(lines, key=lambda one: one.unit):
        made += _raised(list(group), 1 if unit >= 0 else 2)
    return made


def _raised(run: list[Line], least: int) -> list[Line]:
    """A run of lines, changed if all of it is titles, texts and stamps in this order, as many times as `least` or more."""
    # Of "published" and "updated", one below the other, the first counts.
    lines = [one for i, one in enumerate(run) if one.stamp is None or i == 0 or run[i - 1].stamp is None]
    stamped = [i for i, one in enumerate(lines) if one.stamp is not None]
    made: list[Line] = []
    start = 0
    for at in stamped:
        bodies = [i for i in range(start, at) if lines[i].is_body]
        titles = [i for i in range(start, bodies[0]) if lines[i].is_title_like] if bodies else []
        if not titles or any(_opens(one) for one in lines[bodies[-1] + 1 : at]):
            return run
        title = next((i for i in reversed(titles) if lines[i].kind is Kind.HEADING), titles[-1])
        first, last = _footer(lines, at)
        made += [*lines[start : title + 1], *lines[first : last + 1], *lines[title + 1 : first]]
        start = last + 1
    rest = list(takewhile(lambda one: not one.is_labelled, lines[start:]))
    goes_on = any(_opens(one) or (one.unit >= 0 and one.is_body) for one in rest)
    return [*made, *lines[start:]] if len(stamped) >= least and not goes_on else run


def _opens(line: Line) -> bool:
    """Whether a line begins something else: a list, another article. What may name an outlet does not."""
    return line.is_labelled or (line.is_title_like and (line.kind is Kind.HEADING or line.words > 6))


def _footer(run: list[Line], at: int) -> tuple[int, int]:
    """The first and the last line of the footer around a stamp: the outlet has a line of its own if it is not beside it."""
    if not run[at].left:
        if _names(run[at - 1]):
            return at - 1, at
        if at + 1 < len(run) and _names(run[at + 1]) and not (at + 2 < len(run) and run[at + 2].is_body):
            return at, at + 1
    return at, at


def _names(line: Line) -> bool:
    is_text = labels.ends_sentence(line.text) or is_credit(line.text) or labels.without_tags(line.text)[1] != ""
    return line.kind is not Kind.HEADING and not is_text and is_outlet_like(line.text)
