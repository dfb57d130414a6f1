"""tocsin run and tocsin status."""

import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.channels import state_of
from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount, moment

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "run", "run", "--home /var/lib/tocsin run --json")(run)
    command(app, "status", "status", "status --json | jq .behind")(status)


def run(
    hands: Hands,
    stop_with_stdin: Annotated[bool, typer.Option("--stop-with-stdin", hidden=True)] = False,
    demonstration: Annotated[bool, typer.Option("--demonstration", hidden=True)] = False,
) -> None:
    """Run the node until Ctrl-C or SIGTERM. It listens for members and for people, and answers the other commands.

    One line on stdout says that it is ready; diagnostics go to stderr. It refuses to run without an adopted charter.
    """
    home = hands.home
    wanted = {"stop_with_stdin": stop_with_stdin, "demonstration": demonstration}
    _loop(_run(home, lambda ready: _ready(hands, ready), **wanted))


def _loop(work: Coroutine[Any, Any, None]) -> None:
    if sys.platform == "win32":
        import asyncio

        asyncio.run(work)
    else:
        import uvloop

        uvloop.run(work)


async def _run(
    home: Any, on_ready: Callable[[dict[str, Any]], None], *, stop_with_stdin: bool, demonstration: bool
) -> None:
    import asyncio
    import signal

    from tocsin.node import run as node

    loop = asyncio.get_running_loop()
    running = asyncio.ensure_future(node.run(home, on_ready, demonstration=demonstration))
    signals = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        for number in signals:  # whoever asks twice does not want to wait: a store is safe from a kill
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        running.cancel()

    for number in signals:
        loop.add_signal_handler(number, end)
    if stop_with_stdin:
        _at_end_of_stdin(loop, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return


def _at_end_of_stdin(loop: "AbstractEventLoop", stop: Callable[[], object]) -> None:
    """Whoever started us holds the other end of stdin: when they are gone, so are we."""

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop()

    loop.add_reader(0, readable)


def _ready(hands: Hands, ready: dict[str, Any]) -> None:
    told = {name: value for name, value in ready.items() if name != "schema"}
    where = f"members reach it on port {told.get('peer_port')}, people at {told.get('people_url')}"
    hands.screen.result("ready", told, [f"{told.get('handle')} is running: {where}"])


def status(hands: Hands) -> None:
    """How the node stands: charter, links, channels, what was shared and received, and what is behind."""
    from tocsin.cli.control import ask
    from tocsin.node import faults

    found = ask(hands.home, lambda control: control.get("/status"))
    found["faults"] = [one for one in faults.of_status(found) if one["state"] != "ok"]
    hands.screen.result("status", found, [])
    if not hands.screen.json:
        _show(hands, found)


def _show(hands: Hands, found: dict[str, Any]) -> None:
    screen = hands.screen
    for line in _summary(found):
        screen.print(line)
    screen.print("")
    links = (
        (one["peer"], _state(one), moment(one["since"]), one["in_flight"], _skew(one), one["last_error"] or "-")
        for one in found["links"]
    )
    screen.table(("link", "state", "since", "in flight", "clock skew", "last error"), links)
    screen.print("")
    channels = (
        (
            one["name"],
            one["kind"],
            state_of(one),
            len(one["roster"]),
            one["objects"],
        )
        for one in found["channels"]
    )
    screen.table(("channel", "kind", "state", "members", "objects"), channels)
    for line in _waiting(found):
        screen.print(line)
    if found["faults"]:
        screen.print("")
        faults = ((one["state"], one["code"], one["what"], one["do"]) for one in found["faults"])
        screen.table(("fault", "code", "found", "do"), faults)


def _summary(found: dict[str, Any]) -> Iterator[str]:
    charter, totals = found["charter"], found["totals"]
    yield f"{found['handle']}  up {_duration(found['uptime_s'])}  {found['software']}"
    yield f"charter  {charter['name']}, version {charter['version']}, {amount(charter['members'], 'member')}"
    yield f"objects  {totals['shared']:,} shared, {totals['received']:,} received, {totals['held_back']:,} held back"
    duties = found.get("duties") or {}
    if duties.get("open"):
        yield f"duties   {duties['open']:,} to warn open, the oldest for {_duration(duties['oldest_s'])}"
    yield f"journal  position {found['position']:,}"
    yield f"people   {found['people_url']}"


def _waiting(found: dict[str, Any]) -> Iterator[str]:
    """What comes by another way than it should; what needs a person is among the faults."""
    for one in found["relayed"]:
        yield f"relayed  {one['channel']}: the log of {one['origin']} comes by {one['by']}"


def _state(link: dict[str, Any]) -> str:
    return f"{link['state']}, over its quota" if link.get("over_quota") else str(link["state"])


def _skew(link: dict[str, Any]) -> str:
    skew = link.get("skew_s")
    return "-" if skew is None else f"{skew:+.3f} s"


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days} d {hour:02}:{minute:02}:{second:02}" if days else f"{hour:02}:{minute:02}:{second:02}"
