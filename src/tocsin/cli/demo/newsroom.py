"""The open-source desk, played: outlets write, a story comes of it, a person makes a draft and a warning of the story."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from tocsin.backends.system.clock import SystemClock
from tocsin.cli.control import segment
from tocsin.cli.demo import acts, articles
from tocsin.cli.demo.alarm import Until, counts, reply
from tocsin.cli.demo.nodes import Node
from tocsin.cli.demo.press import Press
from tocsin.cli.demo.stage import Stage
from tocsin.cli.screen import amount
from tocsin.errors import ConfigError
from tocsin.formats import canonical

_ANALYST: Final = "analyst"
_PATIENCE_S: Final = 60.0
_SOURCES: Final = (("cable-news", "feed", articles.FEED), ("news-window", "page", articles.AGGREGATOR))


@dataclass(slots=True)
class Desk:
    """What the act has shown, as the nodes count it."""

    documents: int = 0
    stories: int = 0
    outlets: int = 0  # of the story
    independent_origins: int = 0  # of the story
    drafts: int = 0  # reports of the desk that every other member holds
    warned: int = 0  # members that have stored the warning
    acknowledged: int = 0

    def json(self) -> dict[str, int]:
        """What --json tells."""
        return {
            "documents": self.documents,
            "stories": self.stories,
            "independent_origins": self.independent_origins,
            "drafts": self.drafts,
            "warned": self.warned,
        }

    def complete(self, members: int) -> bool:
        """Whether several outlets became one story of fewer origins, and its draft and warning reached everybody else."""
        told = 0 < self.stories < self.documents and 0 < self.independent_origins < self.outlets
        return told and self.drafts == 1 and self.warned == members - 1 and self.acknowledged > 0


async def read(giver: Node, press: Press) -> None:
    """Ask a feed and an aggregator's page, and bring a capture. The desk's two children start here: that takes seconds."""
    for name, kind, path in _SOURCES:
        source = {"name": name, "kind": kind, "url": press.url(path), "letter": "C"}
        await giver.control.post("/desk/sources", source)
        told = await giver.control.post(f"/desk/sources/{name}/pull", {})
        if told["code"]:
            raise ConfigError("demo.stalled", f"the desk could not read {name}: {told['code']}")
    query = {"url": "", "outlet": "", "media_type": "text/html"}
    async for _ in giver.control.rows("POST", "/desk/imported", query, articles.page(articles.ARABIC)):
        pass


class Newsroom:
    """One telling. The first member has the desk; the second acknowledges what comes of it."""

    def __init__(self, nodes: Sequence[Node], until: Until, stage: Stage) -> None:
        self._giver, *self._others = nodes
        self._until = until
        self._stage = stage
        self._clock = SystemClock()
        self._found = Desk()

    async def whole(self) -> Desk:
        """What was read, told, and made known."""
        story = await self._tell()
        report = await self._draft(story)
        await self._warn(story, report)
        return self._found

    async def _tell(self) -> str:
        found = self._found
        told = await self._giver.control.get("/desk/stories")
        found.documents, found.stories = told["documents"], told["stories"]
        if not told["listed"]:
            raise ConfigError("demo.stalled", "the desk made no story of what it read")
        story = max(told["listed"], key=lambda one: int(one["documents"]))
        outlets = {outlet for one in told["listed"] for outlet in one["outlets"]}
        found.outlets, found.independent_origins = len(story["outlets"]), story["origins"]
        self._stage.did(
            f"{self._giver.handle} reads the news of {len(outlets)} outlets (invented): {amount(found.documents, 'document')}, "
            f"{amount(found.stories, 'story', 'stories')}"
        )
        self._stage.more(f"\u201c{story['title']}\u201d, in {' '.join(story['languages'])}")
        carried = story["documents"] - found.independent_origins
        self._stage.more(
            f"told by {found.outlets} outlets, of {amount(found.independent_origins, 'independent origin')}: "
            f"{carried} copy, translate or retell; grade proposed {story['letter']}{story['digit']}"
        )
        return str(story["id"])

    async def _draft(self, story: str) -> str:
        """An analyst accepts one value of those proposed, and shares what is made of the story. Its report's id."""
        path = f"/desk/stories/{segment(story)}"
        findings = (await self._giver.control.get(path))["findings"]
        value = next((one["finding"]["value"] for one in findings if one["finding"]["verdict"] == "proposed"), None)
        if value is None:
            raise ConfigError("demo.stalled", "the desk proposed no indicator of the story")
        await self._giver.control.post(f"{path}/findings", {"value": value, "taken": True, "by": _ANALYST})
        made = await self._giver.control.post(f"{path}/draft", {"by": _ANALYST})
        report = str(made["objects"][-1]["id"])
        outcome = await acts.share(self._giver, "plenary", acts.lines(map(canonical.encode, made["objects"])))

        async def arrived() -> bool:
            return all([await _holds(one, report) for one in self._others])

        await self._until(arrived, _PATIENCE_S, "the draft of the story does not arrive")
        self._found.drafts = 1
        self._stage.did(
            f"an analyst accepts {value}, and shares the draft: "
            f"{amount(outcome.shared, 'object')}, held by {len(self._others)} of {len(self._others)}"
        )
        return report

    async def _warn(self, story: str, report: str) -> None:
        giver, other, found = self._giver, self._others[0], self._found
        began = self._clock.monotonic()
        warning = await _raised(giver, story, report)
        everybody = len(self._others)
        await self._until(partial(_reached, giver, warning, "stored", everybody), _PATIENCE_S, "the story's warning does not reach everybody")  # fmt: skip
        stored = self._clock.monotonic() - began
        await reply(other, warning)
        await self._until(partial(_reached, giver, warning, "acknowledged", 1), _PATIENCE_S, "nobody acknowledges the story's warning")  # fmt: skip
        acknowledged = self._clock.monotonic() - began
        told = await counts(giver, warning)
        found.warned, found.acknowledged = told["stored"], told["acknowledged"]
        self._stage.did(
            f"{giver.handle} warns of it: stored by {found.warned} of {everybody} after {stored:.2f} s, "
            f"acknowledged by {other.handle} after {acknowledged:.2f} s"
        )
        self._stage.more(f"the story, its outlets and how they were counted: {giver.people_url}/desk")


async def _holds(member: Node, report: str) -> bool:
    return any(one["id"] == report for one in await member.control.get("/objects", type="report", limit=500))


async def _raised(giver: Node, story: str, report: str) -> str:
    """A warning of the story, about its report: headline, topic, countries and grade are the story's. Its id."""
    body = {
        "channel": "plenary",
        "urgency": "immediate",
        "threatened": "Landing stations of sea cables",
        "todo": "Close remote maintenance; look for the value in the draft.",
        "about": [report],
    }
    return str((await giver.control.post(f"/desk/stories/{segment(story)}/warning", body))["id"])


async def _reached(giver: Node, warning: str, fact: str, wanted: int) -> bool:
    return int((await counts(giver, warning))[fact]) >= wanted
