"""tocsin share: from a file to everybody in a channel, with a progress bar and in bounded memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, Final, Self

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.duties import untold
from tocsin.cli.files import open_file
from tocsin.cli.screen import Screen, amount, plain
from tocsin.errors import TocsinError

CHUNK: Final = 64 * 1024
_REFUSALS_KEPT: Final = 1000
_REFUSALS_SHOWN: Final = 20
_QUEUED: Final = 6
_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shared, and how."""

    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="STIX 2.1: a bundle, a list, or one object a line; - is stdin.")
    ]
    to: Annotated[
        str, typer.Option("--to", metavar="CHANNEL", help="The channel: exactly its members will be able to read it.")
    ]
    tlp: Annotated[str | None, typer.Option(help="Handle every object at least as strictly as this.")] = None
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, show who would read it, share nothing.")
    ] = False
    partial: Annotated[
        bool, typer.Option("--partial", help="Share what is accepted even if other objects are refused.")
    ] = False
    urgent: Annotated[
        bool, typer.Option("--urgent", help="By the lane of their own that urgent warnings have, past all that waits.")
    ] = False
    allow_listed: Annotated[
        list[str],
        typer.Option(
            metavar="LIST", help="This deny-list is wrong about these indicators; takes --reason. Repeatable."
        ),
    ] = field(default_factory=list)
    reason: Annotated[str, typer.Option(help="Why a deny-list is wrong; noted here, told to nobody.")] = ""
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not look whether somebody is unreachable.")] = False
    expect_recipients: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Refuse unless exactly so many members, this one included, would read it."
        ),
    ] = None
    wait: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Wait so long for everybody's receipt.")
    ] = None


@dataclass(slots=True)
class Course:
    """How a share went."""

    done: dict[str, Any] = field(default_factory=dict)
    decided: dict[str, Any] = field(default_factory=dict)
    second: dict[str, Any] = field(default_factory=dict)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    end: int = 0
    late: list[str] = field(default_factory=list)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "share", "share campaign.json --to plenary", "share - --to ports --tlp amber --dry-run < bundle.json")(
        share
    )


def share(hands: Hands, wish: Wish) -> int:
    """Share threat information with the members of a channel. One refused object: nothing is shared (see --partial).

    Exit code 4: refused by the handling rules. 6: shared, and queued for a member that cannot be reached now.
    """
    import asyncio

    with open_file(wish.file) as file:
        return asyncio.run(_share(hands, wish, file))


async def _share(hands: Hands, wish: Wish, file: IO[bytes]) -> int:
    from tocsin.cli.control import Control

    course = Course()
    query = {
        "channel": wish.to,
        "tlp": wish.tlp,
        "dry_run": int(wish.dry_run) or None,
        "partial": int(wish.partial) or None,
        "urgent": int(wish.urgent) or None,
        "allow_listed": ",".join(wish.allow_listed) or None,
        "reason": wish.reason or None,
        "expect_recipients": wish.expect_recipients,
    }
    control = Control(hands.home)
    with _Bar(hands.screen, _size(wish.file)) as bar:
        async for event in control.rows("POST", "/share", query, _chunks(file, bar)):
            _note(course, event, bar, hands.screen)
    if course.done.get("shared") and not wish.no_wait and not wish.dry_run:
        course.late = await _late(control, wish, course)
    return _told(hands.screen, wish, course)


def _note(course: Course, event: dict[str, Any], bar: "_Bar", screen: Screen) -> None:
    match event["event"]:
        case "checking":
            bar.checked(event["objects"])
        case "refused":
            course.refused += 1
            if len(course.refusals) < _REFUSALS_KEPT:
                course.refusals.append({name: event[name] for name in ("ordinal", "id", "code", "what")})
            if course.refused <= _REFUSALS_SHOWN:
                screen.say(f"object {event['ordinal']}  {event['id'] or '-'}  {event['code']}: {event['what']}")
        case "decided":
            course.decided = event
            bar.decided(event["accepted"])
        case "second":
            course.second = event
            screen.say(f"{amount(event['persons'], 'object')} about persons, release {event['digest']}")
            if event["missing"]:
                screen.say(f"waits for {' '.join(event['missing'])}: `tocsin person approve {event['digest']}`")
        case "committed":
            course.end = max(course.end, event["end"])
            bar.committed(event["objects"])
        case "done":
            course.done = event


async def _chunks(file: IO[bytes], bar: "_Bar") -> AsyncIterator[bytes]:
    from asyncio import get_running_loop

    loop = get_running_loop()
    while chunk := await loop.run_in_executor(None, file.read, CHUNK):
        bar.read(len(chunk))
        yield chunk


async def _late(control: Any, wish: Wish, course: Course) -> list[str]:
    """Members of the audience that have not signed for all of it: at once those without a link, in the end any."""
    from tocsin.backends.system.clock import SystemClock

    clock = SystemClock()
    deadline = clock.monotonic() + (wish.wait or 0)
    while True:
        owing = await _owing(control, wish, course)
        if not owing:
            return []
        if wish.wait is None:
            links = {one["peer"]: one["state"] for one in (await control.get("/status"))["links"]}
            return [member for member in owing if links.get(member) != "up"]
        if clock.monotonic() >= deadline:
            return owing
        await clock.sleep(_POLL_S)


async def _owing(control: Any, wish: Wish, course: Course) -> list[str]:
    from tocsin.cli.control import segment

    me = (await control.get("/status"))["handle"]
    channel = await control.get(f"/channels/{segment(wish.to)}")
    logs = channel["urgent_logs" if wish.urgent else "logs"]
    signed: dict[str, int] = next((log["receipts"] for log in logs if log["origin"] == me), {})
    return sorted(one for one in course.done["audience"] if one != me and signed.get(one, 0) < course.end)


def _told(screen: Screen, wish: Wish, course: Course) -> int:
    done, decided = course.done, course.decided
    error = _error(course)
    status = int(done.get("exit_status", 1)) or (_QUEUED if course.late else 0)
    audience = done.get("audience") or decided.get("audience") or []
    summary = {
        "channel": wish.to,
        "dry_run": wish.dry_run,
        "accepted": decided.get("accepted", 0),
        "shared": done.get("shared", 0),
        "refused": done.get("refused", course.refused),
        "already_shared": done.get("already_shared", 0),
        "markings": decided.get("markings", {}),
        "audience": audience,
        "concerned": decided.get("concerned"),
        "batches": done.get("batches", []),
        "refusals": course.refusals,
        "second": {name: value for name, value in course.second.items() if name != "event"} or None,
        "queued_for": course.late,
        "code": done.get("code") or (error.code if error else None),
        "exit_status": status,
    }
    if screen.json:
        screen.emit("share", summary)
    else:
        _lines(screen, wish, summary)
    if error is not None:
        from tocsin.cli.screen import explain

        screen.tell(explain(error))
    return status


def _lines(screen: Screen, wish: Wish, summary: dict[str, Any]) -> None:
    objects = summary["accepted"] if wish.dry_run else summary["shared"]
    verb = "would be shared" if wish.dry_run else "shared"
    screen.print(
        f"{amount(objects, 'object')} {verb} in {wish.to}, {summary['refused']:,} refused,"
        f" {summary['already_shared']:,} shared there already"
    )
    if objects:
        screen.print(f"readable by {len(summary['audience'])}: {' '.join(summary['audience'])}")
        screen.print("marked  " + "  ".join(f"{level} {count:,}" for level, count in summary["markings"].items()))
    for line in untold(summary["concerned"], would=not summary["shared"]):
        screen.print(line)
    if summary["queued_for"]:
        screen.say(f"queued for {' '.join(summary['queued_for'])}: unreachable now, and sent when they are back")
    if summary["refused"] > _REFUSALS_SHOWN:
        screen.say(f"{summary['refused'] - _REFUSALS_SHOWN:,} more refusals: --json lists up to {_REFUSALS_KEPT:,}")


def _error(course: Course) -> TocsinError | None:
    """What is told as an error: a share that failed, not one of which some objects were refused and the rest shared."""
    done = course.done
    if not done:
        return TocsinError("config.node-stopped", "the node ended before the share was decided")
    if not done["exit_status"] or not done["code"]:
        return None
    what = done.get("what") or next((one["what"] for one in course.refusals if one["code"] == done["code"]), "")
    if course.refused > 1:
        what = f"{amount(course.refused, 'object')} refused, the first because {what}"
    error = TocsinError(done["code"], f"{what}; nothing was shared" if not done["shared"] else what)
    error.exit_status = done["exit_status"]
    return error


def _size(name: str) -> int | None:
    return None if name == "-" else Path(name).stat().st_size or None  # a pipe has no size


class _Bar:
    """Two lines on stderr: how much of the file is read and checked, and how much is committed."""

    def __init__(self, screen: Screen, size: int | None) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
        )
        hidden = screen.quiet or not screen.err.is_terminal
        self._progress = Progress(*columns, console=screen.err, transient=True, disable=hidden)
        self._reading = self._progress.add_task("checking", total=size, told="")
        self._committing = self._progress.add_task("sharing", total=None, told="", visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def read(self, count: int) -> None:
        """So many more bytes are on their way."""
        self._progress.update(self._reading, advance=count)

    def checked(self, objects: int) -> None:
        """So many objects are checked in all."""
        self._progress.update(self._reading, told=plain(amount(objects, "object")))

    def decided(self, accepted: int) -> None:
        """The checking is over."""
        self._progress.update(self._committing, total=accepted, visible=True)

    def committed(self, objects: int) -> None:
        """So many objects are durable and signed in all."""
        self._progress.update(self._committing, completed=objects, told=plain(amount(objects, "object")))
