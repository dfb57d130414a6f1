"""tocsin interest: what this member's people want to be told of. It never leaves the node."""

from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Standing interests: looked for here, told to nobody.")
    command(group, "add", "interest add cidr 203.0.113.0/24", 'interest add word "port controller" --note harbour')(add)
    command(group, "list", "interest list", "interest list --json")(list_)
    command(group, "remove", "interest remove 3f0a9c1d22be")(remove)
    command(group, "hits", "interest hits", "interest hits --limit 20 --json")(hits)
    app.add_typer(group, name="interest")


def add(
    hands: Hands,
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="value, cidr, domain, asn, country, sector, topic, type or word."),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.")],
    note: Annotated[str, typer.Option(help="For whom or why; kept with it.")] = "",
) -> None:
    """Look for something in what others share, from now on.

    It is kept in this node's store (and in its backups) and nowhere else: no member learns of it.
    """
    from tocsin.cli.control import ask

    made = ask(hands.home, lambda control: control.post("/interests", {"kind": kind, "text": text, "note": note}))
    hands.screen.result("interest", made, [f"{made['id']}  {made['kind']} {made['text']}"])


def list_(hands: Hands) -> None:
    """Everything that is looked for."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/interests"))
    if hands.screen.json:
        hands.screen.emit("interests", {"interests": found})
        return
    columns = ("interest", "kind", "looked for", "since", "note")
    rows = ((one["id"], one["kind"], one["text"], moment(one["added"]), one["note"]) for one in found)
    hands.screen.table(columns, rows)


def remove(
    hands: Hands, id_: Annotated[str, typer.Argument(metavar="ID", help="As `interest list` shows it.")]
) -> None:
    """Look for it no longer, and forget what it found."""
    from tocsin.cli.control import ask, segment

    ask(hands.home, lambda control: control.delete(f"/interests/{segment(id_)}"))
    hands.screen.result("interest-removed", {"removed": id_}, [f"{id_} removed"])


def hits(
    hands: Hands,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="At most so many, the newest first.")] = 50,
    before: Annotated[int | None, typer.Option(help="Only older than this journal position.")] = None,
) -> None:
    """What was found, the newest first. `tocsin watch` shows it as it comes."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/interest-hits", limit=limit, before=before))
    if hands.screen.json:
        hands.screen.emit("interest-hits", {"hits": found})
        return
    columns = ("position", "found", "looked for", "object", "member", "name")
    hands.screen.table(
        columns,
        (
            (
                one["position"],
                moment(one["added"]),
                f"{one['interest']['kind']} {one['interest']['text']}",
                one["id"],
                one["member"],
                one["name"],
            )
            for one in found
        ),
    )
