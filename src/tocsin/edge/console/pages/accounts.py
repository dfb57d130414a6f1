"""Accounts of people, and tokens of programs. A link or a token is shown once, on the page that answers the form."""

from typing import Any, Final

from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.signin.roles import Role
from tocsin.errors import TocsinError
from tocsin.formats.text import instant


async def accounts(call: Call) -> Answer:
    """Everybody who may sign in here."""
    return View("accounts.html", await _listed(call))


async def _listed(call: Call, name: str = "", link: str = "", error: TocsinError | None = None) -> dict[str, Any]:
    people = await call.services.door.people.list()
    return {
        "people": [
            {
                "name": one.shown,
                "roles": sorted(one.roles),
                "subject": one.subject,
                "has_password": bool(one.password),
                "created": instant(one.created),
                "seen": instant(one.seen) if one.seen else None,
                "self": one.name == call.person.name,
            }
            for one in people
        ],
        "roles": [one.value for one in Role],
        "provider": call.services.provider is not None,
        "made_for": name,
        "link": link,
        "error": error.code if error else "",
        "what": error.what if error else "",
        "said": {"name": "", "subject": "", "role": []},
    }


async def add(call: Call) -> Answer:
    """Open an account and show its one-time link."""
    people = call.services.door.people
    try:
        token = await people.add(call.said("name"), call.all_said("role"), call.said("subject").strip())
    except TocsinError as error:
        said = {"name": call.said("name"), "subject": call.said("subject"), "role": list(call.all_said("role"))}
        return View("accounts.html", {**await _listed(call, error=error), "said": said}, 400)
    return View("accounts.html", await _listed(call, call.said("name"), f"{call.origin}/in/{token}"))


async def reset(call: Call) -> Answer:
    """Take away what somebody came in by, and show a new one-time link."""
    token = await call.services.door.people.reset(call.said("name"))
    return View("accounts.html", await _listed(call, call.said("name"), f"{call.origin}/in/{token}"))


async def set_roles(call: Call) -> Answer:
    """Other roles, at once in force."""
    try:
        await call.services.door.people.set_roles(call.said("name"), call.all_said("role"))
    except TocsinError as error:
        return View("accounts.html", await _listed(call, error=error), 400)
    return Go("/admin/accounts", "roles")


async def remove(call: Call) -> Answer:
    """Close an account."""
    try:
        await call.services.door.people.remove(call.said("name"))
    except TocsinError as error:
        return View("accounts.html", await _listed(call, error=error), 400)
    return Go("/admin/accounts", "person-removed")


# -- programs -----------------------------------------------------------------------------------------------------


async def tokens(call: Call) -> Answer:
    """Programs that read by TAXII."""
    return View("tokens.html", await _tokens(call))


async def _tokens(call: Call, name: str = "", token: str = "", error: TocsinError | None = None) -> dict[str, Any]:
    channels = {one.id: one.name for one in call.control.members.channels()}
    return {
        "tokens": [
            {
                "name": one.name,
                "kind": one.kind,
                "created": instant(one.created),
                "channels": sorted(channels.get(channel, channel) for channel in one.channels),
            }
            for one in await call.control.accounts.list()
        ],
        "channels": sorted(set(channels.values())),
        "made_for": name,
        "token": token,
        "error": error.code if error else "",
        "what": error.what if error else "",
        "said": {"name": "", "channel": []},
    }


async def add_token(call: Call) -> Answer:
    """Open an account for a program and show its token."""
    control = call.control
    try:
        wanted = call.all_said("channel")
        ids = [control.members.channel(one).id for one in wanted] if wanted else ["*"]
        token = await control.accounts.add(call.said("name"), ids)
    except TocsinError as error:
        said = {"name": call.said("name"), "channel": list(call.all_said("channel"))}
        return View("tokens.html", {**await _tokens(call, error=error), "said": said}, 400)
    return View("tokens.html", await _tokens(call, call.said("name"), token))


async def remove_token(call: Call) -> Answer:
    """Void from now on."""
    await call.control.accounts.remove(call.said("name"))
    return Go("/admin/tokens", "token-removed")


PAGES: Final = (
    Page("GET", "/admin/accounts", accounts),
    Page("POST", "/admin/accounts", add),
    Page("POST", "/admin/accounts/roles", set_roles),
    Page("POST", "/admin/accounts/reset", reset),
    Page("POST", "/admin/accounts/remove", remove),
    Page("GET", "/admin/tokens", tokens),
    Page("POST", "/admin/tokens", add_token),
    Page("POST", "/admin/tokens/remove", remove_token),
)
