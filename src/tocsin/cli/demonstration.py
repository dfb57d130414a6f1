"""tocsin demo: a whole federation on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "demo", "demo", "demo --once --json --members 10")(demo)


def demo(
    hands: Hands,
    once: Annotated[
        bool, typer.Option("--once", help="End after the last check instead of running until Ctrl-C.")
    ] = False,
    members: Annotated[int, typer.Option(min=3, max=20, help="How many members, each a process of its own.")] = 3,
    objects: Annotated[Path | None, typer.Option(help="Share this STIX file instead of the sample data.")] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the console's address and open no browser.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the nodes' folders here; it must not exist.")
    ] = None,
) -> int:
    """A whole federation on this machine: real processes, real TLS, real data, a cut cable, and proofs.

    Exit code 0 only if everything was delivered, receipted and verified, and an outsider holds nothing.
    """
    from tocsin.cli.demo.play import Plan, play

    plan = Plan(once=once, members=members, objects=objects, browser=not no_browser)
    return play(hands.screen, plan, keep=keep)
