"""tocsin backup and restore: a copy of a node, its proof, and the node made from it again."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tocsin.cli.checking import progress
from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount, moment

_INTEGRITY: Final = 5
_OPEN: Final = "No log of ours is behind what it has signed: all stay open for sharing."
_HEADLESS: Final = (
    "The heads folder is new: do not share in channels that were opened after the backup (docs/operating.md, Restore)."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "backup", "backup --to /mnt/backup", "--home /var/lib/tocsin backup --to monday.tar --no-keys")(backup)
    command(app, "restore", "restore monday.tar --check", "restore monday.tar --home /var/lib/tocsin")(restore)


def backup(
    hands: Hands,
    to: Annotated[Path | None, typer.Option(help="A new file, or a folder for it; default: here.")] = None,
    keys: Annotated[bool, typer.Option("--keys/--no-keys", help="With the private keys, or without.")] = True,
) -> None:
    """Write a copy of this node to one file, beside the running node: store, settings, descriptor, keys.

    It holds all content and, unless told otherwise, every private key: encrypt it. The heads folder is never in it.
    """
    from tocsin.node import backup as making

    home = hands.home
    with progress(hands.screen, "copying") as moved:
        made = making.write(home, to, keys=keys, progress=moved)
    lines = [f"{made['file']}: {_size(made)}, {amount(made['bytes'], 'byte')}, {made['seconds']:.1f} s"]
    hands.screen.result("backup", made, lines)
    hands.screen.say(f"Prove it where it is kept: `tocsin restore {Path(made['file']).name} --check`")


def restore(
    hands: Hands,
    file: Annotated[Path, typer.Argument(help="A file that `tocsin backup` has written.")],
    check: Annotated[
        bool, typer.Option("--check", help="Prove the backup and note that at the node; touch nothing else.")
    ] = False,
) -> int:
    """Make a node from a backup in an empty folder, or put its store back into the stopped node it was made from.

    Where this node has signed more than the backup holds, or nobody knows, the log stays closed for sharing.
    """
    import asyncio

    from tocsin.node import backup as making

    screen = hands.screen
    with progress(screen, "verifying") as moved:
        work = making.check(file, moved) if check else making.restore(file, hands.folder, moved)
        found = asyncio.run(work)
    if check and making.tested(hands.folder, found):
        screen.say(f"Noted at the node in {hands.folder}: the restore was tested.")
    screen.result("restore", {"checked_only": check, **found}, _checked(found) if check else _restored(found))
    if not check and not found["keys"] and not found["heads"]:
        screen.say("The backup holds no keys: put the keys folder into place before `tocsin run`.")
    return 0 if found["ok"] else _INTEGRITY


def _size(found: dict[str, Any]) -> str:
    return f"{amount(len(found['logs']), 'log')}, {amount(found['entries'], 'object')}"


def _checked(found: dict[str, Any]) -> list[str]:
    lines = [f"PROBLEM  {one['code']}  {one['where']}  {one['what']}" for one in found["problems"]]
    verdict = "all proven" if found["ok"] else amount(len(lines), "problem")
    made = f"{found['handle']}, {moment(found['made_at'])}: {_size(found)}"
    return [*lines, f"{made}: {verdict}, {found['seconds']:.1f} s"]


def _restored(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['home']}: {found['handle']} as of {moment(found['made_at'])}, {_size(found)}, all proven"]
    if found["kept"]:
        lines.append(f"The old store is kept as {found['kept']}")
    if not found["heads"]:
        lines.append(_HEADLESS)
    if not found["closed"]:
        return [*lines, _OPEN] if found["heads"] else lines
    for one in found["closed"]:
        signed = "unknown" if one["signed"] is None else f"{one['signed']:,}"
        lines.append(f"closed  log {one['slot'][:16]}  holds {one['size']:,}  signed {signed}")
    count = amount(len(found["closed"]), "log")
    return [
        *lines,
        f"Closed for sharing (tlog.behind): {count} of ours; receiving goes on. See docs/operating.md, Restore.",
    ]
