"""What a node's own answer to `GET /status` tells of its faults, each with its code and the mend. Light: `tocsin status` asks it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tocsin.errors import MEANINGS

_SKEW_S: Final = 10.0  # as large as this it spoils what people read in dates; nothing is refused for it
_OURS: Final = frozenset({"peer.charter", "peer.identity", "peer.version"})  # links that no patience mends
Finding = dict[str, Any]
"""name, state (ok, warn, fail), code, what, do."""
Status = Mapping[str, Any]


def of_status(status: Status) -> list[Finding]:
    """What a node's own answer to `GET /status` tells of its faults; see examine()."""
    return [
        *named("node", _running(status)),
        *named("links", _links(status)),
        *named("channels", _pending(status)),
        *named("members", _members(status)),
        *named("duties", _duties(status)),
        *named("poisoning", _poisoning(status)),
    ]


def named(name: str, found: Iterator[Finding]) -> list[Finding]:
    """What a check found, under its name; one that found nothing is well."""
    return [{"name": name, **one} for one in list(found) or [well("")]]


def well(what: str) -> Finding:
    """Nothing is wrong."""
    return {"state": "ok", "code": "", "what": what, "do": ""}


def fault(code: str, what: str, *, do: str = "", state: str = "fail") -> Finding:
    """Something is wrong: `code` is one of errors.MEANINGS, whose mend is told if `do` is not."""
    return {"state": state, "code": code, "what": what, "do": do or MEANINGS[code].do}


def warning(code: str, what: str, do: str = "") -> Finding:
    """Something will be wrong."""
    return fault(code, what, do=do, state="warn")


def _running(status: Status) -> Iterator[Finding]:
    for one in status["behind"]:
        yield fault("tlog.behind", f"log {one['slot'][:16]}: {one['why']}")
    for one in status["not_ready"]:
        if one["code"] != "tlog.behind" or not status["behind"]:
            yield fault(one["code"], one["what"])


def _links(status: Status) -> Iterator[Finding]:
    for one in status["links"]:
        peer, code = one["peer"], one["last_error"]
        if one["state"] == "no-way":
            yield warning("doctor.no-way", f"no link is possible with {peer}")
        elif one["state"] != "up":
            known = code if code in MEANINGS else "peer.unreachable"
            yield fault(known, f"no link with {peer}", state="fail" if known in _OURS else "warn")
        if one["skew_s"] is not None and abs(one["skew_s"]) > _SKEW_S:
            yield warning("doctor.skew", f"the clock of {peer} differs from ours by {one['skew_s']:+.0f} s")
        for refused in one["refused"]:
            if refused in MEANINGS:
                yield warning(refused, f"{peer} refuses what we send")


def _pending(status: Status) -> Iterator[Finding]:
    for one in status["channels"]:
        if not one["open"]:
            missing = ", ".join(sorted(set(one["roster"]) - set(one["signers"])))
            yield warning("policy.channel-pending", f"{one['name']} lacks the signature of {missing}")


def _duties(status: Status) -> Iterator[Finding]:
    told = status.get("duties") or {}
    oldest = told.get("oldest_s") or 0
    if not oldest:
        return
    from tocsin.exchange.warn.duties import OLD_US  # the room of warnings loads for long

    if oldest > OLD_US / 1e6:
        yield warning(
            "doctor.duties", f"{told['open']} duties to warn are open, the oldest for {oldest / 3600:,.0f} hours"
        )


def _members(status: Status) -> Iterator[Finding]:
    """Votes that are missing, contradictions, and what others keep from us. An older node tells nothing of them."""
    for one in status.get("votes", ()):
        short = one["digest"][:12]
        if one["of"] == "charter":
            do = f"Look at it: `tocsin charter diff {short}`; then `tocsin charter sign {short}`, or let it be."
        else:
            name = one["of"]
            do = f"Look at it: `tocsin channel show {name}`; then `tocsin channel agree {name} {short}`, or let it be."
        what = "the next charter" if one["of"] == "charter" else f"another roster of {one['of']}"
        yield warning("doctor.vote", f"{what} is proposed and waits for our vote", do)
    for one in status.get("evidence", ()):
        yield warning("doctor.evidence", f"{one['accused']} has contradicted its own signature {one['count']} times")
    for code, key, what in (
        ("receive.withheld", "withheld", "sends less of its log than others hold"),
        ("doctor.quiet", "silent", "has said nothing for long of its log"),
    ):
        for origin, channel in sorted({(one["origin"], one["channel"]) for one in status.get(key, ())}):
            yield warning(code, f"{origin} {what} in {channel}")
    unasked = sorted({one["channel"] for one in status.get("unasked", ())})
    if unasked:
        yield warning("tlog.unasked", f"no member was heard of our logs in {', '.join(unasked)}")


def _poisoning(status: Status) -> Iterator[Finding]:
    missing = status.get("denylists", "ready")
    if missing in MEANINGS:
        yield fault(missing, "the deny-lists are not loaded (yet), so that nothing is exported for blocking")
    for one in status.get("blocked", ()):
        yield warning("doctor.blocked", f"everything of {one['member']} is blocked here since {one['since']}")
