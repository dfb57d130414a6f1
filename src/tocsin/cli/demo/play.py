"""The demonstration from beginning to end. Whatever happens, its processes end with it and its folder is removed."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Final

from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.cli.commands import INTERRUPTED
from tocsin.cli.demo import acts, alarm, consoles, extras, galaxies, iocs, newsroom, pace, proofs, safeguards, traffic
from tocsin.cli.demo.nodes import Federation, Node
from tocsin.cli.demo.press import Press
from tocsin.cli.demo.report import CatchUp, Report
from tocsin.cli.demo.stage import Stage
from tocsin.cli.demo.tally import linked, settle, unlinked
from tocsin.cli.screen import Screen, amount
from tocsin.errors import ConfigError
from tocsin.formats.tlp import Tlp, marking_id

SAMPLE: Final = 2400
_ADDRESSES: Final = 500
_CANARIES: Final = 10
_PACED: Final = 100
_MISSED: Final = 200
_QUEUED: Final = 20
_LINKS_S: Final = 60.0
_POLL_S: Final = 0.05
_THEMATIC: Final = "ports"
_SEED_PACED, _SEED_MISSED, _SEED_QUEUED = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for."""

    once: bool
    members: int
    objects: Path | None
    browser: bool = False  # whether one may be opened


def play(screen: Screen, plan: Plan, *, keep: Path | None) -> int:
    """Run it. Returns the exit status. Raises TocsinError if it cannot be played to its end."""
    if plan.objects is not None and not plan.objects.is_file():
        raise ConfigError("config.file", f"{plan.objects} cannot be read: it is not a file")
    folder = _folder(keep)
    try:
        return asyncio.run(_play(screen, plan, folder))
    except asyncio.CancelledError:
        return INTERRUPTED
    finally:
        if keep is None:
            rmtree(folder, ignore_errors=True)


def _folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(mkdtemp(prefix="tocsin-demo-"))
    if keep.exists():
        raise ConfigError("config.exists", f"{keep} exists already; nothing was changed")
    keep.mkdir(parents=True, mode=0o700)
    return keep.absolute()


async def _play(screen: Screen, plan: Plan, folder: Path) -> int:
    playing = asyncio.ensure_future(_acts(screen, plan, folder))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    return await playing


async def _acts(screen: Screen, plan: Plan, folder: Path) -> int:
    async with Press() as press, Federation(folder, plan.members, [press.address]) as federation:
        drama = Play(plan, federation, press, Stage(screen))
        report = await drama.whole()
        short = report.shortfalls()
        if screen.json:
            screen.emit("demo", report.json())
        for text in short:
            drama.stage.did(text, well=False)
        if not plan.once:
            await _open_house(drama)
    return 1 if short else 0


class Play:
    """The acts, in order."""

    def __init__(self, plan: Plan, federation: Federation, press: Press, stage: Stage) -> None:
        self.plan = plan
        self.federation = federation
        self.press = press
        self.stage = stage
        self.report = Report(plan.members)
        self._clock = SystemClock()
        self._secrets: dict[str, str] = {}

    @property
    def nodes(self) -> list[Node]:
        """Every member, by handle."""
        return self.federation.nodes

    @property
    def insiders(self) -> list[Node]:
        """The roster of the thematic channel; the last member is never in it."""
        return self.nodes[: max(2, len(self.nodes) // 2)]

    @property
    def outsiders(self) -> list[Node]:
        """Everybody else. Theirs are the largest handles, so that the cables carry all their traffic."""
        return self.nodes[len(self.insiders) :]

    async def whole(self) -> Report:
        """All acts."""
        acts_: tuple[Callable[[], Awaitable[None]], ...] = (
            self.found,
            self.open_channels,
            self.share_real_data,
            self.share_secrets,
            self.keep_pace,
            self.meet_trouble,
            self.make_news_known,
            self.look,
            self.verify,
            self.examine_outsiders,
        )
        for act in acts_:
            await act()
        self.report.seconds = self.stage.seconds
        return self.report

    async def found(self) -> None:
        """Act 1: a federation of strangers."""
        await self.federation.init()
        self.report.handles = [one.handle for one in self.nodes]
        charter = await self.federation.found()
        self.stage.did(f"charter founded and signed by {len(self.nodes)} members: {' '.join(self.report.handles)}")
        self.stage.more(f"digest {charter['digest']}")
        await self.federation.start()
        await self._until(lambda: linked(self.nodes), _LINKS_S, "the members do not reach one another")
        links = len(self.nodes) * (len(self.nodes) - 1) // 2
        self.stage.did(f"{len(self.nodes)} processes run, {amount(links, 'link')} over mutual TLS 1.3")

    async def open_channels(self) -> None:
        """Act 2: a channel is exactly its audience."""
        first, second = self.nodes[:2]
        pair = f"{first.handle}-{second.handle}"
        roster = [one.handle for one in self.insiders]
        await acts.open_channel(first, _THEMATIC, roster, kind="thematic", title="Port security")
        await acts.open_channel(first, pair, [first.handle, second.handle], kind="bilateral", title="Between two")
        for name, members in ((_THEMATIC, self.insiders), (pair, [first, second])):
            await self._until(partial(_all_open, members, name), _LINKS_S, f"channel {name} does not open")
            self._secrets[name] = f"canary-{SystemEntropy().bytes(8).hex()}"
        self.stage.did(f"channels: plenary ({len(self.nodes)}), {_THEMATIC} ({' '.join(roster)}), {pair}")

    async def share_real_data(self) -> None:
        """Act 3: real threat information to everybody."""
        before = self._clock.monotonic()
        shared = 0
        for node, label, pieces, tlp in self._material():
            outcome = await acts.share(node, "plenary", pieces, tlp)
            shared += outcome.shared
            self.report.refused += outcome.refused
            self.stage.did(
                f"{node.handle} → plenary  {amount(outcome.shared, 'object')}  {label}", well=outcome.shared > 0
            )
            for reason in outcome.reasons:
                self.stage.more(f"refused: {reason}")
        with self.stage.board() as board:
            tally = await settle(self.nodes, board.show)
        took = self._clock.monotonic() - before
        self.report.objects_per_s = shared / took
        self.stage.did(
            f"stored and signed for {tally.receipted:,} of {tally.due:,} times, {shared / took:,.0f} objects a second",
            well=tally.complete,
        )

    async def share_secrets(self) -> None:
        """Act 4: what is marked computes who gets it."""
        for (name, secret), level in zip(self._secrets.items(), (Tlp.AMBER, Tlp.RED), strict=True):
            objects = galaxies.canary_objects(name, secret, marking_id(level), _CANARIES)
            outcome = await acts.share(self.nodes[0], name, acts.lines(objects))
            self.stage.did(f"{self.nodes[0].handle} → {name}  {amount(outcome.shared, 'object')}  {level.label}")

    async def keep_pace(self) -> None:
        """Act 5: how quickly."""
        first, *others = self.nodes
        audience = [one.handle for one in others]
        taken = await pace.series(first, "plenary", iocs.indicators(_PACED, _SEED_PACED), audience)
        report = self.report
        report.samples, report.samples_due = sum(map(len, taken.values())), _PACED * len(audience)
        report.p50_ms, report.p99_ms = pace.percentile(taken, 0.5), pace.percentile(taken, 0.99)
        self.stage.did(f"{_PACED} single objects, from hand-over to stored and signed for:")
        for member, waits in taken.items():
            half, most = pace.percentile({member: waits}, 0.5), pace.percentile({member: waits}, 0.99)
            self.stage.more(
                f"{member}  {len(waits)} receipts, half within {half or 0:.1f} ms, 99 % within {most or 0:.1f} ms"
            )

    async def meet_trouble(self) -> None:
        """Acts 6 and 7. Meanwhile the first member's desk reads the news of act 8."""

        async def trouble() -> None:
            await self.cut_and_heal()
            await self.raise_alarm()

        await asyncio.gather(trouble(), newsroom.read(self.nodes[0], self.press))

    async def cut_and_heal(self) -> None:
        """Act 6: a member is cut off, and catches up without a gap."""
        lost, others = self.nodes[-1], self.nodes[:-1]
        await settle(self.nodes, lambda _: None)
        before = await _sizes(lost)
        position = (await lost.control.get("/status"))["position"]
        lost.cable.cut()
        await self._until(lambda: unlinked(others, lost.handle), _LINKS_S, "the cut goes unnoticed")
        missed = await acts.share(others[0], "plenary", acts.lines(iocs.indicators(_MISSED, _SEED_MISSED)))
        queued = await acts.share(lost, "plenary", acts.lines(iocs.indicators(_QUEUED, _SEED_QUEUED)))
        isolated = await _sizes(lost)
        self.stage.did(
            f"{lost.handle} is cut off; {missed.shared} objects go to the others, {queued.shared} of its own wait"
        )
        lost.cable.heal()
        began = self._clock.monotonic()
        with self.stage.board() as board:
            tally = await settle(self.nodes, board.show)
        seconds = self._clock.monotonic() - began
        bounds = {log: (size, (await _sizes(lost))[log]) for log, size in before.items()}
        rows = await _entries(lost, position)
        came = sum(row["member"] != lost.handle for row in rows)
        held = isolated["plenary", others[0].handle] == before["plenary", others[0].handle]
        whole = held and tally.complete and proofs.gapless(rows, bounds)
        self.report.catch_up = CatchUp(lost.handle, missed.shared, came, seconds, whole, queued.shared)
        self.stage.did(
            f"{lost.handle} is back: caught up {came} of {missed.shared} in {seconds:.2f} s, no gap", well=whole
        )

    async def raise_alarm(self) -> None:
        """Act 7: a warning is answered, or its silence noticed; what was wrong is taken back."""
        played = alarm.Scene(self.nodes, _THEMATIC, self._until, self.stage)
        self.report.warnings = await played.whole()
        await settle(self.nodes, lambda _: None)  # a statement is about what both hold
        self.report.safeguards = await safeguards.play(self.nodes[0], self.nodes[1], _THEMATIC, self.stage)

    async def make_news_known(self) -> None:
        """Act 8: what outlets write becomes a story, and a person makes a warning of it."""
        self.report.desk = await newsroom.Newsroom(self.nodes, self._until, self.stage).whole()

    async def look(self) -> None:
        """Act 9: what people see. The second member's link is used up for it; the first one's is left to who watches."""
        self.report.console = await consoles.visit(self.nodes[0].people_url, self.nodes[1])
        pages = self.report.console.pages
        self.stage.did(
            f"{self.nodes[1].handle}: the console let its duty officer in and showed {amount(pages, 'page')}",
            well=self.report.console.complete,
        )

    async def verify(self) -> None:
        """Act 10: every log, proven at every member."""
        with self.stage.board() as board:
            self.report.tally = await settle(self.nodes, board.show)
        found = await proofs.fsck(self.nodes)
        self.report.fsck = proofs.verdict(self.nodes, found)
        self.report.histories_agree = proofs.agree(found)
        logs = sum(len(one["logs"]) for one in found)
        self.stage.did(f"fsck at every member: {logs} logs, {self.report.fsck}", well=self.report.fsck == "ok")

    async def examine_outsiders(self) -> None:
        """Act 11: whoever is outside holds nothing."""
        report = self.report
        report.outsiders = [one.handle for one in self.outsiders]
        report.insider_finds = sum([await proofs.finds(self.nodes[0], one) for one in self._secrets.values()])
        report.outsider_leaks = 0
        for node in self.outsiders:
            hits, told = await proofs.leaks(node, self._secrets)
            report.outsider_leaks += hits
            for one in told:
                self.stage.more(one)
        names = " and ".join(self._secrets)
        self.stage.did(
            f"outside {names}: {' '.join(report.outsiders)}: {report.outsider_leaks} traces"
            f" ({report.insider_finds} where they belong)",
            well=report.outsider_leaks == 0 and report.insider_finds > 0,
        )

    def _material(self) -> Iterator[tuple[Node, str, Iterator[bytes], str | None]]:
        first, second, third = self.nodes[:3]
        if self.plan.objects is not None:
            # Whoever names a file of unmarked objects here means them for everybody in the demonstration.
            yield first, str(self.plan.objects), acts.pieces_of(self.plan.objects), "clear"
        else:
            yield (
                first,
                "actors, malware and tools of the MISP galaxies",
                acts.lines(galaxies.objects(limit=SAMPLE)),
                None,
            )
        beside = extras.folder()
        if beside is not None and self.plan.objects is None:
            yield second, "MITRE ATT&CK for ICS", extras.attack(beside), "clear"
            yield third, "addresses on public blocklists", acts.lines(extras.addresses(beside, _ADDRESSES)), None

    async def _until(self, holds: Callable[[], Awaitable[bool]], seconds: float, else_: str) -> None:
        deadline = self._clock.monotonic() + seconds
        while not await holds():
            if self._clock.monotonic() > deadline:
                raise ConfigError("demo.stalled", f"{else_} within {seconds:.0f} seconds")
            await self._clock.sleep(_POLL_S)


async def _all_open(nodes: list[Node], name: str) -> bool:
    for node in nodes:
        known = {one["name"]: one["open"] for one in await node.control.get("/channels")}
        if not known.get(name):
            return False
    return True


async def _sizes(node: Node) -> dict[tuple[str, str], int]:
    channels = await node.control.get("/channels")
    return {(one["name"], log["origin"]): log["size"] for one in channels for log in one["logs"]}


async def _entries(node: Node, after: int) -> list[dict[str, Any]]:
    rows = node.control.rows("GET", "/watch", {"after": after, "follow": 0})
    return [row async for row in rows if row["kind"] == "entry"]


async def _open_house(drama: Play) -> None:
    """Say where everything is, and go on until somebody ends it."""
    stage, first = drama.stage, drama.nodes[0]
    stage.did(f"Open {first.way_in}")
    stage.more(f"(you are {consoles.NAME}@{first.handle}; the link works once, on this machine only)")
    for node in drama.nodes:
        made = await node.control.post("/accounts", {"name": "visitor", "channels": ["*"]})
        stage.more(
            f"{node.handle}  TAXII 2.1 {node.people_url}/taxii2/  user visitor, password or bearer token {made['token']}"
        )
    for node in drama.nodes[2:]:
        stage.more(f"{node.handle}  its own console: {node.way_in}")
    stage.more(f"tocsin --home {first.home.path} status   (or brief, objects, watch, receipts, channel list)")
    stage.more("Ctrl-C stops every process and removes every folder")
    if drama.plan.browser:
        consoles.open_browser(first.way_in)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    ended = [asyncio.ensure_future(node.process.wait()) for node in drama.nodes if node.process is not None]
    waiting = asyncio.ensure_future(over.wait())
    going_on = asyncio.ensure_future(traffic.Traffic(drama.nodes, stage).flow())
    done, rest = await asyncio.wait([waiting, going_on, *ended], return_when=asyncio.FIRST_COMPLETED)
    for one in rest:
        one.cancel()
        with suppress(asyncio.CancelledError):
            await one
    if waiting not in done:
        if going_on in done and (error := going_on.exception()) is not None and not done & set(ended):
            raise error
        raise ConfigError("demo.node", "a node ended by itself")
