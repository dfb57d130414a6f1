"""What people decide at this node: the charter's next version, who is in a channel, new keys for it."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.edge.control import reading
from tocsin.edge.control.answers import asked, name, names, told
from tocsin.edge.control.services import Services
from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.members import comparison, descriptor
from tocsin.exchange.members.charter import Changes, Charter
from tocsin.formats import statement
from tocsin.formats.tlp import Tlp

_MOST: Final = 2 * statement.MAX_BYTES  # a note as a JSON text


def routes(services: Services) -> list[Route]:
    """The routes, for app.build()."""
    made = _Governing(services)
    return [
        Route("/charter/proposals", made.propose, methods=["POST"]),
        Route("/charter/signatures", made.sign, methods=["POST"]),
        Route("/charter/versions", made.adopt, methods=["POST"]),
        Route("/channels/{name}/roster", made.propose_roster, methods=["POST"]),
        Route("/channels/{name}/votes", made.agree, methods=["POST"]),
        Route("/channels/{name}/leave", made.leave, methods=["POST"]),
        Route("/rekey", made.rekey, methods=["POST"]),
    ]


class _Governing:
    def __init__(self, services: Services) -> None:
        self._services = services

    # -- the charter --------------------------------------------------------------------------------------------

    async def propose(self, request: Request) -> Response:
        body = await asked(request, _MOST)
        members = self._services.members
        bodies = []
        for key, is_new in (("admit", True), ("describe", False)):
            for one in names(body, key):
                found, signed = descriptor.read(one.encode())
                if is_new == (found.handle in members.charter.members):
                    code = "policy.already-member" if is_new else "policy.unknown-member"
                    what = "is a member already" if is_new else "is no member of the charter"
                    raise PolicyError(code, f"{found.handle} {what}")
                bodies.append(signed.body)
        changes = Changes(
            describe=tuple(bodies),
            expel=frozenset(names(body, "expel")),
            suspend=frozenset(names(body, "suspend")),
            readmit=frozenset(names(body, "readmit")),
            rules=_rules(body),
            name=name(body, "name"),
        )
        return told(self._standing(await self._services.acts.propose_charter(changes)))

    async def sign(self, request: Request) -> Response:
        body = await asked(request, _MOST)
        note = name(body, "statement")
        acts = self._services.acts
        signed = statement.parse(note.encode()) if note else acts.proposed(name(body, "digest")).signed
        return told(self._standing(await acts.sign_charter(signed)))

    async def adopt(self, request: Request) -> Response:
        notes = names(await asked(request, _MOST), "statements")
        if not notes:
            raise ConfigError("config.value", "there is no charter in the request")
        members = self._services.members
        await members.adopt(*(one.encode() for one in notes))
        return told({"version": members.charter.version, "digest": members.charter.digest.hex()})

    def _standing(self, new: Charter) -> dict[str, Any]:
        members = self._services.members
        before = next(one for one in members.history if one.digest == new.previous)
        return {
            **comparison.standing(before, new, members.me),
            "in_force": new.digest == members.charter.digest,
            "statement": statement.encode(new.signed).decode(),
        }

    # -- channels -----------------------------------------------------------------------------------------------

    async def propose_roster(self, request: Request) -> Response:
        body, wanted = await asked(request), request.path_params["name"]
        made = await self._services.acts.propose_roster(wanted, names(body, "add"), names(body, "remove"))
        return told({"channel": wanted, **comparison.roster_standing(made, self._services.members.me)})

    async def agree(self, request: Request) -> Response:
        body, wanted = await asked(request), request.path_params["name"]
        made = await self._services.acts.agree(wanted, name(body, "digest"))
        return told({"channel": wanted, **comparison.roster_standing(made, self._services.members.me)})

    async def leave(self, request: Request) -> Response:
        wanted = request.path_params["name"]
        await self._services.acts.leave(wanted)
        return told(await reading.channel_of(self._services, wanted))

    async def rekey(self, request: Request) -> Response:
        """New keys for one channel, or for all."""
        wanted = name(await asked(request), "channel")
        members = self._services.members
        chosen = [members.channel(wanted)] if wanted else members.channels()
        ids = {one.id for one in chosen}
        for one in members.generations():
            if one.id in ids:
                self._services.epochs.renew(one)
        self._services.wake()
        return told({"channels": [one.name for one in chosen]})


def _rules(body: dict[str, Any]) -> dict[str, str]:
    found = {key: value for key in ("plenary_ceiling", "threshold") if (value := name(body, key))}
    if "plenary_ceiling" in found:
        found["plenary_ceiling"] = Tlp.parse(found["plenary_ceiling"]).label
    return found
