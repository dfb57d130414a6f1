"""The members of the demonstration: each a folder, a process of its own and a cable."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copyfile
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from tocsin.cli.control import Control
from tocsin.cli.demo.cable import Cable
from tocsin.errors import ConfigError
from tocsin.node import ceremony, config
from tocsin.node.home import Home
from tocsin.node.making import InitSettings, create

_COUNTRIES: Final = (
    ("EG", "Egypt"),
    ("FR", "France"),
    ("BR", "Brazil"),
    ("JP", "Japan"),
    ("KE", "Kenya"),
    ("IN", "India"),
    ("CZ", "Czechia"),
    ("MX", "Mexico"),
    ("MA", "Morocco"),
    ("SE", "Sweden"),
    ("GR", "Greece"),
    ("TN", "Tunisia"),
    ("JO", "Jordan"),
    ("SN", "Senegal"),
    ("PT", "Portugal"),
    ("UY", "Uruguay"),
    ("VN", "Viet Nam"),
    ("ZA", "South Africa"),
    ("NO", "Norway"),
    ("IT", "Italy"),
)
MOST: Final = len(_COUNTRIES)
_READY_S: Final = 90.0
_STOP_S: Final = 8.0
_TAIL: Final = 2000
_LISTEN: Final = "127.0.0.1:0"


@dataclass(slots=True)
class Node:
    """One member."""

    home: Home
    settings: InitSettings
    cable: Cable
    traffic: Path
    people_url: str = ""
    way_in: str = ""  # opens its console, once
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def handle(self) -> str:
        """Its handle."""
        return self.settings.handle

    @property
    def control(self) -> Control:
        """Its control socket."""
        return Control(self.home)

    @property
    def diagnostics(self) -> Path:
        """What its process says on stderr."""
        return self.home.path.with_suffix(".log")

    async def start(self) -> None:
        """Run its process until it is ready. Raises ConfigError("demo.node")."""
        with self.diagnostics.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command(self.home, "run", "--json", "--stop-with-stdin", "--demonstration"),
                stdin=asyncio.subprocess.PIPE,  # its end is the end of the child, however we die
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours: we stop them in order
            )
        ready = await self._ready(self.process)
        self.cable.plug_in(ready["peer_port"])
        self.people_url = ready["people_url"]
        self.way_in = ready.get("way_in", "")  # where people have accounts already, there is none

    async def _ready(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        line = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY_S):
                line = await process.stdout.readline() if process.stdout else b""
        if not line:
            told = self.diagnostics.read_bytes()[-_TAIL:].decode(errors="replace").strip()
            raise ConfigError("demo.node", f"the node of {self.handle} did not start: {told}")
        ready: dict[str, Any] = msgspec.json.decode(line)
        if ready.get("schema") != "tocsin.ready/1":
            raise ConfigError("demo.node", f"the node of {self.handle} did not start: {ready.get('what')}")
        return ready

    async def stop(self) -> None:
        """End its process: asked first, then forced."""
        if self.process is None or self.process.returncode is not None:
            return
        for end in (self.process.terminate, self.process.kill):
            with suppress(ProcessLookupError):
                end()
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self.process.wait()
                    return


class Federation:
    """All members, founded together. Leaving it stops every process."""

    def __init__(self, folder: Path, count: int, inner: Sequence[str] = ()) -> None:
        """`inner`: host:port of sources on this machine that the first member's desk may ask."""
        self._folder = folder
        self._inner = list(inner)
        self._chosen = sorted(_COUNTRIES[:count])
        self.nodes: list[Node] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(self.stop())

    async def init(self) -> None:
        """A folder, keys and a descriptor for each, as `tocsin init` makes them."""
        for code, country in self._chosen:
            handle = f"{code.lower()}-cert"
            traffic = self._folder / f"{handle}.traffic"
            cable = Cable(traffic)
            settings = InitSettings(
                handle=handle,
                name=f"CERT of {country} (demonstration)",
                countries=(code,),
                domains=(f"{handle}.example",),
                peer_listen=_LISTEN,
                people_listen=_LISTEN,
                endpoint=f"127.0.0.1:{await cable.open()}",
                ballast_bytes=0,
                dial="larger",  # so that all links of the largest handle pass its own cable, which is cut
            )
            self.nodes.append(Node(Home(self._folder / handle), settings, cable, traffic))
        await asyncio.gather(*(asyncio.to_thread(create, one.home.path, one.settings) for one in self.nodes))
        first = self.nodes[0].home
        config.write(first.config_file, replace(first.settings(), desk_inner=self._inner))

    async def found(self) -> dict[str, Any]:
        """A charter signed by every member on its own copy, merged, and adopted by all."""
        charter = self._folder / "charter.note"
        founder, *others = self.nodes
        descriptors = [one.home.descriptor for one in self.nodes]
        ceremony.found(founder.home, "Demonstration", descriptors, "green", charter)
        copies = [self._folder / f"{one.handle}.charter.note" for one in others]
        for copy in copies:
            copyfile(charter, copy)
        await asyncio.gather(
            *(asyncio.to_thread(ceremony.sign, one.home, copy, []) for one, copy in zip(others, copies, strict=True))
        )
        ceremony.sign(founder.home, charter, copies)
        adopted = await asyncio.gather(*(ceremony.adopt(one.home, charter) for one in self.nodes))
        return adopted[0]

    async def start(self) -> None:
        """Run every member's process."""
        await asyncio.gather(*(one.start() for one in self.nodes))

    async def stop(self) -> None:
        """Stop every process and cable."""
        await asyncio.gather(*(one.stop() for one in self.nodes))
        await asyncio.gather(*(one.cable.close() for one in self.nodes))


def command(home: Home, *words: str) -> Sequence[str]:
    """The command `tocsin` for one member, as this Python runs it."""
    return (sys.executable, "-m", "tocsin", "--home", str(home.path), *words)
