"""tocsin objects, show, watch and receipts: what has come and gone."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment

Reason = Annotated[str | None, typer.Option(help="Why; stands in the audit trail if anything above GREEN is seen.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "objects", "objects --type malware", "objects --find 198.18.7.9 --json")(objects)
    command(app, "show", "show indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f")(show)
    command(app, "watch", "watch", "watch --after 0 --no-follow --json > everything.jsonl")(watch)
    command(app, "receipts", "receipts --channel ports", "receipts --json")(receipts)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which objects."""

    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None
    type_: Annotated[str | None, typer.Option("--type", help="Only this STIX type, e.g. indicator.")] = None
    find: Annotated[str | None, typer.Option(help="Only what contains this value or word.")] = None
    member: Annotated[str | None, typer.Option(help="Only what this member shared.")] = None
    limit: Limit = 50
    before: Annotated[int | None, typer.Option(help="Only older than this journal position.")] = None
    reason: Reason = None


def objects(hands: Hands, sought: Sought) -> None:
    """The objects this node holds, newest first."""
    from tocsin.cli.control import ask

    wanted = {name.strip("_"): value for name, value in asdict(sought).items()}
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
    if len(found) == sought.limit:
        hands.screen.say(f"There may be more: --before {found[-1]['position']}")


def show(
    hands: Hands, id_: Annotated[str, typer.Argument(metavar="ID", help="The object's STIX id.")], reason: Reason = None
) -> None:
    """One object: every version this node holds, who shared it where, who has signed for it, who can read it."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.get(f"/objects/{segment(id_)}", reason=reason))
    screen = hands.screen
    if screen.json:
        screen.emit("object", found)
        return
    screen.print(f"{found['id']}  readable by {' '.join(found['audience'])}")
    screen.print(_verdict(found["verdict"]))
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
    for line in _voices(found["voices"]):
        screen.print(line)


def _verdict(found: dict[str, Any]) -> str:
    """The answer in one line: the word, how sure, how many say so and how many are against it."""
    sure = "" if found["confidence"] is None else f"  confidence {found['confidence']}"
    says, against = " ".join(found["says"]) or "-", " ".join(found["against"]) or "-"
    return f"{found['word'].upper()}{sure}  said by {says}  against it {against}"


def _voices(voices: dict[str, Any]) -> list[str]:
    """Who says what, side by side."""
    lines = ["", f"whose it is: {voices['owner'] or '-'}"]
    for one in voices["says"]:
        role = "its owner" if one["owner"] else "another version" if one["differs"] else "passes it on"
        lines.append(f"  {one['member']} says version {one['version'] or '-'}  {role}  {one['action'] or ''}".rstrip())
    for one in voices["words"]:
        what = one["kind"] or one["opinion"] or one["type"]
        count = f" {one['count']} times" if one["count"] else ""
        lines.append(f"  {one['member']} says {what}{count}  {one['text']}".rstrip())
    lines.append(f"who disagrees: {' '.join(voices['disagree']) or '-'}")
    return [*lines, f"who agrees: {' '.join(voices['agree']) or '-'}"]


def watch(
    hands: Hands,
    after: Annotated[int | None, typer.Option(help="Begin after this journal position; default: now.")] = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on for ever, or end at the newest.")] = True,
    reason: Reason = None,
    bell: Annotated[bool, typer.Option("--bell", help="Ring the terminal's bell for each warning and page.")] = False,
) -> None:
    """What waits for an answer, due first; then what happens, as it happens, one line each. JSON Lines with --json."""
    import asyncio

    asyncio.run(_watch(hands, {"after": after, "follow": int(follow), "reason": reason}, bell=bell))


async def _watch(hands: Hands, wanted: dict[str, int | str | None], *, bell: bool) -> None:
    from tocsin.cli.control import Control

    control = Control(hands.home)
    if wanted["after"] is None:
        wanted["after"] = (await control.get("/status"))["position"]
        await _due(hands, control)
    async for row in control.rows("GET", "/watch", wanted):
        hands.screen.result("event", row, [_event(row)])
        if bell and (row.get("story") or (row.get("warning") or {}).get("event") in ("raised", "paged")):
            hands.screen.err.bell()


async def _due(hands: Hands, control: Any) -> None:
    """Before what happens: what is still to be answered."""
    for one in (await control.get("/warnings", which="asked"))["warnings"]:
        if one["state"] not in ("answered", "withdrawn"):
            late = "OVERDUE since" if one["overdue"] else "answer by"
            line = f"{late} {moment(one['answer_by'])}  {one['id'][8:16]}  {one['urgency']} {one['topic']} from {one['giver']}"
            hands.screen.result("due", one, [f"{line}  {one['state']}  {one['headline'] or '(erased)'}"])


def _warned(row: dict[str, Any], when: str) -> str:
    told = row["warning"]
    about = f"{told['urgency'] or ''} {told['topic'] or ''} warning {told['warning'][8:16]} of {told['giver'] or '?'}".strip()
    due = f"  answer by {moment(told['answer_by'])}" if told["answer_by"] else ""
    headline = f"  {told['headline']}" if told["headline"] else ""
    match told["event"]:
        case "raised":
            return f"{when}  WARNING  {about}{due}{headline}"
        case "paged":
            return f"{when}  PAGE  level {told['level']} for {told['member']}: {about}{due}{headline}"
        case "escalated":
            return f"{when}  ESCALATED  level {told['level']}, {told['member']} is silent: {about}"
        case event:
            return f"{when}  {told['member']} {event} {told['answer'] or ''}: {about}{headline}"


def _met(told: dict[str, Any], when: str) -> str:
    return (
        f"{when}  NEWS  of interest ({told['interest']}): {told['title']}; see `tocsin desk story {told['story'][:8]}`"
    )


def _event(row: dict[str, Any]) -> str:
    when, where, who = moment(row["added"]), row.get("channel") or "-", row.get("member") or "-"
    if row.get("warning") or row.get("story"):
        return _warned(row, when) if row.get("warning") else _met(row["story"], when)
    match row["kind"]:
        case "entry" if row.get("held") == "order":
            return f"{when}  {where}  {who} ordered entries to be erased"
        case "erased":
            return f"{when}  {where}  {who} has erased what our order {row.get('seq')} names"
        case "entry":
            return f"{when}  {where}  {who} shared  {row.get('marking') or ''}  {row.get('id')}  {row.get('name') or ''}".rstrip()
        case "receipt":
            return f"{when}  {where}  {who} signed for {row.get('held', row.get('seq'))}  {_ms(row.get('ms'))}"
        case "interest":
            looked = f"{row['interest']['kind']} {row['interest']['text']}"
            return (
                f"{when}  {where}  looked for: {looked}, in {row.get('id')} of {who}  {row.get('name') or ''}".rstrip()
            )
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
