"""tocsin recall, correct, recalls and feedback: taking back, setting right, and saying what one thinks of it."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment

_ID = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
_REFUSED = 4
ObjectId = Annotated[str, typer.Argument(metavar="ID", help="The object's STIX id.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "recall",
        f'recall {_ID} --reason "a false positive" --dry-run',
        f'recall {_ID} --reason "a false positive"',
    )(recall)
    command(app, "correct", "correct corrected.json")(correct)
    group = typer.Typer(
        rich_markup_mode=None, help="Corrections and recalls: who has confirmed that they are in force."
    )
    command(group, "list", "recalls list", "recalls list --json")(list_)
    command(group, "show", f"recalls show {_ID}")(show)
    app.add_typer(group, name="recalls")
    command(
        app,
        "feedback",
        f'feedback {_ID} --false-positive --note "a public resolver"',
        f"feedback {_ID} --sighted --count 3 --at 2026-11-20T08:00:00Z",
    )(feedback)


@dataclass(frozen=True, slots=True)
class Recall:
    """What is to be recalled."""

    id_: ObjectId
    reason: Annotated[str, typer.Option(help="Why, in up to 256 characters; everybody who is told reads it.")]
    channel: Annotated[
        list[str] | None, typer.Option(help="Only in this channel, may be repeated; default: wherever it was shared.")
    ] = None
    days: Annotated[int, typer.Option(min=0, max=365, help="Everybody is to have erased it after so many days.")] = 7
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who holds it, recall nothing.")] = False


def recall(hands: Hands, wish: Recall) -> int:
    """Take back an object that this node shared: revoked everywhere, its earlier versions erased, confirmed by each node.

    Exit code 4 if the handling rules refused it in a channel.
    """
    from tocsin.cli.control import ask

    wanted = {
        "object_id": wish.id_,
        "channels": wish.channel or [],
        "reason": wish.reason,
        "days": wish.days,
        "dry_run": wish.dry_run,
    }
    told = ask(hands.home, lambda control: control.post("/recalls", wanted))
    holders = " ".join(one["member"] for one in told["holders"]) or "nobody"
    lines = [f"{told['object_id']}  held by {holders}"]
    lines += [f"shared in {one['channel']} as {one['marking']}" for one in told["channels"]]
    if not told["original"]:
        lines.append("first shared by another member: only this node's own copies are taken back")
    if told["done_before"]:
        lines.append("recalled before: nothing to do")
    elif wish.dry_run:
        lines.append(f"{told['entries']} earlier versions would be erased; nothing was done")
    else:
        lines += [_told(one) for one in told["told"]]
    hands.screen.result("recall", told, lines)
    if not wish.dry_run:
        hands.screen.say(f"Who has confirmed: `tocsin recalls show {wish.id_}`.")
    return _REFUSED if any(one["code"] for one in told["told"]) else 0


def _told(one: dict[str, Any]) -> str:
    done = f"not done: {one['code']}: {one['what']}" if one["code"] else "recalled"
    return f"{one['channel']}  {done}"


def correct(
    hands: Hands, file: Annotated[str, typer.Argument(metavar="FILE|-", help="Later versions of our own objects.")]
) -> int:
    """Share later versions of objects of this node in exactly the channels where the earlier ones went: all, or none.

    Refused with exit code 4 when one of them is not ours or not later. A version with "revoked": true revokes.
    """
    import asyncio

    from tocsin.cli.files import open_file

    with open_file(file) as source:
        told = asyncio.run(_correct(hands, source.read()))
    lines = [f"{one['object_id']}  {one['channel']}  {one['code'] or 'shared'}" for one in told["told"]]
    hands.screen.result("correction", told, lines)
    return _REFUSED if any(one["code"] for one in told["told"]) else 0


async def _correct(hands: Hands, data: bytes) -> dict[str, Any]:
    from tocsin.cli.control import Control

    control = Control(hands.home)
    return [row async for row in control.rows("POST", "/corrections", {}, data)][-1]


def list_(hands: Hands) -> None:
    """The newest changes: ours with how many have confirmed, others' with whether this node has, and what is ours to recall."""
    from tocsin.cli.control import ask

    told = ask(hands.home, lambda control: control.get("/recalls"))
    screen = hands.screen
    if screen.json:
        screen.emit("recalls", told)
        return
    columns = ("changed", "action", "object", "in", "confirmed", "open", "reason")
    rows = (
        (
            moment(one["added"]),
            one["action"],
            one["object_id"] or "(erased)",
            " ".join(one["channels"]) or "-",
            f"{one['confirmed']} of {one['due']}",
            one["open"],
            one["reason"] or "-",
        )
        for one in told["ours"]
    )
    screen.table(columns, rows)
    screen.print("")
    others = (
        (moment(one["added"]), one["member"], one["action"], one["object_id"], "yes" if one["confirmed"] else "not yet")
        for one in told["others"]
    )
    screen.table(("came", "by", "action", "object", "confirmed by us"), others)
    for one in told["duties"]:
        where = ", ".join(one["channels"])
        screen.print(
            f"ours to recall: {one['object_id']}, {one['action']} by {one['owner']}, re-shared by us in {where}"
        )


def show(hands: Hands, id_: ObjectId) -> None:
    """One change of ours: who held the object, who has confirmed, who has not and why."""
    from tocsin.cli.control import ask, segment

    told = ask(hands.home, lambda control: control.get(f"/recalls/{segment(id_)}"))
    lines = [
        f"{told['object_id']}  {told['action']}  {moment(told['added'])}  in {' '.join(told['channels']) or '-'}",
        f"{told['confirmed']} of {told['due']} confirm, {told['open']} open",
    ]
    lines += [f"  {one['member']}  confirmed, done {moment(one['done_at'])}" for one in told["confirmations"]]
    lines += [f"  {one['member']}  open: {one['why']}; {one['do']}" for one in told["missing"]]
    if told["shared_by_others"]:
        lines.append(f"shared by {' '.join(told['shared_by_others'])} too: their copies are theirs to recall")
    hands.screen.result("recalled", told, lines)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is said of an object."""

    id_: ObjectId
    false_positive: Annotated[bool, typer.Option("--false-positive", help="It is wrong.")] = False
    sighted: Annotated[bool, typer.Option("--sighted", help="It was seen here.")] = False
    used: Annotated[bool, typer.Option("--used", help="It was acted on or exported here.")] = False
    agree: Annotated[bool, typer.Option("--agree", help="We agree.")] = False
    disagree: Annotated[bool, typer.Option("--disagree", help="We disagree.")] = False
    count: Annotated[int | None, typer.Option(min=1, help="How often it was seen.")] = None
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it was seen last, e.g. 2026-11-20T08:00:00Z.")
    ] = None
    note: Annotated[str, typer.Option(help="What else there is to say, in up to 4,096 characters.")] = ""


def feedback(hands: Hands, wish: Opinion) -> None:
    """Tell who gave an object what we think of it, in the channel it came by: one of the five."""
    from tocsin.cli.control import ask

    body = {
        "object_id": wish.id_,
        "kind": _kind(wish),
        "count": wish.count,
        "seen_at": _instant(wish.at),
        "note": wish.note,
    }
    told = ask(hands.home, lambda control: control.post("/feedback", body))
    line = f"{told['object_id']}  {told['kind']}  told {told['giver']} in {told['channel']} as {told['marking']}"
    hands.screen.result("feedback", told, [line, f"audience {' '.join(told['audience'])}"])


def _kind(wish: Opinion) -> str:
    said = {
        "false-positive": wish.false_positive,
        "sighted": wish.sighted,
        "used": wish.used,
        "agree": wish.agree,
        "disagree": wish.disagree,
    }
    chosen = [name for name, is_said in said.items() if is_said]
    if len(chosen) != 1:
        raise typer.BadParameter("say exactly one of " + ", ".join(f"--{name}" for name in said))
    return chosen[0]


def _instant(text: str | None) -> int | None:
    from datetime import UTC, datetime

    from tocsin.formats.text import to_microseconds

    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("--at is no time such as 2026-11-20T08:00:00Z") from error
    return to_microseconds(found if found.tzinfo else found.replace(tzinfo=UTC))
