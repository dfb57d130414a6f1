"""tocsin log: one member's log in one channel, as a file for auditors."""

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.checking import progress
from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Logs, for auditors.")
    command(
        group,
        "export",
        "log export plenary --out ours.log",
        "log export plenary --generation 1 --out before.log",
        "log export br-eg --origin br-cert --out br.log --json",
    )(export)
    app.add_typer(group, name="log")


def export(
    hands: Hands,
    channel: Annotated[str, typer.Argument(help="The channel, by name or id.")],
    out: Annotated[Path, typer.Option(help="A new file; none is overwritten.")],
    origin: Annotated[str, typer.Option(help="Whose log; default: this member's.", show_default=False)] = "",
    generation: Annotated[
        int | None,
        typer.Option(min=1, help="Of which generation of the channel; default: the newest.", show_default=False),
    ] = None,
    urgent: Annotated[bool, typer.Option("--urgent", help="The log of its urgent lane.")] = False,
    reason: Annotated[
        str, typer.Option(help="Why; stands in the audit trail if anything is above GREEN.", show_default=False)
    ] = "",
) -> None:
    """Write one log to a file that can be verified without Tocsin. Works beside a running node.

    It holds all content of the log in the clear: treat it as strictly as the strictest object in it.
    """
    import asyncio

    from tocsin.node import export as making

    home = hands.home
    with progress(hands.screen, "exporting") as moved:
        wanted = making.Wanted(channel, origin, generation or 0, urgent, reason)
        made = asyncio.run(making.write(home, wanted, out, moved))
    erased = f" ({made['erased']:,} erased)" if made["erased"] else ""
    line = (
        f"{made['file']}: {amount(made['entries'], 'entry', 'entries')}{erased}, "
        f"{amount(made['checkpoints'], 'checkpoint')}, {amount(made['receipts'], 'receipt')}"
    )
    hands.screen.result("log", made, [line])
    hands.screen.say(f"Verify it: `python docs/formats/verify.py {out}`")
