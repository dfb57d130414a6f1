"""Errors as pages and as JSON. What is hidden from the reader and what does not exist are one and the same answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from starlette.responses import Response

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


def as_page(error: TocsinError, *, is_signed_in: bool) -> View:
    """For people. The sentences of errors are English in every language, and marked so."""
    status = status_of(error)
    return View(TEMPLATE, {**told(error), "heading": TITLES[status], "is_signed_in": is_signed_in}, status)
