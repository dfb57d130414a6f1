"""tocsin channel: opening channels and looking at them."""

from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Channels: each is exactly its audience.")
    command(
        group,
        "create",
        'channel create ports fr-cert gr-cert --title "Port security"',
        "channel create with-fr fr-cert",
    )(create)
    command(group, "list", "channel list", "channel list --json")(list_)
    command(group, "show", "channel show plenary")(show)
    app.add_typer(group, name="channel")


def create(
    hands: Hands,
    name: Annotated[str, typer.Argument(help="The channel's name, e.g. ports.")],
    members: Annotated[list[str], typer.Argument(help="Handles of the members it has; this one is always among them.")],
    title: Annotated[str, typer.Option(help="What it is about, in a few words.")] = "",
    kind: Annotated[
        str | None, typer.Option(help="thematic or bilateral; default: bilateral for one other member.")
    ] = None,
    named_people: Annotated[
        bool, typer.Option("--named-people", help="Its readers are named people, so that it may carry TLP:RED.")
    ] = False,
) -> None:
    """Open a channel. It can be used once every member of it has countersigned, which their nodes do by themselves."""
    from tocsin.cli.control import Control, ask

    async def talk(control: Control) -> Any:
        me = (await control.get("/status"))["handle"]
        roster = sorted({me, *members})
        chosen = kind or ("bilateral" if len(roster) == 2 else "thematic")
        return await control.post(
            "/channels",
            {"name": name, "kind": chosen, "members": roster, "title": title, "named_people": named_people},
        )

    made = ask(hands.home, talk)
    hands.screen.result("channel", made, _lines(made))
    if not made["open"]:
        hands.screen.say("It opens when every member has countersigned: `tocsin channel list`.")


def list_(hands: Hands) -> None:
    """All channels of this node."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/channels"))
    if hands.screen.json:
        hands.screen.emit("channels", {"channels": found})
        return
    columns = ("channel", "kind", "state", "members", "objects", "title")
    hands.screen.table(
        columns,
        (
            (one["name"], one["kind"], _state(one), " ".join(one["roster"]), _objects(one), one.get("title", ""))
            for one in found
        ),
    )


def show(hands: Hands, name: Annotated[str, typer.Argument(help="The channel's name.")]) -> None:
    """A channel: who is in it, who has countersigned, each member's log and who has signed for how much of it."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.get(f"/channels/{segment(name)}"))
    hands.screen.result("channel", found, _lines(found))
    if not hands.screen.json:
        rows = ((log["origin"], log["size"], _signed(log)) for log in found["logs"])
        hands.screen.table(("log of", "objects", "signed for"), rows)


def _lines(found: dict[str, Any]) -> list[str]:
    people = " (named people)" if found.get("named_people") else ""
    return [
        f"{found['name']}  {found['kind']}{people}, {_state(found)}  {found.get('title', '')}".rstrip(),
        f"members  {' '.join(found['roster'])}",
        f"id       {found['id']}",
        f"opened   {moment(found.get('created'))} by {found.get('creator') or 'the charter'}",
    ]


def _state(found: dict[str, Any]) -> str:
    if found["open"]:
        return "open"
    missing = sorted(set(found["roster"]) - set(found.get("signers", found["roster"])))
    return f"waiting for {' '.join(missing)}" if missing else "waiting"


def _objects(found: dict[str, Any]) -> int:
    return sum(log["size"] for log in found["logs"])


def _signed(log: dict[str, Any]) -> str:
    return "  ".join(f"{member} {size:,}" for member, size in sorted(log.get("receipts", {}).items())) or "-"
