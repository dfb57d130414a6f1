"""tocsin warn, warnings, ack and escalate: the duty to warn, and the people who must answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.duties import untold
from tocsin.cli.screen import Screen, moment
from tocsin.errors import ConfigError

_SPAN = "as 30m, 2h, 3d from now, or as 2026-11-22T08:00:00Z"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be said."""

    text: Annotated[str, typer.Argument(metavar="TEXT", help="The headline: one line that everybody reads first.")]
    to: Annotated[str, typer.Option("--to", metavar="CHANNEL", help="The channel; its members are asked to answer.")]
    tlp: Annotated[str, typer.Option(help="How it may be handled: clear, green, amber, amber+strict, red.")]
    topic: Annotated[
        str,
        typer.Option(
            help="terrorism, cyber, infrastructure, organised-crime, cross-border-crime, public-safety or other."
        ),
    ]
    what: Annotated[str, typer.Option("--what", help="What or who is threatened.")]
    do: Annotated[str, typer.Option("--do", help="What to do about it.")]
    urgency: Annotated[str, typer.Option(help="flash, immediate, priority or routine.")] = "priority"
    potential: Annotated[bool, typer.Option("--potential", help="It is feared, not seen.")] = False
    where: Annotated[str | None, typer.Option("--where", help="The place, in words.")] = None
    country: Annotated[list[str] | None, typer.Option(help="Country concerned, two letters; repeat for more.")] = None
    from_: Annotated[str | None, typer.Option("--from", metavar="WHEN", help=f"When it begins, {_SPAN}.")] = None
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="When it is over, likewise.")] = None
    answer_by: Annotated[
        str | None, typer.Option("--answer-by", metavar="WHEN", help="When answers are due; default: by its urgency.")
    ] = None
    reliability: Annotated[str, typer.Option(help="Of the source, A to F.")] = "F"
    credibility: Annotated[int, typer.Option(min=1, max=6, help="Of the information, 1 to 6.")] = 6
    about: Annotated[list[str] | None, typer.Option(metavar="ID", help="Object it is about; repeat for more.")] = None
    ask: Annotated[
        list[str] | None, typer.Option(metavar="MEMBER", help="Ask only this member of the channel; repeat for more.")
    ] = None
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How silence climbs, as JSON (docs/warnings.md).")
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent to whom, send nothing.")] = False
    expect_recipients: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Refuse unless exactly so many members, this one included, would read it."
        ),
    ] = None


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "warn",
        'warn "VPN gateways are being taken over" --to plenary --tlp green --topic cyber --urgency flash'
        ' --what "VPN gateways of ministries" --do "Take them off the network." --country GR',
    )(warn)
    command(app, "warnings", "warnings", "warnings --given", "warnings report--1b2f --json")(warnings)
    command(app, "ack", "ack 1b2f33aa", "ack 1b2f33aa --answer not-us", "ack 1b2f33aa --until 45m")(ack)
    command(app, "escalate", "escalate 1b2f33aa", "escalate 1b2f33aa --member fr-cert")(escalate)


def warn(hands: Hands, wish: Wish) -> None:
    """Warn the members of a channel. Each is asked to acknowledge and to answer, and whoever stays silent is paged again."""
    from tocsin.cli.control import ask

    body = {
        "headline": wish.text,
        "channel": wish.to,
        "tlp": wish.tlp,
        "topic": wish.topic,
        "urgency": wish.urgency,
        "potential": wish.potential,
        "threatened": wish.what,
        "todo": wish.do,
        "place": wish.where,
        "countries": wish.country or [],
        "from": wish.from_,
        "until": wish.until,
        "answer_by": wish.answer_by,
        "reliability": wish.reliability.upper(),
        "credibility": wish.credibility,
        "about": wish.about or [],
        "recipients": wish.ask or [],
        "policy": _policy(wish.policy),
        "dry_run": wish.dry_run,
        "expect_recipients": wish.expect_recipients,
    }
    told = ask(hands.home, lambda control: control.post("/warnings", body))
    tell_raised(hands.screen, told, dry_run=wish.dry_run)


def tell_raised(screen: Screen, told: dict[str, Any], *, dry_run: bool) -> None:
    """A warning that was raised, or would be."""
    verb = "would be asked" if dry_run else "are asked"
    levels = told["policy"]["levels"]
    lines = [
        f"{told['id']}  {told['urgency']}  {told['marking']}  answer by {moment(told['answer_by'])}",
        f"{len(told['recipients'])} {verb}: {' '.join(told['recipients'])}",
        f"readable by {len(told['audience'])}: {' '.join(told['audience'])}",
        "silence pages " + ", ".join(f"{' '.join(one['roles'])} after {one['after_minutes']} min" for one in levels),
    ]
    lines += untold(told["concerned"], would=dry_run)
    screen.result("warn", told, lines)
    if not dry_run:
        screen.say(f"Who has stored, acknowledged, answered: `tocsin warnings {told['id'][8:16]}`.")


def _policy(path: Path | None) -> Any:
    if path is None:
        return None
    from tocsin.errors import FormatError
    from tocsin.formats import strictjson

    try:
        return strictjson.parse(path.read_bytes())
    except (OSError, FormatError) as error:
        raise ConfigError("config.file", f"{path.name} cannot be read as JSON") from error


def warnings(
    hands: Hands,
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One warning, with every recipient; its first digits do.")
    ] = None,
    given: Annotated[bool, typer.Option("--given", help="Those this node has given.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="All that this node can read.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those of which an answer is late.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
) -> None:
    """Warnings that ask this member for an answer, what is due first; or one, with who has stored, acknowledged, answered."""
    from tocsin.cli.control import ask, segment

    screen = hands.screen
    if id_ is not None:
        one = ask(hands.home, lambda control: control.get(f"/warnings/{segment(id_)}"))
        screen.emit("warning", one) if screen.json else _show(screen, one)
        return
    which = "all" if all_ else "given" if given else "asked"
    wanted = {"which": which, "overdue": 1 if overdue else None, "limit": limit}
    found = ask(hands.home, lambda control: control.get("/warnings", **wanted))
    if screen.json:
        screen.emit("warnings", found)
        return
    columns = ("answer by", "", "id", "urgency", "topic", "from", "state", "stored", "ack", "answered", "headline")
    screen.table(columns, (_row(one) for one in found["warnings"]))
    for one in found["unread"]:
        screen.say(f"{moment(one['added'])}  a warning of {one['member']} cannot be read here: {one['code']}")


def _row(one: dict[str, Any]) -> Sequence[object]:
    counts = one["counts"]
    of = counts["asked"]
    stored = "-" if counts["stored"] is None else f"{counts['stored']}/{of}"
    return (
        moment(one["answer_by"]),
        "OVERDUE" if one["overdue"] else "",
        one["id"][8:16],
        one["urgency"],
        one["topic"],
        one["giver"],
        one["state"] or "-",
        stored,
        f"{counts['acknowledged']}/{of}",
        f"{counts['answered']}/{of}",
        one["headline"] or "(erased)",
    )


def _show(screen: Screen, one: dict[str, Any]) -> None:
    screen.print(
        f"{one['id']}  {one['urgency']}  {one['topic']}  {one['marking']}  from {one['giver']} in {one['channel']}"
    )
    screen.print(f"{one['headline'] or '(erased)'}" + ("  WITHDRAWN" if one["withdrawn"] else ""))
    if one.get("todo"):
        where = ", ".join(part for part in (one["place"], " ".join(one["countries"])) if part)
        screen.print(f"threatened  {one['threatened']}  ({one['status']}, {one['reliability']}{one['credibility']})")
        screen.print(f"do          {one['todo']}")
        screen.print(f"where       {where or '-'}   from {moment(one['from'])} until {moment(one['until'])}")
    screen.print(f"answer by   {moment(one['answer_by'])}" + ("  OVERDUE" if one["overdue"] else ""))
    screen.print("")
    columns = ("member", "stored", "acknowledged", "answered", "answer", "until", "state", "level", "next", "comment")
    screen.table(columns, (_facts(each) for each in one["recipients"]))


def _facts(one: dict[str, Any]) -> Sequence[object]:
    following = one["next"]
    return (
        one["member"],
        moment(one["stored"]),
        moment(one["acknowledged"]),
        moment(one["answered"]),
        one["answer"] or "-",
        moment(one["until"]),
        (one["state"] or "-") + (" OVERDUE" if one["overdue"] else ""),
        max(one["level"], one["escalated"]),
        f"{following['level']} at {moment(following['at'])}" if following else "-",
        one["comment"] or "",
    )


def ack(
    hands: Hands,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The warning; the first digits of its id do.")],
    answer: Annotated[
        str | None, typer.Option(help="affects-us, not-us, need-more or acting; without it: acknowledged only.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help=f"How long the acknowledgement stands, {_SPAN}.")
    ] = None,
    desk: Annotated[str | None, typer.Option(help="Which desk speaks: a role, never a person's name.")] = None,
    comment: Annotated[str | None, typer.Option(help="One more line, read by everybody in the channel.")] = None,
) -> None:
    """Acknowledge a warning: nobody is paged while that stands. With --answer also answer it: then nobody is paged again."""
    from tocsin.cli.control import ask, segment

    body = {"answer": answer, "until": until, "desk": desk, "comment": comment}
    told = ask(hands.home, lambda control: control.post(f"/warnings/{segment(id_)}/answers", body))
    what = f"answered {told['answer']}" if told["answer"] else "acknowledged"
    until_ = f" until {moment(told['until'])}" if told["until"] else ""
    hands.screen.result("ack", told, [f"{told['id']}  {what}{until_}"])
    if not told["answer"]:
        hands.screen.say("It comes back then, unless it is answered: `tocsin ack ID --answer ...`.")


def escalate(
    hands: Hands,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The warning; the first digits of its id do.")],
    member: Annotated[
        list[str] | None,
        typer.Option(metavar="MEMBER", help="Of our own warning: this silent member; repeat for more."),
    ] = None,
) -> None:
    """Page the next level now, without waiting for it: here, and of our own warning at those who are silent."""
    from tocsin.cli.control import ask, segment

    body = {"members": member or []}
    told = ask(hands.home, lambda control: control.post(f"/warnings/{segment(id_)}/escalations", body))
    lines = [f"{told['id']}  level {one['level']} paged for {one['member']}" for one in told["paged"]]
    hands.screen.result("escalate", told, lines)
