"""Fairness: the row that we share with each member, how giving is spread over all, and another's statement computed again."""

from typing import Any, Final

from tocsin.edge.console.page import Answer, Call, Page, View
from tocsin.edge.console.problems import status_of
from tocsin.edge.control.fairness import Fairness
from tocsin.errors import AccessError, ConfigError, FormatError, TocsinError, VerificationError
from tocsin.formats import statement

_SHOWN: Final = 100


async def fairness(call: Call) -> Answer:
    """Rows that we are one side of, by name and never ranked; of all members only how it is spread."""
    return View("fairness.html", await _told(call))


async def _told(call: Call, verified: dict[str, Any] | None = None, error: TocsinError | None = None) -> dict[str, Any]:
    control = call.control
    made = Fairness(control)
    asked = {name: call.asked(name) for name in ("member", "since", "until")}
    if asked["member"] not in control.members.peers():
        asked["member"] = ""
    refused = error
    try:
        rows = await made.rows(asked)
    except ConfigError as wrong:
        refused, asked["since"], asked["until"] = refused or wrong, "", ""
        rows = await made.rows(asked)
    return {
        "asked": asked,
        "members": control.members.peers(),
        "me": control.members.me,
        "own": rows.get("own", {}).get("total"),
        "pairs": [
            {
                "member": one["member"],
                "gave": one["total"]["gave"],
                "got": one["total"]["got"],
                "not_receipted": one["not_receipted"],
                "unknown": one["unknown"],
                "channels": one["channels"],
            }
            for one in rows["pairs"][:_SHOWN]
        ],
        "all": await made.spread({"since": asked["since"], "until": asked["until"]}),
        "verified": verified,
        "file": call.said("file"),
        "error": refused.code if refused else "",
        "what": refused.what if refused else "",
    }


async def verify(call: Call) -> Answer:
    """Compute a pasted statement again from our own copies of the logs."""
    try:
        found = await Fairness(call.control).verified(call.written("file"))
    except (AccessError, ConfigError, FormatError, VerificationError) as error:
        return View("fairness.html", await _told(call, error=error), status_of(error))
    return View("fairness.html", await _told(call, found))


PAGES: Final = (
    Page("GET", "/fairness", fairness),
    Page("POST", "/fairness/verification", verify, most_body=4 * statement.MAX_BYTES, records=None),
)
