"""The command `tocsin`: puts the commands together and ends with the exit code that docs/cli.md promises."""

import sys
from typing import Annotated, Final

import typer

from tocsin.cli import (
    accounts,
    auditing,
    backup,
    blocking,
    briefing,
    channels,
    charter,
    checking,
    correcting,
    demonstration,
    desk,
    duties,
    erasing,
    evidence,
    fairness,
    founding,
    interests,
    keys,
    logs,
    people,
    persons,
    reading,
    recovering,
    running,
    sharing,
    warning,
)
from tocsin.cli.commands import INTERRUPTED, Everywhere, HomeOption, JsonOption, QuietOption
from tocsin.cli.screen import Screen

_EPILOG: Final = (
    "Exit codes: 0 ok, 1 failure, 2 usage, 4 refused by handling rules, 5 integrity failure, "
    "6 peer unreachable and queued, 7 not authorised, 130 interrupted."
)


def _version(asked: bool) -> None:
    if asked:
        from tocsin import __version__

        sys.stdout.write(f"tocsin {__version__}\n")
        raise typer.Exit


def _everywhere(
    context: typer.Context,
    home: HomeOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The alarm bell: sovereign members warn one another of threats, sealed, at once, with receipts.

    First look: `tocsin demo`. First node: `tocsin init --help`.
    """
    context.obj = Everywhere(home, json, quiet)
    if context.invoked_subcommand is None and not version:
        sys.stdout.write(context.get_help() + "\n")
        raise typer.Exit


def build() -> typer.Typer:
    """All commands, in the order a newcomer needs them."""
    app = typer.Typer(
        name="tocsin",
        rich_markup_mode=None,
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        epilog=_EPILOG,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_everywhere)
    for part in (
        demonstration,
        founding,
        charter,
        keys,
        running,
        channels,
        sharing,
        warning,
        reading,
        briefing,
        duties,
        interests,
        desk,
        erasing,
        correcting,
        blocking,
        checking,
        backup,
        recovering,
        logs,
        evidence,
        fairness,
        accounts,
        people,
        persons,
        auditing,
    ):
        part.add_to(app)
    return app


def main() -> None:
    """Run one command and exit."""
    try:
        status = build()(standalone_mode=False)
    except typer.TyperException as error:
        status = _misused(error)
    except typer.Abort:
        status = INTERRUPTED
    sys.exit(status if isinstance(status, int) else 0)


def _misused(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tocsin"
    told = {
        "code": "usage",
        "what": error.format_message(),
        "why": context.get_usage() if context is not None else "The command was not understood.",
        "do": f"See `{path} --help`.",
        "who": "author",
        "exit_status": error.exit_code,
    }
    screen = Screen(json="--json" in sys.argv[1:])
    if screen.json:
        screen.emit("error", told)
    screen.tell(told)
    return error.exit_code
