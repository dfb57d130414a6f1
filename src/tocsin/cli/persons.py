"""tocsin person: what is about persons, from the second signature to the objection."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment
from tocsin.formats.objection import REASONS


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="What is about persons: second signature, objections, reviews.")
    command(group, "pending", "person pending")(pending)
    command(group, "approve", "person approve 5f6b… --token-file ~/.releaser", "person approve 5f6b… < token")(approve)
    command(
        group,
        "object",
        'person object identity--6f1a8a30-5f0c-4b0e-9d0a-0d7b1f1b2c3d --reason mistaken-identity --statement "It is another man."',
    )(object_)
    command(group, "reviews", "person reviews", "person reviews --days 0 --json")(reviews)
    inner = typer.Typer(rich_markup_mode=None, help="Objections: list, answer as originator, lift one's own.")
    command(inner, "list", "person objections list", "person objections list --json")(list_)
    command(inner, "answer", 'person objections answer note--4c0f --decision upheld --statement "You are right."')(
        answer
    )
    command(inner, "lift", 'person objections lift note--4c0f --statement "We have seen the evidence."')(lift)
    group.add_typer(inner, name="objections")
    app.add_typer(group, name="person")


def pending(hands: Hands) -> None:
    """Shares about persons that wait for a second person, or were approved within the last seven days."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/persons/releases"))
    if hands.screen.json:
        hands.screen.emit("releases", {"releases": found})
        return
    rows = (
        (
            one["digest"],
            one["channel"],
            one["persons"],
            moment(one["until"]),
            " ".join(one["approved"]) or "-",
            " ".join(one["missing"]) or "-",
        )
        for one in found
    )
    hands.screen.table(("digest", "channel", "persons", "until", "approved by", "waits for"), rows)


def approve(
    hands: Hands,
    digest: Annotated[
        str, typer.Argument(help="As `tocsin share` told it; `tocsin share --dry-run` of the file tells it too.")
    ],
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the releaser's token. Default: standard input.")
    ] = None,
) -> None:
    """Approve a share about persons as its second signatory; then the first shares the same file again.

    Look at the file first: `tocsin share FILE --to CHANNEL --dry-run` must tell this digest.
    """
    from tocsin.cli.control import ask
    from tocsin.errors import ConfigError

    try:
        token = token_file.read_text("ascii") if token_file is not None else sys.stdin.read(256)
    except (OSError, UnicodeError) as error:
        raise ConfigError("config.value", "the file with the token cannot be read") from error
    wanted = {"digest": digest, "token": token.strip()}
    made = ask(hands.home, lambda control: control.post("/persons/approvals", wanted))
    waits = " ".join(made["missing"])
    line = f"approved by {' '.join(made['approved'])}; " + (f"waits for {waits}" if waits else "it may be shared now")
    hands.screen.result(
        "approval", made, [f"{made['digest']}  {made['persons']} about persons in {made['channel']}", line]
    )


def object_(
    hands: Hands,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The STIX id of the object about a person.")],
    reason: Annotated[str, typer.Option(help=f"One of: {', '.join(REASONS)}.")],
    statement: Annotated[
        str, typer.Option(help="Why, for every member of the channel to read; up to 2,000 characters.")
    ],
    channel: Annotated[str | None, typer.Option(help="Only in this channel; default: wherever it is held.")] = None,
) -> None:
    """Object to what a member shared about a person: it is suspended everywhere at once, until it is decided.

    The originator answers within 14 days, or it is withdrawn. `tocsin person objections lift` takes an objection back.
    """
    from tocsin.cli.control import ask

    wanted = {"object_id": id_, "reason": reason, "statement": statement, "channel": channel}
    made = ask(hands.home, lambda control: control.post("/persons/objections", wanted))
    hands.screen.result("objection", made, [f"{made['object_id']}  suspended in {' '.join(made['channels'])}"])


def list_(hands: Hands) -> None:
    """Every objection, how it stands, and until when its originator may answer."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/persons/objections"))
    figures = ask(hands.home, lambda control: control.get("/persons/figures"))
    if hands.screen.json:
        hands.screen.emit("objections", {"objections": found, "figures": figures})
        return
    columns = ("objection", "raised", "channel", "by", "reason", "object", "originators", "state", "answer until")
    rows = (
        (
            one["objection"],
            moment(one["raised"]),
            one["channel"],
            one["by"],
            one["reason"],
            one["object_id"],
            " ".join(one["originators"]) or "-",
            one["state"],
            moment(one["answer_until"]) if one["state"] == "open" else "-",
        )
        for one in found
    )
    hands.screen.table(columns, rows)
    for year, told in sorted(figures.items()):
        ended = ", ".join(f"{told[name]} {name}" for name in ("open", "answered", "lifted", "upheld", "withdrawn"))
        days = "-" if told["median_days"] is None else f"{told['median_days']} days"
        hands.screen.print(f"{year}  {told['objections']} objections: {ended}; median until decided {days}")


def answer(
    hands: Hands,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The objection's id, or the beginning of it.")],
    decision: Annotated[
        str, typer.Option(help="maintained (it stays suspended until the objector lifts) or upheld (withdrawn).")
    ],
    statement: Annotated[str, typer.Option(help="Why, for every member of the channel to read.")],
) -> None:
    """Answer an objection to what this member shared about a person. Upheld, follow with `tocsin erase order`."""
    from tocsin.cli.control import ask, segment

    wanted = {"decision": decision, "statement": statement}
    made = ask(hands.home, lambda control: control.post(f"/persons/objections/{segment(id_)}/answer", wanted))
    hands.screen.result("objection", made, [f"{made['objection']}  {made['object_id']}  {made['state']}"])


def lift(
    hands: Hands,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The objection's id, or the beginning of it.")],
    statement: Annotated[str, typer.Option(help="Why, for every member of the channel to read.")],
) -> None:
    """Take this member's own objection back: what no other objection holds is shown again."""
    from tocsin.cli.control import ask, segment

    path = f"/persons/objections/{segment(id_)}/lift"
    made = ask(hands.home, lambda control: control.post(path, {"statement": statement}))
    hands.screen.result("objection", made, [f"{made['objection']}  {made['object_id']}  {made['state']}"])


def reviews(
    hands: Hands,
    days: Annotated[int, typer.Option(min=0, max=366, help="Due within so many days.")] = 30,
) -> None:
    """Objects about persons whose review day comes: look at them again and share a new version, or let them end."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/persons/reviews", days=days))
    if hands.screen.json:
        hands.screen.emit("reviews", {"reviews": found})
        return
    rows = ((one["review"], one["channel"], one["member"], one["object_id"]) for one in found)
    hands.screen.table(("review", "channel", "member", "object"), rows)
