"""Where what stands around an object is drawn: columns by direction, bundles instead of hairballs, the same each time.

Lengths are units of the picture, nearly pixels. "Start" is the left where people read from left to right; the template
mirrors a picture for those who read the other way.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.edge.control.neighbours import Edge, kind

MOST: Final = 60  # nodes of a picture, the object itself among them
FEW: Final = 14  # nodes on the object's own page
_ALIKE: Final = 6  # of one type, joined alike, stand each for itself; more are a bundle
_LEAST: Final = 3  # places into which anything can be bundled: one for each direction, and one to spare
_HANDLES: Final = 2  # of those who say so; more are counted
_KEYS: Final[tuple[Callable[["Beside"], tuple[Any, ...]], ...]] = (
    lambda one: (one.outgoing, one.type, one.label),
    lambda one: (one.outgoing, one.type),
    lambda one: (one.outgoing,),
)


class Beside(NamedTuple):
    """An object beside another with all that joins them, or a bundle: `size` of them, an empty `id`.

    `outgoing`, `type` and `label` are those of the first edge; "" in a bundle of several.
    """

    id: str
    type: str
    label: str
    outgoing: bool
    edges: tuple[Edge, ...]
    size: int = 1

    @property
    def by(self) -> tuple[str, ...]:
        """Who says so, sorted; a bundle does not tell."""
        return tuple(sorted({member for one in self.edges for member in one.by}))


class Ring(NamedTuple):
    """What is drawn around one object. `left_out`: objects for which there was no room."""

    shown: tuple[Beside, ...]
    left_out: int = 0


# -- what is drawn --------------------------------------------------------------------------------------------------


def beside(edges: Iterable[Edge]) -> list[Beside]:
    """One for each object, in the order in which they are first named."""
    joined: dict[str, list[Edge]] = {}
    for one in edges:
        joined.setdefault(one.other, []).append(one)
    return [Beside(other, kind(other), told[0].label, told[0].outgoing, tuple(told)) for other, told in joined.items()]


def bundled(found: Sequence[Beside], room: int) -> tuple[Beside, ...]:
    """At most `room` (3 or more) of them: many that are alike as one, then the largest groups, until there is room."""
    out = _folded(found, _KEYS[0], lambda group: group > _ALIKE, len(found))
    for key in _KEYS:
        out = _folded(out, key, lambda group: group > 1, len(out) - max(room, _LEAST))
    return tuple(out)


def _folded(
    found: Sequence[Beside], key: Callable[[Beside], tuple[Any, ...]], worth: Callable[[int], bool], saved: int
) -> list[Beside]:
    """The largest groups as bundles, each where its first stood, until `saved` places are."""
    groups: dict[tuple[Any, ...], list[Beside]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    folded = set()
    for name, group in sorted(groups.items(), key=lambda one: -len(one[1])):
        if saved > 0 and worth(len(group)):
            saved -= len(group) - 1
            folded.add(name)
    out = []
    for one in found:
        group = groups[key(one)]
        if key(one) not in folded:
            out.append(one)
        elif group[0] is one:
            out.append(_bundle(group))
    return out


def _bundle(group: Sequence[Beside]) -> Beside:
    types, labels = {one.type for one in group}, {one.label for one in group}
    return Beside(
        "",
        types.pop() if len(types) == 1 else "",
        labels.pop() if len(labels) == 1 else "",
        group[0].outgoing,
        (),
        sum(one.size for one in group),
    )


def second(
    first: Sequence[Beside], all_ids: Iterable[str], steps: Mapping[str, Sequence[Edge]], most: int = MOST
) -> dict[str, Ring]:
    """What stands around each object of the first ring, and nowhere in it: as much as there is room for, fairly shared."""
    drawn, room = set(all_ids), most - 1 - len(first)
    parents = [one.id for one in first if one.id]
    out = {}
    for at, parent in enumerate(parents):
        found = [one for one in beside(steps.get(parent, ())) if one.id not in drawn]
        share = room // (len(parents) - at)
        shown = bundled(found, share) if share >= _LEAST else tuple(found[:share] if len(found) <= share else ())
        room -= len(shown)
        drawn |= {one.id for one in shown if one.id}
        out[parent] = Ring(shown, 0 if shown else len(found))
    return out


# -- where it is drawn ----------------------------------------------------------------------------------------------


class _Form(NamedTuple):
    """Measures of a wide picture: of a node; `gap` between columns, of which `text` is for what stands on a line."""

    width: int
    gap: int
    text: int


_WIDE: Final = (_Form(240, 190, 140), _Form(160, 124, 96))  # of one ring, of two
_EDGE: Final = 3
_TALL: Final = 44
_ROW: Final = 58
_NARROW: Final = 288
_STEP: Final = 24  # inwards
_WORDS: Final = 18  # the height of what stands on a line
_LETTER: Final = 8.4  # the width of a letter of a name, on average: what is wider is cut by its frame
_SMALL: Final = 7.3  # and of what stands on a line
_SHAPE: Final = 34  # before a name


def wide(centre: str, first: Sequence[Beside], rings: Mapping[str, Ring], names: Mapping[str, str]) -> dict[str, Any]:
    """Columns: what points at the object, the object, what it points at; further out what stands around those."""
    form = _WIDE[bool(rings)]
    columns: dict[int, list[tuple[Beside, str]]] = {0: [(_itself(centre), "")]}
    for one in first:
        side = 1 if one.outgoing else -1
        columns.setdefault(side, []).append((one, centre))
        for child in _around(one, rings):
            columns.setdefault(2 * side, []).append((child, one.id))
    tall, begin = max(map(len, columns.values())) * _ROW, min(columns)
    nodes, links, places = [], [], dict[str, tuple[int, int]]()
    for column in sorted(columns, key=abs):
        x = _EDGE + (column - begin) * (form.width + form.gap)
        top = (tall - len(columns[column]) * _ROW + _ROW - _TALL) // 2
        for row, (one, parent) in enumerate(columns[column]):
            place = (x, top + row * _ROW)
            nodes.append(_node(one, parent, names, (*place, form.width), abs(column)))
            if one.id:
                places[one.id] = place
            if parent:
                links.append(_across(one, form, place, places[parent], column))
    width = (max(columns) - begin) * (form.width + form.gap) + form.width + 2 * _EDGE
    return {"form": "wide", "width": width, "height": tall, "nodes": nodes, "links": links}


def narrow(centre: str, first: Sequence[Beside], rings: Mapping[str, Ring], names: Mapping[str, str]) -> dict[str, Any]:
    """One column: the object, what points at it, what it points at, each with what stands around it a step further in."""
    x = _EDGE
    nodes = [_node(_itself(centre), "", names, (x, _EDGE, _NARROW - 2 * _EDGE), 0)]
    links, y = [], 2 * _EDGE + _TALL
    for one in sorted(first, key=lambda one: one.outgoing):
        above, depth = _EDGE + _TALL, 1
        for each, parent in ((one, centre), *((child, one.id) for child in _around(one, rings))):
            at = x + depth * _STEP
            nodes.append(_node(each, parent, names, (at, y + _WORDS, _NARROW - _EDGE - at), depth))
            links.append(_down(each, at, y, above))
            if depth == 1:
                above, depth = y + _WORDS + _TALL, 2
            y += _WORDS + _TALL + 8
    return {"form": "narrow", "width": _NARROW, "height": y, "nodes": nodes, "links": links}


def _itself(centre: str) -> Beside:
    return Beside(centre, kind(centre), "", outgoing=True, edges=())


def _around(one: Beside, rings: Mapping[str, Ring]) -> tuple[Beside, ...]:
    return rings[one.id].shown if one.id in rings else ()


def _node(one: Beside, parent: str, names: Mapping[str, str], at: tuple[int, int, int], depth: int) -> dict[str, Any]:
    """`held`: it can be opened. `text` is as much of its name as has room."""
    x, y, width = at
    name = names.get(one.id) or one.id
    return {
        "x": x,
        "y": y,
        "width": width,
        "height": _TALL,
        "depth": depth,
        "id": one.id,
        "type": one.type,
        "held": one.id in names,
        "name": name,
        "text": clipped(name, int((width - _SHAPE - 8) / _LETTER)),
        "count": one.size,
        "label": one.label,
        "outgoing": one.outgoing,
        "parent": parent,
    }


def _across(one: Beside, form: _Form, place: tuple[int, int], inner: tuple[int, int], column: int) -> dict[str, Any]:
    """A line from a node, level while words stand on it, then to the node further in."""
    y, to_y = place[1] + _TALL // 2, inner[1] + _TALL // 2
    side = 1 if column > 0 else -1
    begin = place[0] if side > 0 else place[0] + form.width
    end = inner[0] + form.width if side > 0 else inner[0]
    level = begin - side * form.text
    middle, words, room = (level + end) // 2, min(begin, level) + 8, form.text - 20
    heads = (_goes(one, True) and _head(begin, y, f"{-8 * side} -4v8z")) or ""
    heads += (_goes(one, False) and _head(end, to_y, f"{8 * side} -4v8z")) or ""
    path = f"M{begin} {y}H{level}C{middle} {y} {middle} {to_y} {end} {to_y}"
    return _line(one, path, heads, (words, y - 19, room), (words, y + 2, room))


def _down(one: Beside, x: int, y: int, above: int) -> dict[str, Any]:
    """A line from the node above, down a rail, and to this one."""
    rail, to_y, room = x - _STEP + 10, y + _WORDS + _TALL // 2, (_NARROW - x) // 2 - 8
    heads = (_goes(one, True) and _head(x, to_y, "-8 -4v8z")) or ""
    heads += (_goes(one, False) and _head(rail, above, "-4 8h8z")) or ""
    return _line(one, f"M{rail} {above}V{to_y}H{x}", heads, (x + 2, y, room), (x + room + 10, y, room))


def _line(one: Beside, path: str, heads: str, label: tuple[int, int, int], by: tuple[int, int, int]) -> dict[str, Any]:
    """`loose`: no member has signed it. `more`: how many other relationships the line stands for."""
    labels = list(dict.fromkeys(each.label for each in one.edges)) or [one.label]
    return {
        "path": path,
        "heads": heads,
        "loose": bool(one.edges) and not one.by,
        "labels": labels,
        "label": clipped(labels[0], int(label[2] / _SMALL) - 3 * (len(labels) > 1)),
        "more": len(labels) - 1,
        "label_at": list(label),
        "members": list(one.by),
        "by": clipped(", ".join(one.by), int(by[2] / _SMALL)) if len(one.by) <= _HANDLES else "",
        "by_at": list(by),
    }


def _goes(one: Beside, outgoing: bool) -> bool:
    return one.outgoing == outgoing or any(each.outgoing == outgoing for each in one.edges)


def _head(x: int, y: int, rest: str) -> str:
    return f"M{x} {y}l{rest}"


def clipped(text: str, room: int) -> str:
    """As much of a text as has room in so many letters; wide ones take two places and joined ones none."""
    used = 0
    for at, letter in enumerate(text):
        used += 0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > max(room, 1):
            return f"{text[: max(at - 1, 0)]}…"
    return text
