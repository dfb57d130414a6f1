"""What a browser is pushed: always the same few words, at always the same length, whatever the warning's marking.

Pure. The message of a push is JSON of schema `tocsin.push/1`: `path` (the warning's page), `urgency`, `language`, `tag`.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import orjson

SIZE: Final = 320  # bytes of every message: its length tells nothing
SCHEME: Final = "push:"  # of a desk's address: push:ROLE is everybody of that role who wants it
MAX_ENDPOINT: Final = 1024
KEY_BYTES: Final = 65  # a point of P-256, uncompressed (RFC 8291, section 3.2)
SECRET_BYTES: Final = 16
_SERVICE: Final = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9]\d{0,4})?")
_CONTACT: Final = re.compile(r"mailto:[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}|https://[!-~]{1,512}")
_LOOPBACK: Final = ("127.0.0.1", "localhost")


def is_service(text: object) -> bool:
    """Whether this may stand in the setting push_services: a host, `*.` and a domain, either with a port."""
    return isinstance(text, str) and _SERVICE.fullmatch(text) is not None


def is_contact(text: str) -> bool:
    """Whether this is an address to be written to, as RFC 8292 (section 2.1) wants one."""
    return _CONTACT.fullmatch(text) is not None


def service_of(endpoint: str, services: Iterable[str]) -> str:
    """The service of `services` that a subscription belongs to; empty if it is none of them.

    So a node asks no address that its administrator has not written down: not the house's own, whatever a browser says.
    """
    if len(endpoint) > MAX_ENDPOINT or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        return ""
    try:
        found = urlsplit(endpoint)
        host, port = found.hostname or "", found.port
    except ValueError:
        return ""
    if found.username is not None or found.password is not None or "\\" in endpoint or found.fragment:
        return ""
    if found.scheme != "https" and not (found.scheme == "http" and host in _LOOPBACK):
        return ""
    return next((one for one in services if _names(one, host, port)), "")


def origin_of(endpoint: str) -> str:
    """Scheme, host and port: for whom a token of RFC 8292 is."""
    found = urlsplit(endpoint)
    return f"{found.scheme}://{found.netloc}"


def message(warning: str, urgency: str, language: str, tag: str) -> bytes:
    """What a browser is told of a warning that waits."""
    said = {
        "schema": "tocsin.push/1",
        "path": f"/w/{warning}",
        "urgency": urgency,
        "language": language,
        "tag": tag,
    }
    return orjson.dumps(said).ljust(SIZE)


def _names(service: str, host: str, port: int | None) -> bool:
    name, _, wanted = service.partition(":")
    if (int(wanted) if wanted else None) != port:
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
