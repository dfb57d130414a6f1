"""tocsin charter: founding a federation by hand, and signing, adopting and reading its charter."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli import proposing
from tocsin.cli.commands import Hands, command
from tocsin.cli.proposing import WhichArgument
from tocsin.errors import ConfigError


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="The signed list of members and rules.")
    command(group, "found", 'charter found "Harbour Watch" eg.note fr.note br.note --out charter.note')(found)
    proposing.add_to(group)
    command(
        group,
        "sign",
        "charter sign charter.note",
        "charter sign charter.note --merge from-fr.note --merge from-br.note",
        "charter sign 3fa81c",
    )(sign)
    command(group, "adopt", "charter adopt charter.note", "charter adopt history/charter-*.note")(adopt)
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
    which: WhichArgument = None,
    merge: Annotated[list[Path] | None, typer.Option(help="Another copy whose signatures are added; repeat.")] = None,
) -> None:
    """Add this member's signature to a charter: to a file, in place, or to a proposal that the running node knows.

    Before you sign, compare the fingerprints (`charter show FILE`, `charter diff`) with what each member tells you by
    telephone. Signing a later version than 1 is this member's vote, once in a round; whom it admits signs the file.
    """
    import asyncio

    from tocsin.node import ceremony

    file = Path(which) if which is not None and Path(which).is_file() else None
    if file is not None:
        version = ceremony.in_file(file)["version"]
        if version == 1 or not asyncio.run(ceremony.has_charter(hands.home)):
            _tell(hands, {**ceremony.sign(hands.home, file, merge or []), "file": str(file)})
            return
    elif which is not None and not _is_digest(which):
        raise ConfigError("config.file", f"{which} is neither a file nor the beginning of a digest")
    proposing.sign(hands, which, file, merge or [])


def _is_digest(which: str) -> bool:
    return 0 < len(which) <= 64 and all(one in "0123456789abcdef" for one in which)


def adopt(
    hands: Hands,
    files: Annotated[list[Path], typer.Argument(help="The charter, or its versions from the first on, in order.")],
) -> None:
    """Make a fully signed charter the one this node lives by: version 1, or every version in order.

    Refused while a signature is missing. Whoever is admitted later adopts all versions in one go.
    """
    import asyncio

    from tocsin.cli.control import ask
    from tocsin.node import ceremony

    try:
        shown = asyncio.run(ceremony.adopt(hands.home, *files))
    except ConfigError as error:
        if error.code != "config.running":
            raise
        notes = [ceremony.read_note(one).decode("utf-8", "replace") for one in files]
        ask(hands.home, lambda control: control.post("/charter/versions", {"statements": notes}))
        _tell(hands, asyncio.run(ceremony.in_force(hands.home)))
        return
    _tell(hands, shown)
    hands.screen.say("Start the node: `tocsin run`")


def show(
    hands: Hands, file: Annotated[Path | None, typer.Argument(help="A charter file; default: the node's own.")] = None
) -> None:
    """Show a charter: its members, their fingerprints, who has signed; without a file also what is proposed next."""
    import asyncio

    from tocsin.node import ceremony

    _tell(hands, asyncio.run(ceremony.in_force(hands.home)) if file is None else ceremony.in_file(file))


def _tell(hands: Hands, shown: dict[str, Any]) -> None:
    screen = hands.screen
    if screen.json:
        screen.emit("charter", shown)
        return
    members = shown["members"]
    screen.print(f"{shown['name']}, version {shown['version']}, of {shown['created']}")
    screen.print(f"digest   {shown['digest']}")
    screen.print(f"plenary  up to {shown['plenary_ceiling']}")
    screen.print(f"votes    {shown['threshold']} of the members put the next version into force")
    screen.print(f"signed   {_signed(shown)}")
    rows = (
        (one["handle"], one["name"], one["fingerprint"], one["endpoint"] or "dials out", _state(shown, one))
        for one in members
    )
    screen.table(("member", "name", "fingerprint", "endpoint", ""), rows)
    for one in shown.get("proposals", ()):
        screen.print("")
        proposing.print_standing(screen, one)


def _signed(shown: dict[str, Any]) -> str:
    signed = [one["handle"] for one in shown["members"] if one["signed"]]
    missing = [one["handle"] for one in shown["members"] if not one["signed"]]
    if shown["version"] > 1:
        return f"by {' '.join(signed) or 'nobody'}"
    return "by every founder" if not missing else "not yet by " + " ".join(missing)


def _state(shown: dict[str, Any], member: dict[str, Any]) -> str:
    return "suspended" if member["handle"] in shown["suspended"] else ""
