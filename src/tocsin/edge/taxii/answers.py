"""What goes back: answers, errors, and whether the client wants them in our media type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

TAXII: Final = "application/taxii+json;version=2.1"
STIX: Final = "application/stix+json;version=2.1"

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response; its media type is always TAXII."""

    status: int
    body: bytes
    headers: Headers = ()


class RefusalError(Exception):
    """A request that gets a TAXII error: ends up as an Answer, never as a diagnostic."""

    def __init__(self, status: int, title: str, description: str = "", headers: Headers = ()) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.description = description
        self.headers = headers

    def answer(self) -> Answer:
        """The TAXII error resource."""
        return error(self.status, self.title, self.description, headers=self.headers)


def error(status: int, title: str, description: str = "", *, code: str = "", headers: Headers = ()) -> Answer:
    """A TAXII error; `http_status` is a string there."""
    told = {"title": title, "description": description, "error_code": code, "http_status": str(status)}
    return Answer(status, orjson.dumps({key: value for key, value in told.items() if value}), headers)


def ok(resource: Mapping[str, Any]) -> Answer:
    """A TAXII resource."""
    return Answer(200, orjson.dumps(resource))


def bad(description: str) -> RefusalError:
    """400, for a query that cannot be understood."""
    return RefusalError(400, "Bad request", description)


def absent() -> RefusalError:
    """404, the same for what is not there and for what this account may not see."""
    return RefusalError(404, "Not found", "There is no such resource, or this account may not see it.")


def accepts(header: str) -> bool:
    """Whether an Accept header takes TAXII 2.1. As in RFC 9110: the most specific range decides; no header takes all."""
    if not header.strip():
        return True
    best = (-1, 0.0)
    for one in header.lower().split(","):
        best = max(best, _preference(one))
    return best[1] > 0


def _preference(media_range: str) -> tuple[int, float]:
    """(how specific, how much wanted); a range that does not cover TAXII 2.1 is (-1, 0)."""
    kind, *rest = (part.strip() for part in media_range.split(";"))
    ranks = {"*/*": 0, "application/*": 1, "application/taxii+json": 2}
    if kind not in ranks:
        return -1, 0.0
    told = {key.strip(): value.strip().strip('"') for key, _, value in (part.partition("=") for part in rest)}
    if "version" in told and (told["version"] != "2.1" or kind != "application/taxii+json"):
        return -1, 0.0
    try:
        wanted = float(told.get("q", "1"))
    except ValueError:
        wanted = 1.0
    return ranks[kind] + ("version" in told), wanted
