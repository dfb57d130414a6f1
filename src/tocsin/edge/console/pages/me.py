"""One's own account: how the console looks, what is open, which passkeys there are."""

from typing import Any, Final

from starlette.responses import Response

from tocsin.edge.console import words
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.pages import devices
from tocsin.edge.signin import passkeys
from tocsin.edge.signin.sessions import Session
from tocsin.edge.signin.tickets import text, untext
from tocsin.formats.text import instant

THEMES: Final = ("", "light", "dark")


async def me(call: Call) -> Answer:
    """The page."""
    person, door = call.person, call.services.door
    keys = await door.people.passkeys(person.name)
    return View(
        "me.html",
        {
            "name": person.shown,
            "roles": sorted(person.roles),
            "language": person.language,
            "theme": person.theme,
            "sessions": [_session(one, call.session) for one in await door.sessions.of(person.name)],
            "passkeys": [{"id": text(one.id), "created": instant(one.created)} for one in keys],
            "has_password": bool(person.password),
            "can_add_passkeys": passkeys.possible(call.origin),
            "devices": await devices.own(call),
        },
    )


def _session(one: Session, own: Session | None) -> dict[str, Any]:
    is_this = own is not None and one.id == own.id
    return {"id": one.id, "created": instant(one.created), "seen": instant(one.seen), "this": is_this}


async def look(call: Call) -> Answer:
    """Keep language and theme."""
    language = call.said("language") if call.said("language") in words.LANGUAGES else ""
    theme = call.said("theme") if call.said("theme") in THEMES else ""
    await call.services.door.people.prefer(call.person.name, language, theme)
    return Go("/me", "look")


async def end_session(call: Call) -> Answer:
    """Sign out somewhere else."""
    await call.services.door.sessions.close_of(call.person.name, call.said("id") or "-")
    return Go("/me", "session-ended")


async def offer_passkey(call: Call) -> Answer:
    """What the browser needs to make one more."""
    person = call.person
    offered = call.services.door.passkeys.offer_registration(person.name, person.shown, call.origin)
    return Response(offered.encode(), media_type="application/json")


async def add_passkey(call: Call) -> Answer:
    """Register it."""
    door = call.services.door
    await door.people.add_passkey(door.passkeys.registered(call.person.name, call.said("answer"), call.origin))
    return Go("/me", "passkey-added")


async def remove_passkey(call: Call) -> Answer:
    """Void from now on."""
    await call.services.door.people.remove_passkey(call.person.name, untext(call.said("id")))
    return Go("/me", "passkey-removed")


PAGES: Final = (
    Page("GET", "/me", me),
    Page("POST", "/me/look", look, records=None),
    Page("POST", "/me/sessions/end", end_session, records=None),
    Page("POST", "/me/passkeys/offer", offer_passkey, records=None),
    Page("POST", "/me/passkeys", add_passkey, most_body=128 * 1024, records=None),
    Page("POST", "/me/passkeys/remove", remove_passkey, records=None),
)
