"""What a share of ours is, by what this room knows of its entries: news, or a word on something else."""

from typing import Final

from tocsin.exchange.journal import search
from tocsin.exchange.warn import views
from tocsin.formats import correction, extension, strictjson
from tocsin.ports.database import Reading

OBJECTS: Final = "objects"
WARNING: Final = "warning"
CORRECTED: Final = correction.CORRECTED
TAKEN: Final = "taken-back"
ORDER: Final = "erase-order"
CONFIRMED: Final = "confirmation"
ANSWER: Final = "answer"
ESCALATED: Final = "escalation"
SPOKEN: Final = frozenset({ORDER, CONFIRMED, ANSWER, ESCALATED})  # said about something else, mostly by the node itself


def of(reading: Reading, me: str, first: int, last: int, object_id: str) -> str:
    """The sort of our entries at positions `first` to `last`, whose first object is `object_id`; few looks into indexes."""
    kind = object_id.partition("--")[0]
    if kind == "report":
        found = views.one(reading, object_id)
        if found is not None and found.giver == me and not found.withdrawn:
            return WARNING
    if kind == "note":
        if reading.query("SELECT 1 FROM warn_words WHERE position BETWEEN ? AND ? LIMIT 1", (first, last)):
            return ANSWER
        if reading.query("SELECT 1 FROM warn_escalations WHERE position BETWEEN ? AND ? LIMIT 1", (first, last)):
            return ESCALATED
        content = search.content(reading, first) if first == last else None
        if content is not None and extension.of(strictjson.parse(content), "confirmation") is not None:
            return CONFIRMED
    changed = reading.query(
        "SELECT v.taken FROM warn_versions v WHERE v.position BETWEEN ? AND ? AND v.member = ? AND (v.taken OR EXISTS "
        "(SELECT 1 FROM warn_versions b WHERE b.object = v.object AND b.member = v.member AND b.instant < v.instant)) "
        "ORDER BY v.taken DESC LIMIT 1",
        (first, last, me),
    )
    if changed:
        return TAKEN if changed[0][0] else CORRECTED
    return OBJECTS
