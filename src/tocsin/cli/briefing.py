"""tocsin brief: how the watch stands, on two pages, for people who will read nothing else."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount
from tocsin.errors import ConfigError

_STDOUT: Final = Path("-")


class Language(StrEnum):
    """The console's languages."""

    EN = "en"
    FR = "fr"
    AR = "ar"
    RU = "ru"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "brief",
        "brief --lang ar --out brief-ar.pdf",
        "brief --hours 72 --no-relations --out brief.pdf",
        "brief --json | jq '.late.rows[].headline'",
    )(brief)


def brief(
    hands: Hands,
    lang: Annotated[
        Language, typer.Option(help="The language of its words; headlines stay as they were written.")
    ] = Language.EN,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file for the PDF; - is stdout.")] = None,
    hours: Annotated[int, typer.Option(min=1, help="How far it looks back.")] = 24,
    no_relations: Annotated[
        bool, typer.Option("--no-relations", help="Without what this node and each member gave one another.")
    ] = False,
) -> None:
    """How the watch stands, on exactly two A4 pages: what is late and due, what is new, what was recalled, who is silent.

    It is marked by the strictest thing in it. With --json it tells what stands in it, and needs no file.
    """
    from base64 import b64decode

    from tocsin.cli.control import ask

    if out is None and not hands.screen.json:
        raise ConfigError("config.value", "name a file for the PDF with --out")
    if out == _STDOUT and hands.screen.json:
        raise ConfigError("config.value", "stdout is for the PDF or for JSON, not for both")
    if out is not None and out.exists():
        raise ConfigError("config.exists", f"{out.name} exists already and is not overwritten")
    wanted = {"lang": lang.value, "hours": hours, "relations": int(not no_relations)}
    told = ask(hands.home, lambda control: control.get("/brief", **wanted))
    pdf = b64decode(told.pop("pdf"))
    if out == _STDOUT:
        sys.stdout.buffer.write(pdf)
        sys.stdout.flush()
        return
    if out is not None:
        _keep(out, pdf)
    counts = (
        f"{amount(told['late']['all'], 'warning')} overdue, {told['due']['all']:,} due, {told['raised']['all']:,} new"
    )
    lines = [f"{told['marking']}  {counts}", f"2 pages, {len(pdf):,} bytes: {out}"]
    hands.screen.result("brief", {**told, "file": str(out) if out else None, "bytes": len(pdf)}, lines)


def _keep(out: Path, pdf: bytes) -> None:
    try:
        with out.open("xb") as file:
            file.write(pdf)
    except OSError as error:
        raise ConfigError("config.file", f"{out} cannot be written ({error.strerror})") from error
