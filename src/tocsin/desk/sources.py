"""Sources: what is asked, how often, and how each stands. All of it is values; who asks is somebody else."""

from enum import StrEnum
from typing import Final

import msgspec

_MINUTE_US: Final = 60_000_000
_DAY_US: Final = 24 * 60 * _MINUTE_US
_GONE: Final = frozenset({401, 402, 403, 410, 451})
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


class State(StrEnum):
    """How a source stands."""

    NEW = "new"  # not asked yet
    OK = "ok"
    FAILING = "failing"
    WITHDRAWN = "withdrawn"  # it gave, and takes that away: a fact about the source, not a fault
    PAUSED = "paused"  # by a person


class Source(msgspec.Struct, frozen=True):
    """What an administrator or an analyst says of it. `letter`: its reliability by the Admiralty code, set by people."""

    name: str
    kind: Kind
    url: str
    every_s: int = 900
    letter: str = "F"  # F: reliability cannot be judged
    outlet: str = ""  # what it is called where its pages do not say
    follow: int = 20  # at most so many entries a time; 0: what the feed itself says is all
    token: str = ""  # Authorization for an API; never shown
    paused: bool = False


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


class Outcome(msgspec.Struct, frozen=True):
    """One time of asking: an HTTP status, or the code of an error."""

    status: int = 0
    code: str = ""
    etag: str = ""
    modified: str = ""
    retry_after_s: int = 0
    documents: int = 0


def after(source: Source, before: Health, outcome: Outcome, now_us: int) -> Health:
    """How the source stands now, and when it is asked again: at its pace, doubling while it fails, daily once withdrawn."""
    pace_us = source.every_s * 1_000_000
    if not outcome.code and outcome.status in (_OK, _UNCHANGED):
        changed = outcome.status == _OK
        return Health(
            State.OK,
            now_us,
            now_us,
            now_us + pace_us,
            0,
            outcome.status,
            "",
            outcome.etag if changed else before.etag,
            outcome.modified if changed else before.modified,
            before.documents + outcome.documents,
        )
    failures = before.failures + 1
    withdrawn = not outcome.code and (
        outcome.status in _GONE or (outcome.status == 404 and before.good_us > 0 and failures >= _LOST_AFTER)
    )
    wait_us = _DAY_US if withdrawn else min(pace_us << min(failures, _DOUBLINGS), _DAY_US)
    return msgspec.structs.replace(
        before,
        state=State.WITHDRAWN if withdrawn else State.FAILING,
        asked_us=now_us,
        next_us=now_us + max(wait_us, outcome.retry_after_s * 1_000_000),
        failures=failures,
        status=outcome.status,
        code="desk.withdrawn" if withdrawn else outcome.code or "desk.unreachable",
    )


def standing(source: Source, health: Health) -> State:
    """What is shown: a person's pause before everything else."""
    return State.PAUSED if source.paused else health.state
