"""tocsin person: what is about persons, from the second signature to the objection."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="What is about persons: second signature, objections, reviews.")
    command(group, "pending", "person pending")(pending)
    command(group, "approve", "person approve 5f6b… --token-file ~/.releaser", "person approve 5f6b… < token")(approve)
    app.add_typer(group, name="person")


def pending(hands: Hands) -> None:
    """Shares about persons that wait for a second person, or were approved within the last seven days."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/persons/releases"))
    if hands.screen.json:
        hands.screen.emit("releases", {"releases": found})
        return
    rows = (
        (
            one["digest"],
            one["channel"],
            one["persons"],
            moment(one["until"]),
            " ".join(one["approved"]) or "-",
            " ".join(one["missing"]) or "-",
        )
        for one in found
    )
    hands.screen.table(("digest", "channel", "persons", "until", "approved by", "waits for"), rows)


def approve(
    hands: Hands,
    digest: Annotated[
        str, typer.Argument(help="As `tocsin share` told it; `tocsin share --dry-run` of the file tells it too.")
    ],
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the releaser's token. Default: standard input.")
    ] = None,
) -> None:
    """Approve a share about persons as its second signatory; then the first shares the same file again.

    Look at the file first: `tocsin share FILE --to CHANNEL --dry-run` must tell this digest.
    """
    from tocsin.cli.control import ask
    from tocsin.errors import ConfigError

    try:
        token = token_file.read_text("ascii") if token_file is not None else sys.stdin.read(256)
    except (OSError, UnicodeError) as error:
        raise ConfigError("config.value", "the file with the token cannot be read") from error
    wanted = {"digest": digest, "token": token.strip()}
    made = ask(hands.home, lambda control: control.post("/persons/approvals", wanted))
    waits = " ".join(made["missing"])
    line = f"approved by {' '.join(made['approved'])}; " + (f"waits for {waits}" if waits else "it may be shared now")
    hands.screen.result(
        "approval", made, [f"{made['digest']}  {made['persons']} about persons in {made['channel']}", line]
    )
