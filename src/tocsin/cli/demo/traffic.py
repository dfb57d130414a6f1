"""What goes on while somebody looks: members warn, answer and share, at a pace that a person can follow. All of it invented."""

from collections.abc import Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from tocsin.backends.system.clock import SystemClock
from tocsin.cli.control import segment
from tocsin.cli.demo import acts, iocs
from tocsin.cli.demo.nodes import Node
from tocsin.cli.demo.stage import Stage

_PAUSE_S: Final = 4.0
_SHARED: Final = 5
_SEED: Final = 1000
_ANSWERS: Final = ("acting", "not-us", "affects-us", "need-more")


class _Story(NamedTuple):
    headline: str
    topic: str
    urgency: str
    countries: tuple[str, ...]
    answer_by: str
    threatened: str
    todo: str


_STORIES: Final = (
    _Story("VPN gateway flaw is being exploited", "cyber", "immediate", ("GR", "EG"), "10m", "VPN gateways of ministries", "Take them off the network or patch them today."),
    _Story("Forged container papers at three ports", "organised-crime", "priority", ("BR", "PT", "MA"), "2h", "Port authorities", "Check papers of the named carriers by hand."),
    _Story("Calls for attacks on embassies this weekend", "terrorism", "flash", ("KE", "FR"), "5m", "Embassies and consulates", "Raise protection; tell your missions."),
    _Story("Water works: remote maintenance abused", "infrastructure", "immediate", ("CZ",), "15m", "Control rooms of water works", "Close remote maintenance until further notice."),
    _Story("Ransomware spreads by a payroll update", "cyber", "priority", ("JP", "IN", "MX"), "1h", "Users of payroll software", "Stop the update; look for the hashes shared."),
    _Story("Stolen passports are used at land borders", "cross-border-crime", "routine", ("JO", "TN"), "6h", "Border posts", "Compare with the list of your police."),
    _Story("Fake relief collections after the flood", "public-safety", "routine", ("VN",), "6h", "Donors", "Warn the public of the accounts named."),
)  # fmt: skip


class Traffic:
    """An endless round over the members but the first: what asks the first one for an answer is left to who watches."""

    def __init__(self, nodes: Sequence[Node], stage: Stage) -> None:
        self._first, self._others = nodes[0], nodes[1:]
        self._all = nodes
        self._stage = stage
        self._clock = SystemClock()

    async def flow(self) -> None:
        """Until it is cancelled."""
        for turn in count():
            story = _STORIES[turn % len(_STORIES)]
            # Every third warning is the first member's own, so that its outbox fills too.
            giver = self._first if turn % 3 == 2 else self._others[turn % len(self._others)]
            warning = await self.warn(giver, story)
            await self._clock.sleep(_PAUSE_S)
            for number, other in enumerate(one for one in self._others if one is not giver):
                await self.reply(other, warning, _ANSWERS[(turn + number) % len(_ANSWERS)])
                await self._clock.sleep(_PAUSE_S)
            await self.share(self._all[turn % len(self._all)], _SEED + turn)
            await self._clock.sleep(_PAUSE_S)

    async def warn(self, giver: Node, story: _Story) -> str:
        """Raise it to everybody; its id."""
        body: dict[str, Any] = {
            **story._asdict(),
            "countries": list(story.countries),
            "channel": "plenary",
            "tlp": "green",
        }
        made = await giver.control.post("/warnings", {**body, "reliability": "B", "credibility": 2})
        self._stage.did(
            f'{giver.handle} → plenary  {story.urgency}  "{story.headline}"  answer by {made["answer_by"][11:16]}Z'
        )
        return str(made["id"])

    async def reply(self, member: Node, warning: str, answer: str) -> None:
        """Answer it, if it has come by now: a cable may be slow."""
        known = {one["id"] for one in (await member.control.get("/warnings", limit=50))["warnings"]}
        if warning in known:
            await member.control.post(
                f"/warnings/{segment(warning)}/answers", {"answer": answer, "desk": "duty-officer"}
            )
            self._stage.more(f"{member.handle} answers: {answer}")

    async def share(self, giver: Node, seed: int) -> None:
        """A few indicators more."""
        made = await acts.share(giver, "plenary", acts.lines(iocs.indicators(_SHARED, seed)))
        self._stage.more(f"{giver.handle} shares {made.shared} indicators")
