"""Errors as pages and as JSON. What is hidden from the reader and what does not exist are one and the same answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from starlette.responses import Response

from tocsin.edge.console.guard import FIELD, Form
from tocsin.edge.console.page import View
from tocsin.edge.console.words import N_
from tocsin.errors import AccessError, PolicyError, StoreError, TocsinError

_STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "access.nothing-here": 404,
        "access.unknown-object": 404,
        "access.session": 401,
        "access.sign-in": 401,
        "access.throttled": 429,
        "access.too-large": 413,
        "access.too-many-readers": 503,
        "access.link": 410,
        "config.brief-font": 503,
        "internal.error": 500,
    }
)
TEMPLATE: Final = "problem.html"
LATE: Final = "late.html"
_SECRET: Final = frozenset({FIELD, "password", "again", "code", "token", "endpoint", "public", "secret"})
_UNSEEN: Final = frozenset({"kind", "draft", "before", "base", "digest"})  # sent again, and nobody's words
TITLES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: N_("That cannot be done so"),
        401: N_("Please sign in"),
        403: N_("Refused"),
        404: N_("Nothing here"),
        410: N_("This link opens nothing"),
        413: N_("Too large"),
        429: N_("Too many tries"),
        500: N_("A fault of ours"),
        503: N_("The node cannot answer now"),
    }
)


def absent() -> AccessError:
    """What is not there, or not for the reader."""
    return AccessError("access.nothing-here", "there is nothing here that you may see")


def status_of(error: TocsinError) -> int:
    """The HTTP status of an error."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    if isinstance(error, StoreError):
        return 503
    return 403 if isinstance(error, AccessError | PolicyError) else 400


def told(error: TocsinError) -> dict[str, Any]:
    """RFC 9457 problem details."""
    meaning = error.meaning
    return {
        "type": f"urn:tocsin:error:{error.code}",
        "title": error.what,
        "status": status_of(error),
        "code": error.code,
        "why": meaning.why,
        "do": meaning.do,
        "who": meaning.who.value,
    }


def as_json(error: TocsinError) -> Response:
    """For programs."""
    return Response(msgspec.json.encode(told(error)), status_of(error), media_type="application/problem+json")


def as_page(error: TocsinError, form: Form, *, is_signed_in: bool) -> View:
    """For people, with what they wrote. The sentences of errors are English in every language, and marked so."""
    status = status_of(error)
    words = [(name, one) for name, one in _told(form) if len(one.split()) > 1]
    more = {"heading": TITLES[status], "written": words, "is_signed_in": is_signed_in}
    return View(TEMPLATE, {**told(error), **more}, status)


def late(form: Form, action: str, *, is_signed_in: bool) -> View:
    """What somebody wrote for a session that had ended: it is shown, and sent again by who is signed in."""
    code = "access.form" if is_signed_in else "access.session"
    kept = _told(form)
    data = {
        "kept": kept,
        "written": [one for one in kept if one[1] and one[0] not in _UNSEEN],
        "action": action,
        "code": code,
    }
    return View(LATE, {**data, "is_signed_in": is_signed_in}, _STATUS.get(code, 403))


def _told(form: Form) -> list[tuple[str, str]]:
    return [(name, one) for name, values in form.items() if name not in _SECRET for one in values]
