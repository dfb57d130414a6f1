"""tocsin evidence: proof that a member contradicted itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.files import read_file, write_file
from tocsin.cli.screen import moment

if TYPE_CHECKING:
    from tocsin.formats.evidence import Evidence


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Two signed statements that contradict each other.")
    command(group, "list", "evidence list", "evidence list --json")(list_)
    command(group, "show", "evidence show 3fa81c", "evidence show 3fa81c --out fork.json")(show)
    command(
        group,
        "verify",
        "evidence verify fork.json --charter charter.note",
        "evidence verify fork.json --charter history --json",
    )(verify)
    app.add_typer(group, name="evidence")


def list_(hands: Hands) -> None:
    """The evidence this node holds, its own finds and what other members have passed on; every piece was verified."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/evidence"))
    if hands.screen.json:
        hands.screen.emit("evidence-list", {"evidence": found})
        return
    if not found:
        hands.screen.print("no member has contradicted itself, as far as this node knows")
        return
    rows = (
        (one["id"][:12], moment(one["added"]), one["accused"], one["kind"], one["channel"] or "-", one["proves"])
        for one in found
    )
    hands.screen.table(("id", "since", "accused", "kind", "channel", "proves"), rows)


def show(
    hands: Hands,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The beginning of its id.")],
    out: Annotated[Path | None, typer.Option(help="Write it to this new file, to be shown to anybody.")] = None,
) -> None:
    """One piece of evidence: what it proves, and the two signed statements that contradict each other."""
    from tocsin.cli.control import ask, segment
    from tocsin.formats import evidence

    found = ask(hands.home, lambda control: control.get(f"/evidence/{segment(id_)}"))
    data = found.pop("file").encode()
    parsed = evidence.parse(data)
    if out is not None:
        write_file(out, data)
    notes = [one.decode("utf-8", "replace") for one in parsed.notes]
    told = {**found, "proves": evidence.verify(parsed), "name": parsed.name, "role": str(parsed.role), "notes": notes}
    lines = [told["proves"], f"evidence {told['id']}", f"kind     {told['kind']}, held since {moment(told['added'])}"]
    for one in notes:
        lines += ["", *(f"  {line}" for line in one.splitlines())]
    hands.screen.result("evidence", {**told, "file": str(out) if out else None}, lines)
    if out is not None:
        hands.screen.say(
            f"Anybody can check it: `tocsin evidence verify {out} --charter FOLDER`, with what `charter history --out` wrote"
        )


def verify(
    hands: Hands,
    file: Annotated[Path, typer.Argument(help="The evidence.")],
    charter: Annotated[
        list[Path] | None,
        typer.Option(
            help="The charter, which names the key of the accused: version 1, a folder with all versions, or repeat for "
            "each version.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check evidence, without a node. Exit code 5 if it proves nothing.

    Without --charter it is proven of the holder of a key; whose key that is, only the charter tells. Each version of it
    must be in force by the one before; `tocsin charter history --out FOLDER` writes them all.
    """
    from base64 import b64encode

    from tocsin.formats import evidence

    found = evidence.parse(read_file(file, evidence.MAX_BYTES))
    proves = evidence.verify(found)
    named, in_force = _named(found, charter) if charter else ([], False)
    key = b64encode(found.key.raw).decode("ascii")
    told = {
        "id": found.id.hex(),
        "kind": str(found.kind),
        "accused": found.accused,
        "name": found.name,
        "key": key,
        "role": str(found.role),
        "key_in_charter": bool(named),
        "key_versions": named,
        "key_in_force": in_force,
        "proves": proves,
    }
    lines = [proves, f"evidence {told['id']}", f"{found.role} key {key}"]
    if named:
        lines += [f"in version {' '.join(map(str, named))} of the charter"]
    hands.screen.result("evidence", told, lines)
    if named and not in_force:
        hands.screen.say("The key has been replaced since: whoever held it after that may have signed.")
    if not named:
        hands.screen.say(f"Nobody has said that this key is {found.accused}'s: repeat with --charter FILE.")


def _named(found: "Evidence", paths: list[Path]) -> tuple[list[int], bool]:
    """The versions of the charter that give the accused this key, and whether the newest that lists it does."""
    from tocsin.errors import VerificationError
    from tocsin.exchange.members import charter as charters
    from tocsin.formats.evidence import Kind
    from tocsin.node import ceremony

    history = ceremony.proven(paths)
    listed = [one for one in history if found.accused in one.members]
    named = [one.version for one in listed if one.members[found.accused].keys[found.role] == found.key]
    if not listed:
        raise VerificationError("evidence.unproven", f"the charter has no member {found.accused!r}")
    if not named:
        raise VerificationError("evidence.unproven", "the evidence proves nothing: the key is not that of the accused")
    if found.kind is Kind.VOTE and not charters.had_vote(history, found):
        raise VerificationError("evidence.unproven", "the accused had no vote there: whoever joins may sign twice")
    return named, named[-1] == listed[-1].version
