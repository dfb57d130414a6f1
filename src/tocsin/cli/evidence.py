"""tocsin evidence: proof that a member contradicted itself."""

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.files import read_file


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Two signed statements that contradict each other.")
    command(
        group,
        "verify",
        "evidence verify fork.json --charter charter.note",
        "evidence verify fork.json --charter charter.note --json",
    )(verify)
    app.add_typer(group, name="evidence")


def verify(
    hands: Hands,
    file: Annotated[Path, typer.Argument(help="The evidence.")],
    charter: Annotated[
        Path | None, typer.Option(help="The charter that names the key of the accused; a file.", show_default=False)
    ] = None,
) -> None:
    """Check evidence, without a node. Exit code 5 if it proves nothing.

    Without --charter it is proven of the holder of a key; whose key that is, only the charter tells.
    """
    from base64 import b64encode

    from tocsin.errors import VerificationError
    from tocsin.exchange.members import charter as charters
    from tocsin.formats import evidence, statement

    found = evidence.parse(read_file(file, evidence.MAX_BYTES))
    expected = None
    if charter is not None:
        member = charters.read(read_file(charter, statement.MAX_BYTES)).members.get(found.accused)
        if member is None:
            raise VerificationError("evidence.unproven", f"the charter has no member {found.accused!r}")
        expected = member.keys[found.role]
    proves = evidence.verify(found, expected)
    key = b64encode(found.key.raw).decode("ascii")
    told = {
        "id": found.id.hex(),
        "kind": str(found.kind),
        "accused": found.accused,
        "name": found.name,
        "key": key,
        "role": str(found.role),
        "key_in_charter": expected is not None,
        "proves": proves,
    }
    hands.screen.result("evidence", told, [proves, f"evidence {told['id']}", f"{found.role} key {key}"])
    if expected is None:
        hands.screen.say(f"Nobody has said that this key is {found.accused}'s: repeat with --charter FILE.")
