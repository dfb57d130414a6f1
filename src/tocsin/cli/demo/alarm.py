"""The duty to warn and the right to correct, played: a flash warning, an answer, a silence; a duty; a recall."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from tocsin.cli.control import segment
from tocsin.cli.demo import acts
from tocsin.cli.demo.nodes import Node
from tocsin.cli.demo.source import SOURCE_ID, derived_id, instant
from tocsin.cli.demo.stage import Stage
from tocsin.formats import canonical
from tocsin.formats.stix.ids import observable_id
from tocsin.formats.tlp import Tlp, marking_id

_ANSWER_BY: Final = "30m"
_INDICATOR: Final = "indicator"
_FALSE: Final = derived_id(_INDICATOR, "alarm-false")
_PATIENCE_S: Final = 60.0


@dataclass(slots=True)
class Warnings:
    """What the acts have shown; for the report. Counts over all members, as the givers see them."""

    raised: int = 0
    stored: int = 0
    acknowledged: int = 0
    answered: int = 0
    escalated: int = 0
    recalled: int = 0
    confirmed: int = 0
    duties_open: int = 0

    def json(self) -> dict[str, int]:
        """Every count by its name."""
        return asdict(self)

    def complete(self, members: int) -> bool:
        """Whether all was stored and confirmed, one has answered, silence was escalated and the gap is seen."""
        others = members - 1
        wanted = Warnings(1, others, 1, 1, self.escalated, 1, others, 1)
        return self == wanted and self.escalated > 0


def seen_name(name: str) -> bytes:
    """A domain name that was seen in an attack. As an indicator the gate would refuse it: nobody is to block a member."""
    value = {
        "type": "domain-name",
        "spec_version": "2.1",
        "value": name,
        "object_marking_refs": [marking_id(Tlp.AMBER)],
    }
    return canonical.encode({**value, "id": observable_id(value)})


def false_one() -> bytes:
    """An indicator that will turn out to be wrong."""
    at = instant(0)
    return canonical.encode(
        {
            "type": _INDICATOR,
            "spec_version": "2.1",
            "id": _FALSE,
            "created_by_ref": SOURCE_ID,
            "created": at,
            "modified": at,
            "name": "Used in the wave of tonight",
            "pattern": "[ipv4-addr:value = '198.18.222.222']",
            "pattern_type": "stix",
            "pattern_version": "2.1",
            "valid_from": at,
            "object_marking_refs": [marking_id(Tlp.GREEN)],
        }
    )


async def warn(giver: Node) -> str:
    """Raise a flash warning to everybody. Its id."""
    made = await giver.control.post(
        "/warnings",
        {
            "channel": "plenary",
            "headline": "Port cranes are being switched off from outside",
            "topic": "infrastructure",
            "urgency": "flash",
            "threatened": "terminal operating systems of container ports",
            "todo": "Cut remote maintenance of cranes until further notice.",
            "countries": [],
            "answer_by": _ANSWER_BY,
            "reliability": "B",
            "credibility": 2,
            "tlp": "green",
        },
    )
    return str(made["id"])


async def counts(giver: Node, warning: str) -> dict[str, Any]:
    """The three facts of a warning, counted."""
    told = await giver.control.get(f"/warnings/{segment(warning)}")
    found: dict[str, Any] = told["counts"]
    return {**found, "escalated": sum(one["escalated"] for one in told["recipients"])}


async def reply(member: Node, warning: str, answer: str | None = None) -> None:
    """Acknowledge, or answer."""
    await member.control.post(f"/warnings/{segment(warning)}/answers", {"answer": answer, "desk": "duty-officer"})


async def escalate(giver: Node, warning: str, silent: Node) -> None:
    """The next level of one who is silent."""
    await giver.control.post(f"/warnings/{segment(warning)}/escalations", {"members": [silent.handle]})


async def recall(giver: Node, object_id: str) -> None:
    """Take an object back everywhere."""
    await giver.control.post("/recalls", {"object_id": object_id, "reason": "false positive of a sensor"})


async def confirmed(giver: Node, object_id: str) -> tuple[int, int]:
    """Of how many holders of what was taken back how many have confirmed."""
    told = await giver.control.get(f"/recalls/{segment(object_id)}")
    return told["confirmed"], told["due"]


async def shown(member: Node, object_id: str) -> bool:
    """Whether a member still shows an object."""
    return any(one["id"] == object_id for one in await member.control.get("/objects", type=_INDICATOR, limit=500))


Until = Callable[[Callable[[], Awaitable[bool]], float, str], Awaitable[None]]


class Scene:
    """One telling. `insiders` is the channel that the last member is not in."""

    def __init__(self, nodes: Sequence[Node], insiders: str, until: Until, stage: Stage) -> None:
        self._giver, self._answering, self._silent = nodes[0], nodes[1], nodes[-1]
        self._others = nodes[1:]
        self._insiders = insiders
        self._until = until
        self._stage = stage
        self._found = Warnings()

    async def whole(self) -> Warnings:
        """All of it."""
        await self._sound()
        await self._owe()
        await self._take_back()
        return self._found

    async def _sound(self) -> None:
        giver, found, others = self._giver, self._found, len(self._others)
        warning = await warn(giver)
        found.raised = 1

        async def reached(fact: str, wanted: int) -> bool:
            return int((await counts(giver, warning))[fact]) >= wanted

        await self._until(partial(reached, "stored", others), _PATIENCE_S, "the warning is not stored by everybody")
        await reply(self._answering, warning)
        await self._until(partial(reached, "acknowledged", 1), _PATIENCE_S, "the acknowledgement does not arrive")
        await reply(self._answering, warning, "acting")
        await self._until(partial(reached, "answered", 1), _PATIENCE_S, "the answer does not arrive")
        await escalate(giver, warning, self._silent)
        await self._until(partial(reached, "escalated", 1), _PATIENCE_S, "silence is not escalated")
        told = await counts(giver, warning)
        found.stored, found.acknowledged = told["stored"], told["acknowledged"]
        found.answered, found.escalated = told["answered"], told["escalated"]
        self._stage.did(f"{giver.handle} warns everybody, flash: stored by {found.stored} of {others}")
        self._stage.more(f"{self._answering.handle} acknowledges and answers: acting")
        self._stage.more(f"{self._silent.handle} is silent, and its next level is paged")

    async def _owe(self) -> None:
        concerned = self._silent.handle
        await acts.share(self._giver, self._insiders, acts.lines([seen_name(f"mail.{concerned}.example")]))
        self._found.duties_open = int((await self._giver.control.get("/duties"))["open"])
        self._stage.did(
            f"{self._giver.handle} → {self._insiders}  a name that {concerned} answers for, who is outside: "
            f"duties to warn open: {self._found.duties_open}",
            well=self._found.duties_open > 0,
        )

    async def _take_back(self) -> None:
        giver, others = self._giver, self._others
        await acts.share(giver, "plenary", acts.lines([false_one()]))

        async def everywhere(*, wanted: bool) -> bool:
            return all([await shown(one, _FALSE) is wanted for one in others])

        await self._until(partial(everywhere, wanted=True), _PATIENCE_S, "the false indicator does not arrive")
        await recall(giver, _FALSE)
        self._found.recalled = 1

        async def all_confirmed() -> bool:
            self._found.confirmed, due = await confirmed(giver, _FALSE)
            return self._found.confirmed == due == len(others)

        await self._until(all_confirmed, _PATIENCE_S, "the recall is not confirmed by everybody")
        await self._until(partial(everywhere, wanted=False), _PATIENCE_S, "what was recalled is still shown")
        self._stage.did(
            f"{giver.handle} recalls a false indicator: {self._found.confirmed} of {len(others)} confirm, nobody shows it"
        )
