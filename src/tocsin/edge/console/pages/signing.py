"""Coming in and going out: the first page, one-time links, passkeys, the house's own provider."""

from typing import Any, Final

import segno
from starlette.responses import Response

from tocsin.edge.console import guard, problems
from tocsin.edge.console.page import Answer, Call, Cookie, Go, Page, View
from tocsin.edge.signin import passkeys, passwords
from tocsin.edge.signin.devices import id_of
from tocsin.errors import AccessError, ConfigError, TocsinError

_OIDC: Final = "-oidc"


async def sign_in(call: Call) -> Answer:
    """The form."""
    return Go("/") if call.session else View("sign_in.html", _offered(call, call.asked("to")))


def _offered(call: Call, to: str, error: TocsinError | None = None) -> dict[str, Any]:
    return {
        "to": local(to),
        "passkeys": passkeys.possible(call.origin),
        "provider": call.services.provider is not None,
        "error": error.code if error else "",
        "what": error.what if error else "",
    }


def local(to: str) -> str:
    """A path of ours to go on to; the first page for anything else."""
    good = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() and "\\" not in to
    return to if good else "/"


async def enter(call: Call) -> Answer:
    """By name, password and code."""
    said = (call.said("name"), call.said("password"), call.said("code"))
    try:
        token = await call.services.door.by_password(*said, call.address)
    except AccessError as error:
        return View("sign_in.html", _offered(call, call.said("to"), error), problems.status_of(error))
    return Go(local(call.said("to")), cookies=(Cookie(token),))


async def leave(call: Call) -> Answer:
    """End this session."""
    await call.services.door.sessions.close(call.token)
    if call.said("endpoint"):  # this browser was told of warnings; whoever comes next must not be
        await call.services.door.devices.remove(id_of(call.said("endpoint")), call.person.name)
    return Go("/sign-in", "signed-out", (Cookie(""),))


async def offer_passkey(call: Call) -> Answer:
    """What the browser needs to answer with a passkey."""
    return _json(call.services.door.passkeys.offer_sign_in(call.origin))


async def enter_by_passkey(call: Call) -> Answer:
    """By passkey alone: it is two factors by itself."""
    token = await call.services.door.by_passkey(call.said("answer"), call.origin, call.address)
    return Go(local(call.said("to")), cookies=(Cookie(token),))


async def go_to_provider(call: Call) -> Answer:
    """To the house's own sign-in. By a page, for a form may not lead to another site."""
    if call.services.provider is None:
        raise problems.absent()
    to, cookie = await call.services.provider.begin(call.origin)
    return View("hop.html", {"to": to}, cookies=(Cookie(cookie, _OIDC, lax=True),))


async def back_from_provider(call: Call) -> Answer:
    """And from there, by a page again: what follows a link of another site gets no strict cookie."""
    if call.services.provider is None:
        raise problems.absent()
    cookie = call.request.cookies.get(guard.cookie_name(call.services, _OIDC), "")
    subject = await call.services.provider.subject(call.asked("state"), call.asked("code"), cookie, call.origin)
    token = await call.services.door.by_subject(subject, call.address)
    return View("hop.html", {"to": "/"}, cookies=(Cookie(token), Cookie("", _OIDC, lax=True)))


# -- one-time links -----------------------------------------------------------------------------------------------


async def invitation(call: Call) -> Answer:
    """What a one-time link leads to. Looking at it uses nothing up; the link of a demonstration leads straight in, once."""
    demonstration = call.services.door.demonstration
    token = await demonstration.enter(call.part("token"), call.address) if demonstration else None
    if token:
        return Go("/", cookies=(Cookie(token),))
    return View("invitation.html", await _invited(call))


async def _invited(call: Call, error: TocsinError | None = None) -> dict[str, Any]:
    token = call.part("token")
    person = await call.services.door.invited(token, call.address)
    secret = call.services.door.secret_of(token)
    address = passwords.address(secret, person.shown, f"Tocsin {call.control.members.me}")
    return {
        "name": person.shown,
        "token": token,
        "secret": secret,
        "picture": segno.make(address, error="m").svg_data_uri(scale=4, border=4, light="#fff", dark="#000"),
        "least": passwords.LEAST,
        "passkeys": passkeys.possible(call.origin),
        "error": error.code if error else "",
        "what": error.what if error else "",
    }


async def accept(call: Call) -> Answer:
    """Set password and second factor, and come in."""
    try:
        if call.said("password") != call.said("again"):
            raise ConfigError("config.password", "the two passwords are not the same")
        door = call.services.door
        token = await door.by_link(call.part("token"), call.said("password"), call.said("code"), call.address)
    except (AccessError, ConfigError) as error:
        if error.code not in ("access.code", "config.password"):
            raise
        return View("invitation.html", await _invited(call, error), problems.status_of(error))
    return Go("/", cookies=(Cookie(token),))


async def offer_first_passkey(call: Call) -> Answer:
    """What the browser needs to make a passkey for the link's owner."""
    person = await call.services.door.invited(call.part("token"), call.address)
    return _json(call.services.door.passkeys.offer_registration(person.name, person.shown, call.origin))


async def accept_by_passkey(call: Call) -> Answer:
    """Register it, and come in."""
    door = call.services.door
    token = await door.by_link_and_passkey(call.part("token"), call.said("answer"), call.origin, call.address)
    return Go("/", cookies=(Cookie(token),))


def _json(text: str) -> Response:
    return Response(text.encode(), media_type="application/json")


PAGES: Final = (
    Page("GET", "/sign-in", sign_in, has_twin=False),
    Page("POST", "/sign-in", enter, records=None),
    Page("POST", "/sign-in/passkey", enter_by_passkey, most_body=128 * 1024, records=None),
    Page("POST", "/sign-in/passkey/offer", offer_passkey, records=None),
    Page("POST", "/sign-in/oidc", go_to_provider, records=None),
    Page("GET", "/sign-in/oidc/back", back_from_provider, has_twin=False),
    Page("POST", "/sign-out", leave, records=None),
    Page("GET", "/in/{token}", invitation, has_twin=False),
    Page("POST", "/in/{token}", accept, records=None),
    Page("POST", "/in/{token}/passkey", accept_by_passkey, most_body=128 * 1024, records=None),
    Page("POST", "/in/{token}/passkey/offer", offer_first_passkey, records=None),
)
