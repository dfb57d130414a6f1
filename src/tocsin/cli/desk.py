"""tocsin desk: open sources come in, the same event becomes one story, a person makes a draft of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tocsin.cli import asking
from tocsin.cli.commands import Hands, command
from tocsin.cli.importing import import_
from tocsin.cli.screen import Screen, explain, moment
from tocsin.cli.stories import stories
from tocsin.errors import MEANINGS, ConfigError, PeerError

_OK: Final = 200

Name = Annotated[str, typer.Argument(metavar="NAME", help="The source's name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="The open-source desk: sources, stories, drafts.")
    group.add_typer(_sources(), name="source")
    command(
        group,
        "import",
        "desk import page.html --url https://example.org/page",
        "desk import *.eml report.pdf captures/",
        "desk import https://example.org/page",
    )(import_)
    command(
        group, "list", "desk list --topic cyber --country EG", "desk list --language ar --json", "desk list --hits"
    )(stories)
    command(group, "story", "desk story 3f0a9c1d")(story)
    command(
        group,
        "ask",
        "desk ask 3f0a9c1d 'Who was arrested?'",
        "desk ask 3f0a9c1d --model",
        "desk ask 3f0a9c1d 'Why?' --model",
    )(asking.ask)
    command(group, "follow", "desk follow 3f0a9c1d")(follow)
    command(group, "dismiss", "desk dismiss 3f0a9c1d")(dismiss)
    command(group, "accept", "desk accept 3f0a9c1d 45.155.205.99")(accept)
    command(group, "reject", "desk reject 3f0a9c1d example.net")(reject)
    command(group, "merge", "desk merge 3f0a9c1d 77ab0012")(merge)
    command(group, "split", "desk split 3f0a9c1d DOCUMENT DOCUMENT")(split)
    command(
        group, "draft", "desk draft 3f0a9c1d --out draft.json", "desk draft 3f0a9c1d | tocsin share - --to plenary"
    )(draft)
    command(
        group,
        "warn",
        "desk warn 3f0a9c1d --to plenary --urgency priority --what 'Container ports' --do 'Check the manifests.' --dry-run",
    )(warn)
    app.add_typer(group, name="desk")


def _sources() -> typer.Typer:
    source = typer.Typer(rich_markup_mode=None, help="Where news comes from.")
    command(
        source,
        "add",
        "desk source add harbour-news https://example.org/feed.xml",
        "desk source add ministry https://example.org/sitemap.xml --kind sitemap --every 3600 --letter B",
        "desk source add partner https://taxii.example.org/api1/collections/COLLECTION/ --kind taxii --token-file token.txt",
        "desk source add circle https://misp.example.org/feed/ --kind misp",
    )(add)
    command(
        source,
        "set",
        "desk source set harbour-news --letter B --every 3600",
        "desk source set partner --token-file token.txt",
    )(set_)
    command(source, "list", "desk source list", "desk source list --json")(list_)
    command(source, "test", "desk source test harbour-news")(test)
    command(source, "pull", "desk source pull", "desk source pull harbour-news")(pull)
    command(source, "pause", "desk source pause harbour-news")(pause)
    command(source, "resume", "desk source resume harbour-news")(resume)
    command(source, "remove", "desk source remove harbour-news --yes")(remove)
    return source


@dataclass(frozen=True, slots=True)
class Wish:
    """A source as it is wanted."""

    name: Name
    url: Annotated[str, typer.Argument(metavar="URL", help="Its address, http or https.")]
    kind: Annotated[str, typer.Option(help="feed, page, sitemap, taxii or misp.")] = "feed"
    every: Annotated[int, typer.Option(min=60, metavar="SECONDS", help="How often it is asked.")] = 900
    letter: Annotated[str, typer.Option(help="Its reliability by the Admiralty code, A to F, as people judge it.")] = (
        "F"
    )
    outlet: Annotated[str, typer.Option(help="What it is called where its pages do not say.")] = ""
    follow: Annotated[int, typer.Option(min=0, max=100, help="At most so many entries are fetched a time.")] = 20
    token_file: Annotated[
        Path | None,
        typer.Option(help="A file with the token, or name:password, that the source asks for.", dir_okay=False),
    ] = None
    auth: Annotated[
        str, typer.Option(help="What the token is: bearer, basic (name:password) or key (sent as it is).")
    ] = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be another way with a source."""

    url: Annotated[str | None, typer.Option(help="Another address.")] = None
    every: Annotated[int | None, typer.Option(min=60, metavar="SECONDS", help="How often it is asked.")] = None
    letter: Annotated[str | None, typer.Option(help="Its reliability, A to F, as people judge it.")] = None
    outlet: Annotated[str | None, typer.Option(help="What it is called where its pages do not say.")] = None
    follow: Annotated[int | None, typer.Option(min=0, max=100, help="At most so many entries are fetched a time.")] = (
        None
    )
    token_file: Annotated[
        Path | None, typer.Option(help="A file with another token; an empty one takes the token away.", dir_okay=False)
    ] = None
    auth: Annotated[str | None, typer.Option(help="What the token is: bearer, basic or key.")] = None


def add(hands: Hands, wish: Wish) -> None:
    """Ask a source from now on. `desk source test NAME` says what comes of it."""
    from tocsin.cli.control import ask

    body = {
        "name": wish.name,
        "url": wish.url,
        "kind": wish.kind,
        "every_s": wish.every,
        "letter": wish.letter.upper(),
        "outlet": wish.outlet,
        "follow": wish.follow,
        "token": _token(wish.token_file) or "",
        "auth": wish.auth,
    }
    made = ask(hands.home, lambda control: control.post("/desk/sources", body))
    hands.screen.result("desk-source", made, [f"{made['name']}  {made['kind']} {made['url']}"])


def _token(file: Path | None) -> str | None:
    from tocsin.cli.files import read_file

    return read_file(file, 4096).decode("utf-8", "replace").strip() if file else None


def set_(hands: Hands, name: Name, change: Change) -> None:
    """Change a source: what people think of it, how often it is asked, where it is, how we sign in there."""
    from tocsin.cli.control import ask, segment

    body = {
        "url": change.url,
        "every_s": change.every,
        "letter": change.letter and change.letter.upper(),
        "outlet": change.outlet,
        "follow": change.follow,
        "token": _token(change.token_file),
        "auth": change.auth,
    }
    body = {key: value for key, value in body.items() if value is not None}
    if not body:
        raise ConfigError("config.value", "nothing is to be changed: `tocsin desk source set --help`")
    made = ask(hands.home, lambda control: control.post(f"/desk/sources/{segment(name)}", body))
    hands.screen.result("desk-source", made, [_standing(made)])


def _standing(one: dict[str, Any]) -> str:
    return f"{one['name']}  {one['state']}  {one['letter']}  every {one['every_s']} s  {one['url']}"


def list_(hands: Hands) -> None:
    """Every source, and how it stands."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/desk/sources"))
    if hands.screen.json:
        hands.screen.emit("desk-sources", {"sources": found})
        return
    columns = ("source", "kind", "state", "last asked", "next", "documents", "letter", "last fault", "address")
    hands.screen.table(
        columns,
        (
            (
                one["name"],
                one["kind"],
                one["state"],
                moment(one["asked"]) if one["asked"] else "never",
                moment(one["next"]) if one["next"] and one["state"] != "paused" else "-",
                str(one["documents"]),
                one["letter"],
                _fault(one),
                one["url"],
            )
            for one in found
        ),
    )
    for code in dict.fromkeys(one["code"] for one in found if one["code"]):
        meaning = MEANINGS.get(code)
        if meaning is not None:
            hands.screen.say(f"{code}: {meaning.why} {meaning.do}")


def _fault(one: dict[str, Any]) -> str:
    return f"{one['code']} {one['status'] or ''}".strip() if one["code"] else "-"


def test(hands: Hands, name: Name) -> int:
    """Ask a source once, show what would come of it, keep nothing. An answer that is no page ends with `desk.unreachable`."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.post(f"/desk/sources/{segment(name)}/test", {}))
    lines = [
        f"{found['name']}  HTTP {found['status']}  {found['media_type']}  {found['bytes']:,} bytes",
        f"{found['documents']} documents, {found['links']} links"
        + (f", {found['left_out']} reports left out: they are not open" if found["left_out"] else ""),
        *(f"  {title}" for title in found["titles"]),
    ]
    hands.screen.result("desk-source-test", found, lines)
    return 0 if found["status"] == _OK else _failed(hands, "desk.unreachable", f"the source answers {found['status']}")


def _failed(hands: Hands, code: str, what: str) -> int:
    """The exit code of what came of a source, once all of it was told."""
    error = PeerError(code, what)
    hands.screen.tell(explain(error))
    return error.exit_status


def pull(hands: Hands, name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this one.")] = "") -> int:
    """Ask now, whether it is due or not: one source, or all that are not paused. One that fails ends with its own code."""
    from tocsin.cli.control import Control, ask, segment

    async def talk(control: Control) -> list[Any]:
        names = [name]
        if not name:
            names = [one["name"] for one in await control.get("/desk/sources") if one["state"] != "paused"]
        out = []
        for done, one in enumerate(names, 1):
            told = await control.post(f"/desk/sources/{segment(one)}/pull", {})
            out.append(told)
            fault = f"  {told['code']}" if told.get("code") else ""
            hands.screen.say(f"{done}/{len(names)}  {one}  {told['state']}  {told['new']} new{fault}")
        return out

    found = ask(hands.home, talk)
    new = sum(one["new"] for one in found)
    hands.screen.result(
        "desk-pull", {"sources": found, "new": new}, [f"{len(found)} sources asked, {new} new documents"]
    )
    if name and found[0].get("code"):
        return _failed(hands, found[0]["code"], f"the source is {found[0]['state']}")
    return 0


def pause(hands: Hands, name: Name) -> None:
    """Ask it no longer, and keep it."""
    _paused(hands, name, paused=True)


def resume(hands: Hands, name: Name) -> None:
    """Ask it again."""
    _paused(hands, name, paused=False)


def _paused(hands: Hands, name: str, *, paused: bool) -> None:
    from tocsin.cli.control import ask, segment

    made = ask(hands.home, lambda control: control.post(f"/desk/sources/{segment(name)}", {"paused": paused}))
    hands.screen.result("desk-source", made, [f"{made['name']}  {made['state']}"])


def remove(hands: Hands, name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Forget a source. The documents that came of it stay."""
    from tocsin.cli.control import ask, segment

    hands.require_consent(f"Forget the source {name}?", yes=yes)
    ask(hands.home, lambda control: control.delete(f"/desk/sources/{segment(name)}"))
    hands.screen.result("desk-source-removed", {"removed": name}, [f"{name} removed"])


# -- stories --------------------------------------------------------------------------------------------------------

Id = Annotated[str, typer.Argument(metavar="ID", help="The story; the first digits of its id do.")]


def story(hands: Hands, id_: Id) -> None:
    """A story: who tells it, who only carries it, what was found, what it says in its own words."""
    from tocsin.cli.control import ask, segment

    told = ask(hands.home, lambda control: control.get(f"/desk/stories/{segment(id_)}"))
    hands.screen.emit("desk-story", told) if hands.screen.json else _show(hands.screen, told)


def _show(screen: Screen, told: dict[str, Any]) -> None:
    listed, grade = told["listed"], told["grade"]
    screen.print(f"{listed['id']}  {listed['state']}  {grade['letter']}{grade['digit']}")
    screen.print(listed["title"])
    screen.print(f"countries {' '.join(listed['countries']) or '-'}   topics {' '.join(listed['topics']) or '-'}")
    for reason in grade["reasons"]:
        screen.print(f"  {reason}")
    for one in told["interests"]:
        screen.print(f"  meets our interest: {one}")
    screen.print("")
    columns = ("document", "published", "outlet", "origin", "language", "copy of", "title")
    screen.table(
        columns,
        (
            (
                one["id"][:12],
                moment(one["published"]),
                one["outlet"],
                one["origin"],
                one["language"],
                one["copy_of"][:12] or "-",
                one["title"],
            )
            for one in told["documents"]
        ),
    )
    screen.print("")
    for quote in told["summary"]:
        screen.print(f"\u201c{quote['text']}\u201d  ({quote['outlet']})")
    if told["findings"]:
        screen.print("")
        screen.table(("value", "kind", "verdict", "judged", "why"), (_finding(one) for one in told["findings"]))


def _finding(one: dict[str, Any]) -> tuple[object, ...]:
    found = one["finding"]
    judged = "-" if one["taken"] is None else "accepted" if one["taken"] else "rejected"
    return (found["value"], found["kind"], found["verdict"], judged, found["reason"] or "-")


def follow(hands: Hands, id_: Id) -> None:
    """Follow a story."""
    _state(hands, id_, "followed")


def dismiss(hands: Hands, id_: Id) -> None:
    """Dismiss a story: it is listed with --state dismissed, and stays."""
    _state(hands, id_, "dismissed")


def _state(hands: Hands, id_: str, state: str) -> None:
    _acted(hands, id_, "state", {"state": state}, f"{state}")


Value = Annotated[str, typer.Argument(metavar="VALUE", help="As `desk story` shows it.")]


def accept(hands: Hands, id_: Id, value: Value) -> None:
    """Take a value into the draft. Only defanged values and hashes become indicators."""
    _acted(hands, id_, "findings", {"value": value, "taken": True}, f"accepted: {value}")


def reject(hands: Hands, id_: Id, value: Value) -> None:
    """Leave a value out of the draft."""
    _acted(hands, id_, "findings", {"value": value, "taken": False}, f"rejected: {value}")


def merge(
    hands: Hands,
    id_: Id,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The story whose documents come to it.")],
) -> None:
    """Two stories are one event. It is remembered, and wins over what the desk finds by itself."""
    _acted(hands, id_, "merge", {"other": other}, "merged")


def split(
    hands: Hands,
    id_: Id,
    documents: Annotated[
        list[str], typer.Argument(metavar="DOCUMENT...", help="Their whole ids, as --json shows them.")
    ],
) -> None:
    """Some documents are another event. It is remembered, and wins over what the desk finds by itself."""
    _acted(hands, id_, "split", {"documents": documents}, "split")


def _acted(hands: Hands, id_: str, act: str, body: dict[str, Any], what: str) -> None:
    from tocsin.cli.control import ask, segment

    told = ask(hands.home, lambda control: control.post(f"/desk/stories/{segment(id_)}/{act}", body))
    made = f"  and {told['made']}" if "made" in told else ""
    hands.screen.result(f"desk-{act}", told, [f"{told['story']}{made}  {what}"])


def draft(
    hands: Hands,
    id_: Id,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write them there.", dir_okay=False)] = None,
) -> None:
    """The story as STIX objects, one a line: read them, change them, then `tocsin share FILE --to CHANNEL`. Nothing is sent."""
    from tocsin.cli.control import ask, segment
    from tocsin.cli.files import write_file
    from tocsin.formats import canonical

    told = ask(hands.home, lambda control: control.post(f"/desk/stories/{segment(id_)}/draft", {}))
    lines = [canonical.encode(one).decode() for one in told["objects"]]
    report = told["objects"][-1]["id"]
    if out is not None:
        write_file(out, ("\n".join(lines) + "\n").encode())
        text = f"{len(lines)} objects in {out}; share them: tocsin share {out} --to CHANNEL"
        hands.screen.result("desk-draft", {"report": report, **told, "file": str(out)}, [text])
        return
    hands.screen.result("desk-draft", {"report": report, **told}, lines)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a person adds to a story for a warning."""

    to: Annotated[str, typer.Option("--to", metavar="CHANNEL", help="The channel; its members are asked to answer.")]
    urgency: Annotated[str, typer.Option(help="flash, immediate, priority or routine.")]
    what: Annotated[str, typer.Option("--what", help="What or who is threatened.")]
    do: Annotated[str, typer.Option("--do", help="What to do about it.")]
    headline: Annotated[str, typer.Option(help="Instead of the story's title.")] = ""
    topic: Annotated[str, typer.Option(help="Instead of the story's topic.")] = ""
    country: Annotated[list[str] | None, typer.Option(help="Instead of the story's countries; repeat for more.")] = None
    tlp: Annotated[str, typer.Option(help="How it may be handled.")] = "clear"
    about: Annotated[list[str] | None, typer.Option(metavar="ID", help="Object it is about; repeat for more.")] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent to whom, send nothing.")] = False
    expect_recipients: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Refuse unless exactly so many members would read it."),
    ] = None


def warn(hands: Hands, id_: Id, alarm: Alarm) -> None:
    """Warn the members of a channel of a story. Headline, topic, countries and grade are the story's; the rest is yours."""
    from tocsin.cli.control import ask, segment
    from tocsin.cli.warning import tell_raised

    body = {
        "channel": alarm.to,
        "urgency": alarm.urgency,
        "threatened": alarm.what,
        "todo": alarm.do,
        "headline": alarm.headline,
        "topic": alarm.topic,
        "countries": alarm.country or [],
        "tlp": alarm.tlp,
        "about": alarm.about or [],
        "dry_run": alarm.dry_run,
        "expect_recipients": alarm.expect_recipients,
    }
    told = ask(hands.home, lambda control: control.post(f"/desk/stories/{segment(id_)}/warning", body))
    tell_raised(hands.screen, told, dry_run=alarm.dry_run)
