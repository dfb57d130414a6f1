"""tocsin audit: who read, shared or decided what is above GREEN, and the proof that nothing was left out."""

from typing import Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment

_BROKEN: Final = 5


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="The audit trail: uses of what is above GREEN, without content.")
    command(group, "list", "audit list", "audit list --before 4000 --json")(list_)
    command(group, "verify", "audit verify", "audit verify --number 812 --hash 5f6b…")(verify)
    app.add_typer(group, name="audit")


def list_(
    hands: Hands,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    before: Annotated[int | None, typer.Option(help="Only older than this record.")] = None,
) -> None:
    """The newest records: when, through which door, who, what and why. Note the head: it proves that none is missing later."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/audit", limit=limit, before=before))
    screen = hands.screen
    if screen.json:
        screen.emit("audit", found)
        return
    columns = ("record", "at", "door", "who", "operation", "objects", "highest", "reason")
    screen.table(columns, (_row(one) for one in found["records"]))
    screen.print(f"head  {found['head']['number']}  {found['head']['hash']}")


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    level = one["highest"] or "-"
    return (
        one["number"],
        moment(one["at"]),
        one["door"],
        one["who"],
        one["operation"],
        one["objects"],
        level,
        one["reason"],
    )


def verify(
    hands: Hands,
    number: Annotated[int | None, typer.Option(help="The record of a head that somebody noted.")] = None,
    hash_: Annotated[str | None, typer.Option("--hash", help="That head's hash.")] = None,
) -> int:
    """Recompute the chain of records and hold it against its head, those in the journal, and one that was noted.

    Exit code 5: a record was changed, taken out or cut off.
    """
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/audit/problems", number=number, hash=hash_))
    lines = [f"{one['where']}  {one['what']}" for one in found["problems"]] or [
        "every record is there as it was written"
    ]
    hands.screen.result("audit", found, [*lines, f"head  {found['head']['number']}  {found['head']['hash']}"])
    return 0 if found["ok"] else _BROKEN
