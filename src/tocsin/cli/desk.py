"""tocsin desk: open sources come in, the same event becomes one story, a person makes a draft of it."""

from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment
from tocsin.errors import ConfigError

if TYPE_CHECKING:
    from tocsin.cli.control import Control

_MOST_BYTES: Final = 16 * 1024 * 1024
Name = Annotated[str, typer.Argument(metavar="NAME", help="The source's name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="The open-source desk: sources, stories, drafts.")
    source = typer.Typer(rich_markup_mode=None, help="Where news comes from.")
    command(
        source,
        "add",
        "desk source add harbour-news https://example.org/feed.xml",
        "desk source add ministry https://example.org/sitemap.xml --kind sitemap --every 3600 --letter B",
    )(add)
    command(source, "list", "desk source list", "desk source list --json")(list_)
    command(source, "test", "desk source test harbour-news")(test)
    command(source, "pull", "desk source pull", "desk source pull harbour-news")(pull)
    command(source, "pause", "desk source pause harbour-news")(pause)
    command(source, "resume", "desk source resume harbour-news")(resume)
    command(source, "remove", "desk source remove harbour-news --yes")(remove)
    group.add_typer(source, name="source")
    command(
        group,
        "import",
        "desk import page.html --url https://example.org/page",
        "desk import *.eml report.pdf",
        "desk import https://example.org/page",
    )(import_)
    app.add_typer(group, name="desk")


@dataclass(frozen=True, slots=True)
class Wish:
    """A source as it is wanted."""

    name: Name
    url: Annotated[str, typer.Argument(metavar="URL", help="Its address, http or https.")]
    kind: Annotated[str, typer.Option(help="feed, page, sitemap, taxii or misp.")] = "feed"
    every: Annotated[int, typer.Option(min=60, metavar="SECONDS", help="How often it is asked.")] = 900
    letter: Annotated[
        str, typer.Option(help="Its reliability by the Admiralty code, A to F, as people judge it.")
    ] = "F"
    outlet: Annotated[str, typer.Option(help="What it is called where its pages do not say.")] = ""
    follow: Annotated[int, typer.Option(min=0, max=100, help="At most so many entries are fetched a time.")] = 20
    token_file: Annotated[
        Path | None, typer.Option(help="A file with what an API wants as Authorization.", dir_okay=False)
    ] = None


def add(hands: Hands, wish: Wish) -> None:
    """Ask a source from now on. `desk source test NAME` says what comes of it."""
    from tocsin.cli.control import ask
    from tocsin.cli.files import read_file

    token = read_file(wish.token_file, 4096).decode("utf-8", "replace").strip() if wish.token_file else ""
    body = {
        "name": wish.name,
        "url": wish.url,
        "kind": wish.kind,
        "every_s": wish.every,
        "letter": wish.letter.upper(),
        "outlet": wish.outlet,
        "follow": wish.follow,
        "token": token,
    }
    made = ask(hands.home, lambda control: control.post("/desk/sources", body))
    hands.screen.result("desk-source", made, [f"{made['name']}  {made['kind']} {made['url']}"])


def list_(hands: Hands) -> None:
    """Every source, and how it stands."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/desk/sources"))
    if hands.screen.json:
        hands.screen.emit("desk-sources", {"sources": found})
        return
    columns = ("source", "kind", "state", "last asked", "documents", "letter", "last fault", "address")
    hands.screen.table(
        columns,
        (
            (
                one["name"],
                one["kind"],
                one["state"],
                moment(one["asked"]) if one["asked"] else "never",
                str(one["documents"]),
                one["letter"],
                one["code"],
                one["url"],
            )
            for one in found
        ),
    )


def test(hands: Hands, name: Name) -> None:
    """Ask a source once, show what would come of it, keep nothing."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.post(f"/desk/sources/{segment(name)}/test", {}))
    lines = [
        f"{found['name']}  HTTP {found['status']}  {found['media_type']}  {found['bytes']:,} bytes",
        f"{found['documents']} documents, {found['links']} links",
        *(f"  {title}" for title in found["titles"]),
    ]
    hands.screen.result("desk-source-test", found, lines)


def pull(hands: Hands, name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this one.")] = "") -> None:
    """Ask now, whether it is due or not: one source, or all that are not paused."""
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


def import_(
    hands: Hands,
    what: Annotated[list[str], typer.Argument(metavar="FILE|URL...", help="Files, or addresses to be fetched once.")],
    url: Annotated[str, typer.Option(help="Where a file was captured from.")] = "",
    outlet: Annotated[str, typer.Option(help="Who published it, where it does not say.")] = "",
) -> None:
    """Read pages, feeds, mails, PDF or text that you have, as if they had come from a source."""
    from tocsin.cli.control import Control, ask

    async def talk(control: Control) -> list[Any]:
        out = []
        for done, one in enumerate(what, 1):
            told = await _imported(control, one, url, outlet)
            out.append(told)
            hands.screen.say(f"{done}/{len(what)}  {one}  {told['documents']} documents, {told['new']} new")
        return out

    found = ask(hands.home, talk)
    new = sum(one["new"] for one in found)
    hands.screen.result("desk-import", {"captures": found, "new": new}, [f"{len(found)} read, {new} new documents"])


async def _imported(control: "Control", what: str, url: str, outlet: str) -> dict[str, Any]:
    from tocsin.cli.files import read_file

    if what.startswith(("http://", "https://")):
        found: dict[str, Any] = await control.post("/desk/fetched", {"url": what})
        return found
    path = Path(what)
    media_type = guess_type(path.name)[0] or "application/octet-stream"
    query = {"url": url, "outlet": outlet, "media_type": media_type}
    async for told in control.rows("POST", "/desk/imported", query, read_file(path, _MOST_BYTES)):
        return told
    raise ConfigError("config.node-stopped", "the node ended while it was answering")
