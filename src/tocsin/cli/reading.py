"""tocsin objects, show, watch and receipts: what has come and gone."""

from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment

Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "objects", "objects --type malware", "objects --find 198.18.7.9 --json")(objects)
    command(app, "show", "show indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f")(show)
    command(app, "watch", "watch", "watch --after 0 --no-follow --json > everything.jsonl")(watch)
    command(app, "receipts", "receipts --channel ports", "receipts --json")(receipts)


def objects(
    hands: Hands,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only this STIX type, e.g. indicator.")] = None,
    find: Annotated[str | None, typer.Option(help="Only what contains this value or word.")] = None,
    member: Annotated[str | None, typer.Option(help="Only what this member shared.")] = None,
    limit: Limit = 50,
    before: Annotated[int | None, typer.Option(help="Only older than this journal position.")] = None,
) -> None:
    """The objects this node holds, newest first."""
    from tocsin.cli.control import ask

    wanted = {"channel": channel, "type": type_, "find": find, "member": member, "limit": limit, "before": before}
    found = ask(hands.home, lambda control: control.get("/objects", **wanted))
    if hands.screen.json:
        hands.screen.emit("objects", {"objects": found})
        return
    rows = (
        (
            one["position"],
            moment(one["added"]),
            one["channel"],
            one["member"],
            one["marking"],
            one["id"],
            (one.get("name") or "-") + (f"  [deny-list: {', '.join(one['listed'])}]" if one.get("listed") else ""),
        )
        for one in found
    )
    hands.screen.table(("position", "added", "channel", "member", "marking", "id", "name"), rows)
    if len(found) == limit:
        hands.screen.say(f"There may be more: --before {found[-1]['position']}")


def show(hands: Hands, id_: Annotated[str, typer.Argument(metavar="ID", help="The object's STIX id.")]) -> None:
    """One object: every version this node holds, who shared it where, who has signed for it, who can read it."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.get(f"/objects/{segment(id_)}"))
    screen = hands.screen
    if screen.json:
        screen.emit("object", found)
        return
    screen.print(f"{found['id']}  readable by {' '.join(found['audience'])}")
    for version in found["versions"]:
        screen.print("")
        screen.print(
            f"version {version['version'] or '-'}  {version['marking']}  {version['member']} in {version['channel']}"
            f"  added {moment(version['added'])}  position {version['position']}"
        )
        if version.get("listed"):
            screen.print(f"  on the deny-list {', '.join(version['listed'])}: never exported")
        for receipt in version["receipts"]:
            screen.print(f"  signed for by {receipt['member']}  {moment(receipt['at'])}  {_ms(receipt['ms'])}")
        if version.get("missing"):
            screen.print(f"  not yet by {' '.join(version['missing'])}")
        screen.print(version["content"])


def watch(
    hands: Hands,
    after: Annotated[int | None, typer.Option(help="Begin after this journal position; default: now.")] = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on for ever, or end at the newest.")] = True,
) -> None:
    """What happens, as it happens: objects, receipts and refusals, one line each. JSON Lines with --json."""
    import asyncio

    asyncio.run(_watch(hands, after, follow=follow))


async def _watch(hands: Hands, after: int | None, *, follow: bool) -> None:
    from tocsin.cli.control import Control

    async with Control(hands.home) as control:
        if after is None:
            after = (await control.get("/status"))["position"]
        async for row in control.rows("GET", "/watch", {"after": after, "follow": int(follow)}):
            hands.screen.result("event", row, [_event(row)])


def _event(row: dict[str, Any]) -> str:
    when, where, who = moment(row["added"]), row.get("channel") or "-", row.get("member") or "-"
    match row["kind"]:
        case "entry" if row.get("held") == "order":
            return f"{when}  {where}  {who} ordered entries to be erased"
        case "erased":
            return f"{when}  {where}  {who} has erased what our order {row.get('seq')} names"
        case "entry":
            return f"{when}  {where}  {who} shared  {row.get('marking') or ''}  {row.get('id')}  {row.get('name') or ''}".rstrip()
        case "receipt":
            return f"{when}  {where}  {who} signed for {row.get('held', row.get('seq'))}  {_ms(row.get('ms'))}"
        case "evidence":
            return f"{when}  {where}  evidence against {who}: {row.get('name')}; see `tocsin evidence list`"
        case kind:
            return f"{when}  {where}  {kind} from {who}  {row.get('name') or ''}".rstrip()


def receipts(
    hands: Hands,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    limit: Limit = 50,
    before: Annotated[int | None, typer.Option(help="Only older than this journal position.")] = None,
) -> None:
    """Who has signed for what we shared, when, and after how many milliseconds."""
    from tocsin.cli.control import ask

    wanted = {"channel": channel, "limit": limit, "before": before}
    found = ask(hands.home, lambda control: control.get("/receipts", **wanted))
    screen = hands.screen
    if screen.json:
        screen.emit("receipts", found)
        return
    standing = ((one["channel"], one["member"], one["size"], one["of"], one["lag"]) for one in found["standing"])
    screen.table(("channel", "member", "signed for", "of", "owing"), standing)
    screen.print("")
    recent = (
        (one["position"], one["channel"], one["member"], one["size"], moment(one["at"]), _ms(one["ms"]))
        for one in found["receipts"]
    )
    screen.table(("position", "channel", "member", "signed for", "at", "after"), recent)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f} ms"
