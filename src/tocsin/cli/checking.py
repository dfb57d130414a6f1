"""tocsin fsck, doctor and version: is everything as it should be?"""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import Screen, amount
from tocsin.errors import ConfigError, TocsinError

_INTEGRITY: Final = 5
_PATIENCE_S: Final = 20.0
_MARKS: Final = ("ok", "warn", "fail")
_LIBRARIES: Final = (
    "aiohttp",
    "apsw",
    "cryptography",
    "msgspec",
    "orjson",
    "pynacl",
    "starlette",
    "uvicorn",
    "zstandard",
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "fsck", "fsck", "--home /var/lib/tocsin fsck --json")(fsck)
    command(
        app,
        "doctor",
        "doctor",
        "doctor --json | jq '.checks[] | select(.state != \"ok\")'",
        "doctor --report report.json",
    )(doctor)
    command(app, "version", "version", "version --json")(version)


def fsck(hands: Hands) -> int:
    """Verify every entry, tree, checkpoint and receipt this node holds. Works beside a running node. 5 on a problem."""
    import asyncio

    from tocsin.node import fsck as checker
    from tocsin.node import upgrade

    home, screen = hands.home, hands.screen
    with progress(screen, "upgrading the store") as moved:
        upgraded = upgrade.if_old(home, moved)
    if upgraded:
        screen.say(f"store.upgraded: {upgraded}")
    with progress(screen, "verifying") as moved:
        found = asyncio.run(checker.check(home, moved))
    if screen.json:
        screen.emit("fsck", found)
    else:
        _show_fsck(screen, found)
    return 0 if found["ok"] else _INTEGRITY


def _show_fsck(screen: Screen, found: dict[str, Any]) -> None:
    for problem in found["problems"]:
        screen.print(f"PROBLEM  {problem['code']}  {problem['where']}  {problem['what']}")
    logs = found["logs"]
    objects = sum(one["size"] for one in logs)
    verdict = "all proven" if found["ok"] else amount(len(found["problems"]), "problem")
    screen.print(f"{amount(len(logs), 'log')}, {amount(objects, 'object')}: {verdict}")


def doctor(
    hands: Hands,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a report that may be passed on: no path, name or address."),
    ] = None,
) -> int:
    """Named checks of the machine, the folder, the keys, the clock and the links; each failure says what to do."""
    from tocsin.node import doctor as examiner

    found = examiner.examine(hands.home, _node(hands))
    if report is not None:
        _report(hands, report, found)
    states = [one["state"] for one in found]
    counts = {mark: states.count(mark) for mark in _MARKS}
    screen = hands.screen
    if screen.json:
        screen.emit("doctor", {"ok": not counts["fail"], **counts_named(counts), "checks": found})
    else:
        screen.table(
            ("state", "check", "code", "found", "do"),
            ((one["state"], one["name"], one["code"], one["what"], one["do"]) for one in found),
        )
    return 1 if counts["fail"] else 0


def _report(hands: Hands, path: Path, found: list[dict[str, Any]]) -> None:
    """What a stranger may read: states and codes of checks, versions, how often each code was noted; nobody's names."""
    import msgspec

    from tocsin import __version__
    from tocsin.cli.files import write_file

    told = {
        "schema": "tocsin.doctor-report/1",
        "software": f"tocsin/{__version__}",
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "checks": [{"name": one["name"], "state": one["state"], "code": one["code"]} for one in found],
        "noted": _noted(hands),
    }
    write_file(path, msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    hands.screen.say(f"the report is in {path}")


def _noted(hands: Hands) -> dict[str, int]:
    """How often the running node noted each code; nothing of a node that does not run."""
    from tocsin.cli.control import ask

    try:
        found: dict[str, int] = ask(hands.home, lambda control: control.get("/diagnostics"))
    except TocsinError:
        return {}
    return found


def _node(hands: Hands) -> Any:
    """The running node's status, or the error why there is none."""
    import asyncio

    from tocsin.cli.control import Control, ask

    async def status(control: Control) -> Any:
        async with asyncio.timeout(_PATIENCE_S):
            return await control.get("/status")

    try:
        return ask(hands.home, status)
    except TimeoutError:
        return ConfigError("doctor.silent", f"the node has not answered within {_PATIENCE_S:g} s")
    except TocsinError as error:
        return error


def counts_named(counts: dict[str, int]) -> dict[str, int]:
    """How many checks ended how, under names that are not taken by `ok`."""
    return {"passed": counts["ok"], "warned": counts["warn"], "failed": counts["fail"]}


def version(hands: Hands) -> None:
    """The versions of Tocsin and of what it stands on."""
    from importlib.metadata import version as installed

    from tocsin import __version__

    libraries = {name: installed(name) for name in _LIBRARIES}
    found = {
        "tocsin": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "libraries": libraries,
    }
    lines = [f"tocsin {__version__}", f"python {found['python']} on {found['system']}"]
    hands.screen.result("version", found, [*lines, *(f"{name} {number}" for name, number in libraries.items())])


@contextmanager
def progress(screen: Screen, label: str) -> Iterator[Any]:
    """A progress bar on stderr while it lasts; yields a function of (done, total)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=screen.err, transient=True, disable=screen.quiet or not screen.err.is_terminal
    ) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)
