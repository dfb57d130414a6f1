"""`tocsin fairness` at the node's end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control.answers import asked, name, told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError
from tocsin.exchange.fairness.balance import Period, Snapshot
from tocsin.exchange.fairness.scope import FOREVER, Scope
from tocsin.formats import statement
from tocsin.formats.text import instant, to_microseconds
from tocsin.ports.database import Reading

_MOST: Final = 2 * statement.MAX_BYTES  # a note as a JSON text


def routes(services: Services) -> list[Route]:
    """The routes, for app.build()."""
    made = Fairness(services)
    return [
        Route("/fairness", made.show),
        Route("/fairness/plenary", made.plenary),
        Route("/fairness/statement", made.make),
        Route("/fairness/verification", made.verify, methods=["POST"]),
    ]


class Fairness:
    """The pictures, for the control socket and for the console."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """For `GET /fairness`."""
        return told(await self.rows(request.query_params))

    async def rows(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Our own giving and the row with each member, or with one."""
        members = self._services.members
        period = await self._period(query)
        wanted = query.get("member", "")
        others = [members.member(wanted).handle] if wanted else members.peers()
        channel = query.get("channel", "")
        id_ = members.channel(channel).id if channel else ""

        def work(reading: Reading) -> dict[str, Any]:
            snapshot = self._services.fairness.snapshot(reading, period)
            pairs = [self._pair(snapshot, one, id_) for one in others]
            own = {} if wanted else {"own": self._named(snapshot.own(), id_)}
            return {**_told(period), "member": members.me, **own, "pairs": pairs}

        return await self._services.journal.database.read(work)

    def _pair(self, snapshot: Snapshot, other: str, channel: str) -> dict[str, Any]:
        me = self._services.members.me
        common = snapshot.common(other)
        held = snapshot.held()
        waiting = sum(held.get(log, 0) - common.sizes.get(log, 0) for log in common.logs(me))
        return {
            "member": other,
            **self._named(snapshot.row(common, me, other), channel),
            "not_receipted": waiting,
            "unknown": snapshot.unknown(common),
            "frontier": self._frontier(common),
        }

    def _frontier(self, common: Scope) -> list[dict[str, Any]]:
        return [
            {"slot": place.slot.hex(), "origin": place.origin, "size": common.sizes[log]}
            for log, place in sorted(common.places.items(), key=lambda one: one[1].slot)
            if log in common.sizes
        ]

    def _named(self, row: dict[str, Any], channel: str) -> dict[str, Any]:
        names = {one.id: one.name for one in self._services.members.channels()}
        listed = [
            {**one, "name": names.get(one["channel"], "")} for one in row["channels"] if channel in ("", one["channel"])
        ]
        return {**row, "channels": listed}

    async def plenary(self, request: Request) -> Response:
        """For `GET /fairness/plenary`."""
        return told(await self.spread(request.query_params))

    async def spread(self, query: Mapping[str, str]) -> dict[str, Any]:
        """How giving is spread over all members, without a name."""
        period = await self._period(query)

        def work(reading: Reading) -> dict[str, Any]:
            return self._services.fairness.snapshot(reading, period).plenary()

        return {**_told(period), **await self._services.journal.database.read(work)}

    async def make(self, request: Request) -> Response:
        """A signed statement about us and another member."""
        member = request.query_params.get("member", "")
        made = await self._services.fairness.make(member, await self._period(request.query_params))
        return told({"member": member, "statement": made.body, "file": statement.encode(made).decode()})

    async def verify(self, request: Request) -> Response:
        """For `POST /fairness/verification`."""
        return told(await self.verified(name(await asked(request, _MOST), "file") or ""))

    async def verified(self, file: str) -> dict[str, Any]:
        """Compute a statement again. Raises FormatError, VerificationError for what is none."""
        signed = statement.parse(file.encode())
        await self._services.synced()
        found = await self._services.fairness.verify(signed)
        return {**found, "as_of": instant(found["as_of"])}

    async def _period(self, query: Mapping[str, str]) -> Period:
        await self._services.synced()
        since = _moment(query.get("since", ""), 0)
        until = _moment(query.get("until", ""), FOREVER)
        return Period(self._services.clock.now_us(), since, until)


def _moment(said: str, without: int) -> int:
    if not said:
        return without
    try:
        found = datetime.fromisoformat(said)
    except ValueError as error:
        raise ConfigError("config.value", "a period begins and ends with dates, e.g. 2026-01-31") from error
    return max(0, to_microseconds(found if found.tzinfo else found.replace(tzinfo=UTC)))


def _told(period: Period) -> dict[str, Any]:
    return {
        "as_of": instant(period.as_of),
        "since": instant(period.since) if period.since else None,
        "until": instant(period.until) if period.until != FOREVER else None,
    }
