"""Members and channels: who they are, by which keys, how their links and logs stand, and what waits for a vote."""

from hashlib import sha256
from typing import Final

from tocsin.edge.console.page import Answer, Call, Page, View
from tocsin.edge.console.problems import absent
from tocsin.edge.control import reading
from tocsin.errors import AccessError, TocsinError
from tocsin.exchange.members import votes
from tocsin.exchange.members.descriptor import Member, fingerprint


async def directory(call: Call) -> Answer:
    """Everybody in the charter, our channels, and the votes that wait."""
    control = call.control
    standing = await reading.receipts(control, {"limit": "1"})
    lag: dict[str, int] = {}
    for one in standing["standing"]:
        lag[one["member"]] = lag.get(one["member"], 0) + one["lag"]
    charter = control.members.charter
    return View(
        "members.html",
        {
            "charter": {"name": charter.name, "version": charter.version, "digest": charter.digest.hex()},
            "members": [{**one, "lag": lag.get(one["handle"])} for one in reading.members(control)],
            "channels": reading.channels(control),
            "votes": [
                {"of": one.chain, "version": one.version, "round": one.round, "digest": one.digest.hex()}
                for one in votes.waiting(control.members)
            ],
        },
    )


async def member(call: Call) -> Answer:
    """One member: what it says of itself, its keys, its link, and what it has of ours in each channel we share."""
    control, handle = call.control, call.part("handle")
    found = control.members.charter.members.get(handle)
    if found is None:
        raise absent()
    told = next(one for one in reading.members(control) if one["handle"] == handle)
    link = next((one for one in control.links() if one["peer"] == handle), None)
    standing = (await reading.receipts(control, {"limit": "1"}))["standing"]
    return View(
        "member.html",
        {
            **told,
            "identity": found.identity,
            "keys": _keys(found),
            "link": told["link"],
            "standing": link,
            "receipted": [one for one in standing if one["member"] == handle],
            "channels": [one.name for one in control.members.channels() if handle in one.roster],
        },
    )


def _keys(found: Member) -> list[dict[str, str]]:
    """Each public key's fingerprint; of transport that of the certificate."""
    keys = ((role.value, raw) for role, raw in found.public.items())
    return [{"role": role, "fingerprint": fingerprint(raw), "sha256": sha256(raw).hexdigest()} for role, raw in keys]


async def channel(call: Call) -> Answer:
    """One channel: its audience, its generations, its logs and who has receipted how much of ours."""
    control = call.control
    try:
        told = await reading.channel_of(control, call.part("name"))
    except AccessError as error:
        raise absent() from error
    except TocsinError as error:
        if error.code.startswith(("policy.", "config.")):
            raise absent() from error
        raise
    heads = {log.slot.hex(): log.frontier.root().hex() for log in control.logs}
    for log in (*told["logs"], *told["urgent_logs"]):
        log["root"] = heads.get(log["slot"], "")
    return View("channel.html", told)


PAGES: Final = (
    Page("GET", "/members", directory),
    Page("GET", "/members/{handle}", member),
    Page("GET", "/channels/{name}", channel),
)
