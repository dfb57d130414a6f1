"""Browsers on which people are told that a warning waits: one's own under "Your account", everybody's under Admin."""

from typing import Any, Final

from tocsin.edge.console import words
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.services import Push
from tocsin.edge.signin.devices import MAX_NAME, Given, Listed
from tocsin.errors import AccessError
from tocsin.formats.text import instant


async def own(call: Call) -> dict[str, Any]:
    """What the page of one's own account says of them."""
    push = call.services.push
    key = await push.key() if push else ""
    return {
        "allowed": push is not None,
        "told": _is_told(call),
        "key": key,
        "services": list(push.services) if push else [],
        "longest": MAX_NAME,
        "listed": [_shown(one, push, key) for one in await call.services.door.devices.of(call.person.name)],
    }


def _is_told(call: Call) -> bool:
    """Whether a desk tells people of one of this person's roles in this way."""
    push = call.services.push
    return push is not None and not push.roles.isdisjoint(call.person.roles)


def _shown(one: Listed, push: Push | None, key: str) -> dict[str, Any]:
    is_told = (
        push is not None and one.key == key and one.service in push.services and not push.roles.isdisjoint(one.roles)
    )
    return {
        "id": one.id,
        "person": one.shown,
        "name": one.name,
        "service": one.service,
        "created": instant(one.created),
        "told": instant(one.told) if one.told else None,
        "void": not is_told,  # push or its service is not allowed any more, its owner's role is gone, or our key is another
    }


async def add(call: Call) -> Answer:
    """Tell this person on the browser that sends this. Raises AccessError("access.push", ...)."""
    push = call.services.push
    if push is None or not _is_told(call):
        raise AccessError("access.push", "this node tells nobody with your roles on a browser")
    chosen = words.chosen(call.person.language, "", call.request.headers.get("accept-language", ""))
    given = Given(call.said("endpoint"), call.said("public"), call.said("secret"), call.said("name"), chosen)
    await call.services.door.devices.add(call.person.name, given, push.services, await push.key())
    return Go("/me", "device-added")


async def remove(call: Call) -> Answer:
    """One's own, from any browser."""
    await call.services.door.devices.remove(call.said("id"), call.person.name)
    return Go("/me", "device-removed")


async def everybody(call: Call) -> Answer:
    """All of them."""
    push = call.services.push
    key = await push.key() if push else ""
    return View(
        "devices.html",
        {
            "allowed": push is not None,
            "services": list(push.services) if push else [],
            "roles": sorted(push.roles) if push else [],
            "devices": [_shown(one, push, key) for one in await call.services.door.devices.all()],
        },
    )


async def revoke(call: Call) -> Answer:
    """Anybody's."""
    await call.services.door.devices.remove(call.said("id"))
    return Go("/admin/devices", "device-removed")


PAGES: Final = (
    Page("POST", "/me/devices", add),
    Page("POST", "/me/devices/remove", remove),
    Page("GET", "/admin/devices", everybody),
    Page("POST", "/admin/devices/remove", revoke),
)
