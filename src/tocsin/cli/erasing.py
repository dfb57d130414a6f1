"""tocsin erase: taking back what this member has shared, with proof of who complied."""

from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Erase orders: what was shared is to be gone, everywhere.")
    command(
        group,
        "order",
        'erase order indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --channel ports --reason "shared in error"',
    )(order)
    command(group, "list", "erase list", "erase list --json")(list_)
    app.add_typer(group, name="erase")


def order(
    hands: Hands,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The object's STIX id.")],
    channel: Annotated[str, typer.Option(help="The channel this node shared it in.")],
    reason: Annotated[str, typer.Option(help="Why, in up to 256 characters; every member of the channel reads it.")],
    days: Annotated[int, typer.Option(min=0, max=365, help="Everybody is to have obeyed after so many days.")] = 7,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased, order nothing.")] = False,
) -> None:
    """Order every version of an object that this node shared in a channel to be erased, here and at every member.

    Content, salt and all that names it go; the commitment stays, so that logs and receipts still prove.
    """
    from tocsin.cli.control import ask

    wanted = {"object_id": id_, "channel": channel, "reason": reason, "days": days, "dry_run": dry_run}
    told = ask(hands.home, lambda control: control.post("/erasures", wanted))
    done = "would be erased" if dry_run else "erased here, and ordered to be erased"
    lines = [
        f"{told['object_id']}  {len(told['entries'])} versions {done} in {told['channel']}",
        f"audience {' '.join(told['audience'])}",
    ]
    hands.screen.result("erase", told, lines)
    if not dry_run:
        hands.screen.say("Who has obeyed: `tocsin erase list`.")


def list_(hands: Hands) -> None:
    """The newest erase orders: until when they are to be obeyed, who has signed that it did, who has not."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/erasures"))
    if hands.screen.json:
        hands.screen.emit("erasures", {"orders": found})
        return
    columns = ("ordered", "channel", "by", "entries", "until", "obeyed by", "not yet", "reason")
    hands.screen.table(
        columns,
        (
            (
                moment(one["issued"]),
                one["channel"],
                one["member"],
                one["entries"],
                moment(one["deadline"]) + (" (overdue)" if one["overdue"] else ""),
                " ".join(each["member"] for each in one["answered"]) or "-",
                " ".join(one["missing"]) or "-",
                one["reason"] or "-",
            )
            for one in found
        ),
    )
