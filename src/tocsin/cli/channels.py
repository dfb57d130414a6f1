"""tocsin channel: opening channels and looking at them."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount, moment
from tocsin.errors import ConfigError

_BLOC: Final = "bloc:"
NameArgument = Annotated[str, typer.Argument(help="The channel's name.")]
MembersArgument = Annotated[
    list[str], typer.Argument(help="Handles; bloc:NAME stands for every member of that organisation of states.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Channels: each is exactly its audience.")
    command(
        group,
        "create",
        'channel create ports fr-cert gr-cert --title "Port security"',
        "channel create with-fr fr-cert",
    )(create)
    command(group, "invite", "channel invite ports gr-cert", "channel invite ports bloc:EU")(invite)
    command(group, "remove", "channel remove ports gr-cert")(remove)
    command(group, "agree", "channel agree ports", "channel agree ports 3fa81c")(agree)
    command(group, "leave", "channel leave ports", "channel leave ports --yes")(leave)
    command(group, "rekey", "channel rekey ports", "channel rekey --all")(rekey)
    command(group, "list", "channel list", "channel list --json")(list_)
    command(group, "show", "channel show plenary")(show)
    app.add_typer(group, name="channel")


def create(
    hands: Hands,
    name: Annotated[str, typer.Argument(help="The channel's name, e.g. ports.")],
    members: MembersArgument,
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
        is_pair = len(roster) == 2 and not any(one.startswith(_BLOC) for one in roster)
        chosen = kind or ("bilateral" if is_pair else "thematic")
        return await control.post(
            "/channels",
            {"name": name, "kind": chosen, "members": roster, "title": title, "named_people": named_people},
        )

    made = ask(hands.home, talk)
    hands.screen.result("channel", made, _lines(made))
    if not made["open"]:
        hands.screen.say("It opens when every member has countersigned: `tocsin channel list`.")


def invite(hands: Hands, name: NameArgument, members: MembersArgument) -> None:
    """Propose that members join a channel, with our vote. More than half of its members must agree.

    Those who join get logs of their own with new keys, and nothing of what was shared before.
    """
    _propose(hands, name, {"add": members})


def remove(hands: Hands, name: NameArgument, members: MembersArgument) -> None:
    """Propose that members be taken out of a channel, with our vote. More than half of its members must agree.

    What they hold they keep; of what follows they get nothing, not even that it exists.
    """
    _propose(hands, name, {"remove": members})


def _propose(hands: Hands, name: str, change: dict[str, list[str]]) -> None:
    from tocsin.cli.control import ask, segment

    made = ask(hands.home, lambda control: control.post(f"/channels/{segment(name)}/roster", change))
    _tell_vote(hands, made)


def agree(
    hands: Hands,
    name: NameArgument,
    digest: Annotated[
        str | None,
        typer.Argument(help="The beginning of the proposal's digest; default: the only one.", show_default=False),
    ] = None,
) -> None:
    """Vote for a proposed roster of a channel; `channel show NAME` tells what is proposed."""
    from tocsin.cli.control import ask, segment

    made = ask(hands.home, lambda control: control.post(f"/channels/{segment(name)}/votes", {"digest": digest}))
    _tell_vote(hands, made)


def leave(
    hands: Hands,
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Leave a channel, at once. Nobody need agree; to come back the others must invite this member again."""
    from tocsin.cli.control import ask, segment

    hands.require_consent(f"Leave {name}? This node gets nothing more of it.", yes=yes)
    found = ask(hands.home, lambda control: control.post(f"/channels/{segment(name)}/leave", {}))
    hands.screen.result("channel", found, [f"{found['name']}: left; what was received stays here"])


def rekey(
    hands: Hands,
    name: Annotated[str | None, typer.Argument(help="The channel's name.", show_default=False)] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every channel of this node.")] = False,
) -> None:
    """Take new keys now for what this node shares in a channel. It does so by itself once a day.

    Only what this member seals is under new keys; the other members do the same at their nodes.
    """
    from tocsin.cli.control import ask

    if (name is None) != all_:
        raise ConfigError("config.value", "say one channel, or --all")
    told = ask(hands.home, lambda control: control.post("/rekey", {"channel": name}))
    hands.screen.result("rekey", told, [f"new keys from now on: {' '.join(told['channels'])}"])


def _tell_vote(hands: Hands, made: dict[str, Any]) -> None:
    hands.screen.result(
        "roster", made, [f"{made['channel']}  {'decided' if made['decided'] else 'proposed'}", *_vote(made)]
    )
    if len(made["votes"]) < made["needed"]:
        hands.screen.say(f"Others vote: `tocsin channel agree {made['channel']} {made['digest'][:12]}`.")
    elif made["consent_missing"]:
        hands.screen.say("Whoever joins signs by itself, as soon as its node is linked.")


def _vote(made: dict[str, Any]) -> Iterator[str]:
    yield f"  proposal {made['digest'][:12]}  version {made['version']}, round {made['round']}, by {made['proposed_by']}"
    for word, key in (("joins", "add"), ("goes", "remove")):
        if made[key]:
            yield f"  {word:<8} {' '.join(made[key])}"
    yield f"  votes    {len(made['votes'])} of {made['needed']} needed ({amount(made['of'], 'member')}): {' '.join(made['votes'])}"
    if made["consent_missing"]:
        yield f"  waits    for the signature of {' '.join(made['consent_missing'])}"


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
            (one["name"], one["kind"], state_of(one), " ".join(one["roster"]), one["objects"], one.get("title", ""))
            for one in found
        ),
    )


def show(hands: Hands, name: NameArgument) -> None:
    """A channel: who is in it, its generations, what is proposed, each member's log, who has signed for how much."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.get(f"/channels/{segment(name)}"))
    hands.screen.result("channel", found, _lines(found))
    if not hands.screen.json:
        rows = ((log["origin"], log["size"], _signed(log)) for log in found["logs"])
        hands.screen.table(("log of", "objects", "signed for"), rows)
        for line in _past(found):
            hands.screen.print(line)


def _past(found: dict[str, Any]) -> Iterator[str]:
    if len(found["generations"]) > 1:
        for one in found["generations"]:
            yield f"generation {one['version']}  {moment(one['created'])}  {' '.join(one['listed'])}"
    for one in found["left"]:
        yield f"{one['member']} has left (generation {one['version']})"
    for one in found["proposals"]:
        yield from _vote(one)


def _lines(found: dict[str, Any]) -> list[str]:
    people = " (named people)" if found.get("named_people") else ""
    generation = f", generation {found['version']}" if found["version"] > 1 else ""
    return [
        f"{found['name']}  {found['kind']}{people}, {state_of(found)}{generation}  {found.get('title', '')}".rstrip(),
        f"members  {' '.join(found['roster'])}",
        f"id       {found['id']}",
        f"opened   {moment(found.get('created'))} by {found.get('creator') or 'the charter'}",
    ]


def state_of(found: dict[str, Any]) -> str:
    """How a channel stands, in words."""
    if found["current"]:
        return "open"
    missing = sorted(set(found["roster"]) - set(found["signers"]))
    if missing and found["version"] == 1 and not found["open"]:
        return f"waiting for {' '.join(missing)}"
    return "left"


def _signed(log: dict[str, Any]) -> str:
    return "  ".join(f"{member} {size:,}" for member, size in sorted(log.get("receipts", {}).items())) or "-"
