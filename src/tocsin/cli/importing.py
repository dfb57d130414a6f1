"""tocsin desk import: files, folders and addresses, one after another; what cannot be read stops nothing."""

from collections.abc import Iterator
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tocsin.cli.commands import INTERRUPTED, Hands
from tocsin.cli.screen import Screen, explain
from tocsin.errors import ConfigError, TocsinError

if TYPE_CHECKING:
    from tocsin.cli.control import Control

_MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_FILES: Final = 100_000
_OF_THE_NODE: Final = frozenset({"config.not-running", "config.node-stopped", "access.socket"})


def import_(
    hands: Hands,
    what: Annotated[
        list[str],
        typer.Argument(metavar="FILE|URL...", help="Files, folders, - for stdin, or addresses to be fetched once."),
    ],
    url: Annotated[str, typer.Option(help="Where a file was captured from.")] = "",
    outlet: Annotated[str, typer.Option(help="Who published it, where it does not say.")] = "",
) -> int:
    """Read pages, feeds, mails, PDF, text, STIX or MISP events that you have, as if they had come from a source.

    Each file is kept before the next is read: interrupted, the same command goes on, and nothing comes twice. What cannot be
    read is told at the end, and makes the exit code that of the last one.
    """
    from tocsin.cli.checking import progress
    from tocsin.cli.control import Control

    screen, done, refused = hands.screen, list[dict[str, Any]](), list[TocsinError]()
    names = list(_each(what))

    async def talk(moved: Any) -> None:
        control = Control(hands.home)
        for number, one in enumerate(names, 1):
            moved(number - 1, len(names))
            try:
                told = await _imported(control, one, url, outlet)
            except TocsinError as error:
                if error.code in _OF_THE_NODE:
                    raise
                refused.append(error)
                told = {"what": one, "documents": 0, "new": 0, "error": explain(error)}
                screen.say(f"{number}/{len(names)}  {one}  not read: {error}")
            else:
                told = {"what": one, **told}
                screen.say(f"{number}/{len(names)}  {one}  {told['documents']} documents, {told['new']} new")
            done.append(told)
        moved(len(names), len(names))

    import asyncio

    with progress(screen, "reading") as moved:
        try:
            asyncio.run(talk(moved))
        except KeyboardInterrupt:
            screen.say("Interrupted. What was read is kept; the same command goes on where this one ended.")
            _tell(screen, done, len(names), refused)
            return INTERRUPTED
    _tell(screen, done, len(names), refused)
    for error in {one.code: one for one in refused}.values():
        screen.tell(explain(error))
    return refused[-1].exit_status if refused else 0


def _tell(screen: Screen, done: list[dict[str, Any]], of: int, refused: list[TocsinError]) -> None:
    new, read = sum(one["new"] for one in done), len(done) - len(refused)
    stories = len({story for one in done for story in one.get("stories", ())})
    told = {"captures": done, "new": new, "refused": len(refused), "of": of}
    screen.result("desk-import", told, [f"{read} of {of} read, {new} new documents in {stories} stories"])


def _each(what: list[str]) -> Iterator[str]:
    """Every file, those of a folder by name; hidden ones are passed over. Raises ConfigError("config.file")."""
    count = 0
    for one in what:
        path = Path(one)
        is_folder = "://" not in one and path.is_dir()
        found = (
            sorted(file for file in path.rglob("*") if file.is_file() and not _is_hidden(file, path))
            if is_folder
            else [one]
        )
        for file in found:
            count += 1
            if count > _MOST_FILES:
                raise ConfigError("config.file", f"more than {_MOST_FILES:,} files at a time")
            yield str(file)


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


async def _imported(control: "Control", what: str, url: str, outlet: str) -> dict[str, Any]:
    from tocsin.cli.files import read_file

    if what.startswith(("http://", "https://")):
        found: dict[str, Any] = await control.post("/desk/fetched", {"url": what})
        return found
    path = Path(what)
    media_type = guess_type(path.name)[0] or "application/octet-stream"
    query = {"url": url, "outlet": outlet, "media_type": media_type}
    import asyncio

    body = await asyncio.to_thread(read_file, path, _MOST_BYTES)
    async for told in control.rows("POST", "/desk/imported", query, body):
        return told
    raise ConfigError("config.node-stopped", "the node ended while it was answering")
