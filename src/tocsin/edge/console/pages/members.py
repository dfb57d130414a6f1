"""Members and channels: who they are, by which keys, how their links and logs stand, and what waits for a vote."""

from hashlib import sha256
from typing import Final

from tocsin.edge.console.page import Answer, Call, Page, View
from tocsin.edge.console.problems import absent
from tocsin.edge.control import health, reading
from tocsin.errors import AccessError, TocsinError
from tocsin.exchange.members import votes
from tocsin.exchange.members.descriptor import Member, fingerprint
from tocsin.formats.text import instant

_PLURAL: Final = {"bloc": "blocs", "country": "countries", "sector": "sectors"}
_FILTERS: Final = tuple(_PLURAL)


async def directory(call: Call) -> Answer:
    """Everybody in the charter, our channels, and the votes that wait."""
    control = call.control
    standing = await reading.receipts(control, {"limit": "1"})
    lag: dict[str, int] = {}
    for one in standing["standing"]:
        lag[one["member"]] = lag.get(one["member"], 0) + one["lag"]
    charter = control.members.charter
    logs, evidence = health.by_member(control), await control.proofs.counts()
    everybody = reading.members(control)
    choices = {name: sorted({value for one in everybody for value in one[_PLURAL[name]]}) for name in _FILTERS}
    asked = {name: call.asked(name) if call.asked(name) in choices[name] else "" for name in _FILTERS}
    shown = [one for one in everybody if all(asked[name] in ("", *one[_PLURAL[name]]) for name in _FILTERS)]
    return View(
        "members.html",
        {
            **asked,
            "choices": choices,
            "known": len(everybody),
            "charter": {"name": charter.name, "version": charter.version, "digest": charter.digest.hex()},
            "members": [
                {
                    **one,
                    "lag": lag.get(one["handle"]),
                    "logs": logs.get(one["handle"], []),
                    "evidence": evidence.get(one["handle"], 0),
                }
                for one in shown
            ],
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
            "logs": health.by_member(control).get(handle, []),
            "evidence": (await control.proofs.counts()).get(handle, 0),
        },
    )


def _keys(found: Member) -> list[dict[str, str]]:
    """Each public key's fingerprint; of transport that of the certificate."""
    keys = ((role.value, raw) for role, raw in found.public.items())
    return [{"role": role, "fingerprint": fingerprint(raw), "sha256": sha256(raw).hexdigest()} for role, raw in keys]


async def channel_(call: Call) -> Answer:
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
    channel = control.members.channel(call.part("name"))
    held = await control.proofs.held()
    for log in (*told["logs"], *told["urgent_logs"]):
        found = control.logs.get(bytes.fromhex(log["slot"]))
        if found is not None:
            log |= {"root": found.frontier.root().hex(), **health.of_log(control, found, channel)}
            log["evidence"] = [
                {"id": row[0].hex(), "kind": row[1], "added": instant(row[4])} for row in held if row[3] == found.number
            ]
    return View("channel.html", told)


PAGES: Final = (
    Page("GET", "/members", directory),
    Page("GET", "/members/{handle}", member),
    Page("GET", "/channels/{name}", channel_),
)
