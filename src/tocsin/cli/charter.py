"""tocsin charter: founding a federation by hand, with files that may travel by any way."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.files import read_file, write_file
from tocsin.cli.screen import moment


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="The signed list of members and rules.")
    command(group, "found")(found)
    command(group, "sign")(sign)
    command(group, "adopt")(adopt)
    command(group, "show")(show)
    app.add_typer(group, name="charter")


def found(
    hands: Hands,
    name: Annotated[str, typer.Argument(help="The federation's name.")],
    descriptors: Annotated[list[Path], typer.Argument(help="The descriptor.note of every founder.")],
    ceiling: Annotated[
        str, typer.Option(help="Strictest TLP level the plenary may carry: clear, green or amber.")
    ] = "green",
    out: Annotated[Path, typer.Option(help="Where the unsigned charter goes.")] = Path("charter.note"),
) -> None:
    """Write version 1 of a charter from the founders' descriptors. Every founder signs it before it is valid.

    Examples: `tocsin charter found "Harbour Watch" eg.note fr.note br.note --out charter.note`
    """
    from tocsin.node import ceremony

    if out.exists():
        write_file(out, b"", replace=False)
    ceremony.found(name, [_there(one) for one in descriptors], ceiling, out)
    shown = ceremony.show(out)
    _tell(hands, {**shown, "file": str(out)})
    hands.screen.say(f"Every founder now signs it: `tocsin charter sign {out}`.")


def sign(
    hands: Hands,
    file: Annotated[Path, typer.Argument(help="The charter; it is signed in place.")],
    merge: Annotated[list[Path] | None, typer.Option(help="Another copy whose signatures are added; repeat.")] = None,
) -> None:
    """Add this member's signature to a charter, and the signatures of other copies.

    Compare the members' fingerprints (`tocsin charter show FILE`) with what they told you before you sign.

    Examples: `tocsin charter sign charter.note`, `tocsin charter sign charter.note --merge from-fr.note --merge from-br.note`
    """
    from tocsin.node import ceremony

    home = hands.home
    if merge:
        together = ceremony.combine([_there(one) for one in (file, *merge)])
        write_file(file, together, replace=True)
    ceremony.sign(home, _there(file))
    _tell(hands, {**ceremony.show(file), "file": str(file)})


def adopt(
    hands: Hands, file: Annotated[Path, typer.Argument(help="The charter with every founder's signature.")]
) -> None:
    """Make a fully signed charter the one this node lives by. Refused while a signature is missing.

    Examples: `tocsin charter adopt charter.note`
    """
    from tocsin.node import ceremony

    summary = ceremony.adopt(hands.home, _there(file))
    _tell(hands, summary)
    hands.screen.say("Start the node: `tocsin run`.")


def show(
    hands: Hands, file: Annotated[Path | None, typer.Argument(help="A charter file; default: the node's own.")] = None
) -> None:
    """Show a charter: its members, their fingerprints, who has signed and who has not.

    Examples: `tocsin charter show`, `tocsin charter show charter.note --json`
    """
    from tocsin.node import ceremony

    _tell(hands, ceremony.show(hands.home if file is None else _there(file)))


def _there(file: Path) -> Path:
    read_file(file, at_most=1)
    return file


def _tell(hands: Hands, shown: dict[str, Any]) -> None:
    screen = hands.screen
    if screen.json:
        screen.emit("charter", shown)
        return
    screen.print(f"{shown.get('name')}, version {shown.get('version')}, created {moment(shown.get('created'))}")
    screen.print(f"digest   {shown.get('digest')}")
    screen.print(f"plenary  up to {shown.get('ceiling', shown.get('plenary_ceiling'))}")
    signers = set(shown.get("signers", ()))
    members = shown.get("members", ())
    rows = [
        (one["handle"], one["name"], one["fingerprint"], "yes" if one["handle"] in signers else "NOT YET")
        for one in members
        if isinstance(one, dict)
    ]
    screen.table(("member", "name", "fingerprint", "signed"), rows)
