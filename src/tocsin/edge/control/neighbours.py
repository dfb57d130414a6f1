"""What stands around an object: what joins it by a relationship, what it refers to, what collects it; and who says so."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tocsin.exchange.journal import search
from tocsin.exchange.journal.search import Found, Query
from tocsin.exchange.match import observables, relations
from tocsin.exchange.warn import voices
from tocsin.ports.database import Reading

MOST: Final = relations.MOST
_COLLECTIONS: Final = ("grouping", "report")
_STEP: Final = 400
# What tells a reader most comes first; of indicators and observables there are many, and they stand at the end.
_TELLING: Final = (
    "threat-actor", "intrusion-set", "campaign", "malware", "course-of-action", "incident", "report", "grouping",
    "infrastructure", "tool", "vulnerability", "attack-pattern", "identity", "location", "malware-analysis",
)  # fmt: skip


class Edge(NamedTuple):
    """One step from an object to another. `outgoing`: the object is its source. `by`: who says so, sorted."""

    other: str
    label: str
    outgoing: bool
    by: tuple[str, ...]
    position: int  # of the newest entry that says so


class Around(NamedTuple):
    """All steps, the most telling types first, then newest first; `is_cut`: there are more than were read. `seen` is what it was read from."""

    edges: tuple[Edge, ...]
    is_cut: bool
    seen: tuple[Found, ...]


def around(reading: Reading, object_id: str, newest: Sequence[Found], now_us: int, most: int = MOST) -> Around:
    """The steps from an object; `newest`: what of it is shown, with content, for what it refers to itself."""
    joined, is_cut = relations.around(reading, object_id, now_us, most)
    steps: dict[tuple[str, str, bool], tuple[set[str], int]] = {}
    for found, value in joined:
        is_source = value["source_ref"] == object_id
        other = value["target_ref"] if is_source else value["source_ref"]
        if other != object_id:
            _note(steps, (other, value["relationship_type"], is_source), found)
    for one in newest:
        for link in observables.links(search.parsed(one.content))[:MOST]:
            if link.source == object_id and not link.free:
                _note(steps, (link.target, link.label, True), one)
    told = voices.about(reading, object_id, _COLLECTIONS)
    held = last(reading, (one for one, _ in told), now_us)
    for one in held:
        if (one.object_id, one.member) in set(told):
            _note(steps, (one.object_id, "contains", False), one)
    edges = (Edge(*step, tuple(sorted(by)), at) for step, (by, at) in steps.items())
    ordered = sorted(edges, key=lambda one: (_rank(one.other), -one.position, one.other, one.label))
    return Around(tuple(ordered), is_cut, tuple([one.found for one in joined] + held))


def _rank(object_id: str) -> int:
    found = kind(object_id)
    return _TELLING.index(found) if found in _TELLING else len(_TELLING)


def _note(steps: dict[tuple[str, str, bool], tuple[set[str], int]], step: tuple[str, str, bool], found: Found) -> None:
    by, at = steps.get(step, (set(), 0))
    steps[step] = (by | {found.member}, max(at, found.position))


def last(reading: Reading, ids: Iterable[str], now_us: int, *, content: bool = False) -> list[Found]:
    """What is shown of these now, one or more copies of each."""
    wanted, out = list(dict.fromkeys(ids)), list[Found]()
    for at in range(0, len(wanted), _STEP):
        part = tuple(wanted[at : at + _STEP])
        out += search.find(reading, Query(ids=part, versions=("last",), limit=MOST, now_us=now_us, content=content))
    return out


def named(found: Iterable[Found]) -> Mapping[str, str]:
    """What objects are called, by id."""
    return {one.object_id: one.name for one in found if one.name}


def kind(object_id: str) -> str:
    """The type that an id tells."""
    return object_id.partition("--")[0]


def brief(edge: Edge, names: Mapping[str, str], held: frozenset[str]) -> dict[str, Any]:
    """An edge for a page."""
    return {
        "id": edge.other,
        "name": names.get(edge.other, ""),
        "type": kind(edge.other),
        "held": edge.other in held,
        "label": edge.label,
        "outgoing": edge.outgoing,
        "by": list(edge.by),
    }
