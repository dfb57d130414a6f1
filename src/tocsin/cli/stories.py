"""tocsin desk list: stories by event, or what of them met our standing interests."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands
from tocsin.cli.screen import moment
from tocsin.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stories."""

    topic: Annotated[str, typer.Option(help="Only about this: cyber, terrorism, organised-crime.")] = ""
    country: Annotated[str, typer.Option(help="Only about this country, two letters.")] = ""
    language: Annotated[str, typer.Option(help="Only with a document in this language, two letters.")] = ""
    state: Annotated[str, typer.Option(help="open, followed or dismissed.")] = ""
    text: Annotated[str, typer.Option(help="Only with all these words in titles, outlets or the first paragraph.")] = ""
    interest: Annotated[bool, typer.Option("--interest", help="Only what met any of our standing interests.")] = False
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many, the newest first.")] = 50


def stories(
    hands: Hands,
    wanted: Wanted,
    hits: Annotated[bool, typer.Option("--hits", help="Which stories met which of our standing interests.")] = False,
) -> None:
    """Stories, the newest first: one line for one event, however many outlets tell of it."""
    from tocsin.cli.control import ask

    screen = hands.screen
    if hits:
        if replace(wanted, limit=0) != Wanted(limit=0):
            raise ConfigError("config.value", "--hits goes with --limit alone")
        found = ask(hands.home, lambda control: control.get("/desk/hits", limit=wanted.limit))
        rows = ((moment(one["at"]), one["interest"], one["story"][:8], one["title"]) for one in found)
        if screen.json:
            screen.emit("desk-hits", {"hits": found})
        else:
            screen.table(("found", "looked for", "story", "title"), rows)
        return
    query = {**asdict(wanted), "of_interest": int(wanted.interest)}
    told = ask(hands.home, lambda control: control.get("/desk/stories", **query))
    if screen.json:
        screen.emit("desk-stories", told)
        return
    columns = ("story", "last", "documents", "outlets", "origins", "grade", "languages", "countries", "topics", "title")
    screen.table(columns, (_line(one) for one in told["listed"]))
    screen.say(f"{told['stories']:,} stories of {told['documents']:,} documents.")


def _line(one: dict[str, Any]) -> tuple[object, ...]:
    return (
        one["id"][:8],
        moment(one["last"]),
        one["documents"],
        len(one["outlets"]),
        one["origins"],
        f"{one['letter']}{one['digit']}",
        " ".join(one["languages"]),
        " ".join(one["countries"][:6]),
        " ".join(one["topics"]),
        one["title"],
    )
