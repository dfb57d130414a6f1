"""The node: its health, links, backups and settings. Reads only; what changes a node is done at its own command line."""

from collections import Counter
from typing import Any, Final

from tocsin.edge.console import problems
from tocsin.edge.console.page import PAGE_ROWS, Answer, Call, Page, View
from tocsin.edge.control import reading
from tocsin.edge.signin import oidc
from tocsin.errors import AccessError
from tocsin.formats.text import instant


async def health(call: Call) -> Answer:
    """What `tocsin doctor` finds, and how the node stands."""
    found = await call.services.examine()
    status = await reading.status(call.control)
    counts = {state: sum(one["state"] == state for one in found) for state in ("ok", "warn", "fail")}
    order = {"fail": 0, "warn": 1, "ok": 2}
    return View(
        "health.html",
        {
            "findings": sorted(found, key=lambda one: order[one["state"]]),
            "counts": counts,
            "software": status["software"],
            "uptime_s": int(status["uptime_s"]),
            "position": status["position"],
            "totals": status["totals"],
            "people_url": status["people_url"],
            "takes_part": status["charter"]["takes_part"],
        },
    )


async def peers(call: Call) -> Answer:
    """Every link, and how far each member is behind in what we share."""
    standing = (await reading.receipts(call.control, {"limit": "1"}))["standing"]
    behind: dict[str, int] = {}
    for one in standing:
        behind[one["member"]] = behind.get(one["member"], 0) + one["lag"]
    links = [{**one, "lag": behind.get(one["peer"], 0)} for one in call.control.links()]
    return View("peers.html", {"links": links, "receipts": standing})


async def diagnostics(call: Call) -> Answer:
    """What the node noted of itself since it started: how often each code, and the newest events. Never content."""
    noted = call.control.diagnostics()
    code = call.asked("code")
    counted = Counter(one["code"] for one in noted)
    shown = [one for one in noted if not code or one["code"] == code]
    before = call.number("from")
    return View(
        "diagnostics.html",
        {
            "code": code if code in counted else "",
            "codes": [{"code": name, "count": count} for name, count in sorted(counted.items())],
            "events": shown[before : before + PAGE_ROWS],
            "next": before + PAGE_ROWS if len(shown) > before + PAGE_ROWS else 0,
        },
    )


async def backups(call: Call) -> Answer:
    """The newest backup that this node has noted."""
    noted = await call.services.backups()
    return View("backups.html", {"newest": _noted(noted) if noted else None})


def _noted(noted: Any) -> dict[str, Any]:
    made, tested = noted.get("made_at_us"), noted.get("tested_at_us")
    return {
        "made": instant(made) if isinstance(made, int) else None,
        "made_at_us": made,
        "file": noted.get("file"),
        "tested": instant(tested) if isinstance(tested, int) else None,
        "tested_made_at": noted.get("tested_made_at"),
    }


async def settings(call: Call) -> Answer:
    """What tocsin.toml says, what each setting does, and which differ from what they are by default."""
    explained = call.services.explained
    told = []
    for key, value in call.services.settings.items():
        meaning, default = explained.get(key, ("", None))
        told.append({"name": key, "value": value, "meaning": meaning, "is_default": value == default})
    return View("settings.html", {"settings": told, "people_url": call.services.public_url()})


async def keys(call: Call) -> Answer:
    """Our own keys; they are changed at the command line, with the others' votes."""
    if call.services.keys is None:
        raise problems.absent()
    return View("keys.html", await call.services.keys())


async def signing_in(call: Call) -> Answer:
    """The house's own provider, as it is set."""
    return View("provider.html", _provider(call))


async def try_provider(call: Call) -> Answer:
    """Ask it who it is. Nobody is signed in by that."""
    provider = call.services.provider
    if provider is None:
        return View("provider.html", _provider(call))
    try:
        found = await provider.examine()
    except AccessError as error:
        return View("provider.html", {**_provider(call), "error": error.code, "what": error.what})
    return View("provider.html", {**_provider(call), "found": found})


def _provider(call: Call) -> dict[str, Any]:
    client = call.services.provider.client if call.services.provider else None
    return {
        "is_set": client is not None,
        "issuer": client.issuer if client else "",
        "client": client.name if client else "",
        "claim": client.claim if client else "",
        "back": call.services.public_url() + oidc.BACK,
        "found": None,
        "error": "",
        "what": "",
    }


async def audit(call: Call) -> Answer:
    """Who did what with what is above GREEN, newest first, and the head to be noted."""
    trail = call.control.audit
    head = await trail.head()
    records = await trail.listed(call.number("before"), PAGE_ROWS + 1)
    return View(
        "audit.html",
        {
            "head": {"number": head.number, "hash": head.hash.hex()},
            "records": records[:PAGE_ROWS],
            "next": records[PAGE_ROWS - 1]["number"] if len(records) > PAGE_ROWS else 0,
        },
    )


PAGES: Final = (
    Page("GET", "/admin", health),
    Page("GET", "/admin/peers", peers),
    Page("GET", "/admin/diagnostics", diagnostics),
    Page("GET", "/admin/audit", audit),
    Page("GET", "/admin/backups", backups),
    Page("GET", "/admin/settings", settings),
    Page("GET", "/admin/keys", keys),
    Page("GET", "/admin/sign-in", signing_in),
    Page("POST", "/admin/sign-in", try_provider),
)
