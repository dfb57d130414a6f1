"""tocsin charter: founding a federation by hand, with files that may travel by any way."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="The signed list of members and rules.")
    command(group, "found", 'charter found "Harbour Watch" eg.note fr.note br.note --out charter.note')(found)
    command(
        group,
        "sign",
        "charter sign charter.note",
        "charter sign charter.note --merge from-fr.note --merge from-br.note",
    )(sign)
    command(group, "adopt", "charter adopt charter.note")(adopt)
    command(group, "show", "charter show", "charter show charter.note --json")(show)
    app.add_typer(group, name="charter")


def found(
    hands: Hands,
    name: Annotated[str, typer.Argument(help="The federation's name.")],
    descriptors: Annotated[list[Path], typer.Argument(help="The descriptor.note of every founder, ours too.")],
    ceiling: Annotated[str, typer.Option(help="Strictest TLP the plenary may carry: clear, green or amber.")] = "green",
    out: Annotated[Path, typer.Option(help="Where the charter goes; no file is overwritten.")] = Path("charter.note"),
) -> None:
    """Write version 1 of a charter from the founders' descriptors, with our signature on it.

    It is valid only once every founder has signed it (`tocsin charter sign`).
    """
    from tocsin.node import ceremony

    made = ceremony.found(hands.home, name, descriptors, ceiling, out)
    _tell(hands, {**made, "file": str(out)})
    hands.screen.say(f"Every other founder now signs it: `tocsin charter sign {out}`")


def sign(
    hands: Hands,
    file: Annotated[Path, typer.Argument(help="The charter; it is signed in place.")],
    merge: Annotated[list[Path] | None, typer.Option(help="Another copy whose signatures are added; repeat.")] = None,
) -> None:
    """Add this member's signature to a charter, and the signatures on other copies of it.

    Before you sign, compare the fingerprints (`tocsin charter show FILE`) with what each member tells you by telephone.
    """
    from tocsin.node import ceremony

    made = ceremony.sign(hands.home, file, merge or [])
    _tell(hands, {**made, "file": str(file)})


def adopt(
    hands: Hands, file: Annotated[Path, typer.Argument(help="The charter with every founder's signature.")]
) -> None:
    """Make a fully signed charter the one this node lives by. Refused while a signature is missing."""
    import asyncio

    from tocsin.node import ceremony

    _tell(hands, asyncio.run(ceremony.adopt(hands.home, file)))
    hands.screen.say("Start the node: `tocsin run`")


def show(
    hands: Hands, file: Annotated[Path | None, typer.Argument(help="A charter file; default: the node's own.")] = None
) -> None:
    """Show a charter: its members, their fingerprints, who has signed and who has not."""
    import asyncio

    from tocsin.node import ceremony

    _tell(hands, asyncio.run(ceremony.in_force(hands.home)) if file is None else ceremony.in_file(file))


def _tell(hands: Hands, shown: dict[str, Any]) -> None:
    screen = hands.screen
    if screen.json:
        screen.emit("charter", shown)
        return
    members = shown["members"]
    missing = [one["handle"] for one in members if not one["signed"]]
    screen.print(f"{shown['name']}, version {shown['version']}, of {shown['created']}")
    screen.print(f"digest   {shown['digest']}")
    screen.print(f"plenary  up to {shown['plenary_ceiling']}")
    screen.print(f"signed   {'by every founder' if not missing else 'not yet by ' + ' '.join(missing)}")
    rows = ((one["handle"], one["name"], one["fingerprint"], one["endpoint"]) for one in members)
    screen.table(("member", "name", "fingerprint", "endpoint"), rows)
