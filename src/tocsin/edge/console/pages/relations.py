"""What is around an object, drawn and as a list: one step out, or two."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tocsin.edge.audit import Operation, Seen
from tocsin.edge.console import relations
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Page, View
from tocsin.edge.console.problems import absent
from tocsin.edge.console.relations import Beside, Ring
from tocsin.edge.control import neighbours
from tocsin.edge.control.neighbours import Around, Edge
from tocsin.exchange.journal.search import Found
from tocsin.ports.database import Reading

_SECOND: Final = 64  # relationships that are read around each object of the first ring
_OFFERED: Final = 3
_CHOICES: Final = 40  # of a filter
_WAYS: Final[Mapping[str, bool]] = {"in": False, "out": True}
_FILTERS: Final = ("type", "label", "by", "way", "without")


async def relations_(call: Call) -> Answer:
    """The page. `depth` 2: also what stands around those; `from`: where the list goes on."""
    control, object_id = call.control, call.part("object_id")
    asked = {name: call.asked(name) for name in _FILTERS}
    depth, begin, now_us = 2 if call.number("depth") == 2 else 1, call.number("from"), control.clock.now_us()
    await control.synced()

    def ask(db: Reading) -> _Read | None:
        own = neighbours.last(db, [object_id], now_us, content=True)
        return _Read(db, object_id, own, asked, depth, begin, now_us) if own else None

    read = await control.journal.database.read(ask)
    if read is None:
        raise absent()
    await control.audit.seen(call.use(Operation.READ), read.seen())
    return View("relations.html", {**asked, "depth": depth, **read.told()})


class _Read:
    """All that the page shows, from one reading."""

    def __init__(
        self, db: Reading, object_id: str, own: Sequence[Found], asked: Mapping[str, str], depth: int, begin: int,
        now_us: int,
    ) -> None:  # fmt: skip
        self._id, self._begin = object_id, begin
        self._around = neighbours.around(db, object_id, own, now_us)
        self._all = relations.beside(self._around.edges)
        self._kept = relations.beside(one for one in self._around.edges if _is_wanted(one, asked))
        self._listed = self._kept[begin : begin + PAGE_ROWS]
        self._first = relations.bundled(self._kept, relations.MOST - 1)
        self._steps = self._further(db, now_us) if depth == 2 else {}
        edges = {parent: one.edges for parent, one in self._steps.items()}
        ids = [object_id, *(one.id for one in self._all)]
        self._rings = relations.second(self._first, ids, edges) if depth == 2 else {}
        wanted = [one.id for one in (*self._listed, *self._first) if one.id]
        wanted += [one.id for ring in self._rings.values() for one in ring.shown if one.id]
        self._beside = [*own, *neighbours.last(db, wanted, now_us)]

    def _further(self, db: Reading, now_us: int) -> dict[str, Around]:
        ids = [one.id for one in self._first if one.id]
        held: dict[str, list[Found]] = {}
        for found in neighbours.last(db, ids, now_us, content=True):
            held.setdefault(found.object_id, []).append(found)
        return {one: neighbours.around(db, one, held[one], now_us, _SECOND) for one in ids if one in held}

    def seen(self) -> list[Seen]:
        """For the audit trail."""
        found = (*self._beside, *self._around.seen, *(one for each in self._steps.values() for one in each.seen))
        return list(dict.fromkeys(Seen(one.object_id, one.marking) for one in found))

    def told(self) -> dict[str, Any]:
        """For the template and the twin."""
        names = shown_names(self._beside)
        end = self._begin + PAGE_ROWS
        return {
            "id": self._id,
            "object_type": neighbours.kind(self._id),
            "name": names.get(self._id, "") or self._id,
            "total": len(self._all),
            "matching": len(self._kept),
            "is_cut": self._around.is_cut,
            "read": neighbours.MOST,
            "bundles": sum(not one.id for one in self._first),
            "pictures": pictures(self._id, self._first, self._rings, names),
            "rows": [row(one, names) for one in self._listed],
            "next": end if len(self._kept) > end else 0,
            "further": [
                {
                    "id": parent,
                    "name": names.get(parent, "") or parent,
                    "rows": [row(one, names) for one in ring.shown],
                    "left_out": ring.left_out,
                    "is_cut": self._steps[parent].is_cut,
                }
                for parent, ring in self._rings.items()
                if parent in self._steps and (ring.shown or ring.left_out)
            ],
            "offers": self._offers(),
            "choices": self._choices(),
        }

    def _offers(self) -> list[dict[str, Any]]:
        """The types without which the picture is clearest: those of the largest bundles."""
        if not any(not one.id for one in self._first):
            return []
        counted = Counter(one.type for one in self._kept)
        return [{"type": one, "count": count} for one, count in counted.most_common(_OFFERED) if count > 1]

    def _choices(self) -> dict[str, list[str]]:
        """What there is to filter by, the most frequent first kept."""
        edges = self._around.edges
        counted = {
            "type": Counter(one.type for one in self._all),
            "label": Counter(one.label for one in edges),
            "by": Counter(member for one in edges for member in one.by),
        }
        return {name: sorted(one for one, _ in told.most_common(_CHOICES)) for name, told in counted.items()}


def _is_wanted(edge: Edge, asked: Mapping[str, str]) -> bool:
    found = neighbours.kind(edge.other)
    return (
        asked["type"] in ("", found)
        and found not in asked["without"].split(",")
        and asked["label"] in ("", edge.label)
        and (not asked["by"] or asked["by"] in edge.by)
        and _WAYS.get(asked["way"], edge.outgoing) == edge.outgoing
    )


def shown_names(found: Iterable[Found]) -> dict[str, str]:
    """What objects that are held are called, by id; what has no name by its id."""
    out: dict[str, str] = {}
    for one in found:
        out[one.object_id] = one.name or out.get(one.object_id, "") or one.object_id
    return out


def pictures(
    object_id: str, first: Sequence[Beside], rings: Mapping[str, Ring], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The picture for wide and for narrow screens; none of an object that has nothing around it."""
    return [form(object_id, first, rings, names) for form in (relations.wide, relations.narrow)] if first else []


def row(one: Beside, names: Mapping[str, str]) -> dict[str, Any]:
    """One object, or one bundle, of a list."""
    return {
        "id": one.id,
        "name": names.get(one.id, ""),
        "type": one.type,
        "held": one.id in names,
        "count": one.size,
        "label": one.label,
        "outgoing": one.outgoing,
        "edges": [{"label": each.label, "outgoing": each.outgoing, "by": list(each.by)} for each in one.edges],
    }


PAGES: Final = (Page("GET", "/o/{object_id}/relations", relations_),)
