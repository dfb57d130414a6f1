"""Sources: what is asked, how often, and how each stands. All of it is values; who asks is somebody else."""

from base64 import b64encode
from enum import StrEnum
from typing import Final

import msgspec

_MINUTE_US: Final = 60_000_000
_DAY_US: Final = 24 * 60 * _MINUTE_US
_GONE: Final = frozenset({401, 402, 403, 407, 410, 451})
_REFUSED: Final = frozenset({401, 403, 407})
_BUSY: Final = frozenset({429, 503})
_LOST_AFTER: Final = 3  # times in a row that a page is not found, before we say that it was taken away
_UNCHANGED: Final = 304
_OK: Final = 200
_DOUBLINGS: Final = 10


class Kind(StrEnum):
    """What a source sends."""

    FEED = "feed"  # RSS, Atom or JSON Feed; its entries are followed
    PAGE = "page"  # a page: one article, or a list of them
    SITEMAP = "sitemap"  # its pages are followed
    TAXII = "taxii"  # a collection of TAXII 2.1: its reports
    MISP = "misp"  # a MISP feed: a folder with manifest.json


class Auth(StrEnum):
    """What a source's token is."""

    BEARER = "bearer"  # a bearer token (RFC 6750)
    BASIC = "basic"  # name:password (RFC 7617)
    KEY = "key"  # sent as it is, as MISP wants its keys


class State(StrEnum):
    """How a source stands."""

    NEW = "new"  # not asked yet
    OK = "ok"
    FAILING = "failing"
    WITHDRAWN = "withdrawn"  # it gave, and takes that away: a fact about the source, not a fault
    PAUSED = "paused"  # by a person


class Source(msgspec.Struct, frozen=True):
    """What an administrator or an analyst says of it. `letter`: its reliability by the Admiralty code, set by people.

    Its repr holds no token.
    """

    name: str
    kind: Kind
    url: str
    every_s: int = 900
    letter: str = "F"  # F: reliability cannot be judged
    outlet: str = ""  # what it is called where its pages do not say
    follow: int = 20  # at most so many entries a time; 0: what the feed itself says is all
    token: str = ""  # for a source that asks who we are; never shown
    paused: bool = False
    auth: Auth = Auth.KEY

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @property
    def authorization(self) -> str:
        """The header of that name; empty without a token. A token that names its scheme is sent as it is."""
        scheme = self.token.partition(" ")[0].lower()
        if not self.token or self.auth is Auth.KEY or scheme in ("bearer", "basic"):
            return self.token
        if self.auth is Auth.BASIC:
            return f"Basic {b64encode(self.token.encode()).decode()}"
        return f"Bearer {self.token}"


class Health(msgspec.Struct, frozen=True):
    """What became of asking it. Times in microseconds; 0: never."""

    state: State = State.NEW
    asked_us: int = 0
    good_us: int = 0
    next_us: int = 0
    failures: int = 0  # in a row
    status: int = 0  # of HTTP, the last one
    code: str = ""  # of the last error
    etag: str = ""
    modified: str = ""
    documents: int = 0  # that came of it, ever
    added: str = ""  # TAXII: when the newest object was added that we have
    page: str = ""  # TAXII: where to go on, of a collection that was not read to its end


class Outcome(msgspec.Struct, frozen=True):
    """One time of asking: an HTTP status, or the code of an error."""

    status: int = 0
    code: str = ""
    etag: str = ""
    modified: str = ""
    retry_after_s: int = 0
    documents: int = 0
    more: bool = False  # not all of it was taken: it is asked for all again
    added: str = ""
    page: str = ""


def after(source: Source, before: Health, outcome: Outcome, now_us: int) -> Health:
    """How the source stands now, and when it is asked again: at its pace, doubling while it fails, daily once withdrawn."""
    pace_us = source.every_s * 1_000_000
    wait_us = outcome.retry_after_s * 1_000_000
    if not outcome.code and outcome.status in (_OK, _UNCHANGED):
        changed = outcome.status == _OK
        # An unchanged answer has no more for us: what has must be asked without validators.
        etag, modified = ("", "") if outcome.more else (outcome.etag, outcome.modified)
        return Health(
            State.OK,
            now_us,
            now_us,
            now_us + max(pace_us, wait_us),
            0,
            outcome.status,
            "",
            etag if changed else before.etag,
            modified if changed else before.modified,
            before.documents + outcome.documents,
            outcome.added or before.added,
            outcome.page,
        )
    failures = before.failures + 1
    withdrawn = not outcome.code and (
        outcome.status in _GONE or (outcome.status == 404 and before.good_us > 0 and failures >= _LOST_AFTER)
    )
    pause_us = _DAY_US if withdrawn else min(pace_us << min(failures, _DOUBLINGS), _DAY_US)
    return msgspec.structs.replace(
        before,
        state=State.WITHDRAWN if withdrawn else State.FAILING,
        asked_us=now_us,
        next_us=now_us + max(pause_us, wait_us),
        failures=failures,
        status=outcome.status,
        code=_code(source, outcome, withdrawn=withdrawn),
        documents=before.documents + outcome.documents,
        page="",
    )


def _code(source: Source, outcome: Outcome, *, withdrawn: bool) -> str:
    if outcome.code:
        return outcome.code
    if source.token and outcome.status in _REFUSED:
        return "desk.token-refused"
    if withdrawn:
        return "desk.withdrawn"
    return "desk.told-to-wait" if outcome.status in _BUSY else "desk.unreachable"


def standing(source: Source, health: Health) -> State:
    """What is shown: a person's pause before everything else."""
    return State.PAUSED if source.paused else health.state
