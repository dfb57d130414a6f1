"""tocsin duties: who is concerned by what this member gave to others, and was not told."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount, moment

_FOLLOW: Final = "Do one of: share it where the member is; share a sanitised object that names the duty; decline it."


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Duties to warn: concerned members that were not told.")
    command(group, "list", "duties list", "duties list --state all --json")(list_)
    command(group, "show", "duties show duty-ea2ff1318a5e6e04")(show)
    command(group, "decline", 'duties decline duty-ea2ff1318a5e6e04 --reason "told by telephone at 10:40"')(decline)
    app.add_typer(group, name="duties")


Id = Annotated[str, typer.Argument(metavar="ID", help="The duty's id, as `tocsin duties list` shows it.")]


def list_(
    hands: Hands,
    state: Annotated[str, typer.Option(help="open, warned, sanitised, declined or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=10000, help="At most so many, the oldest first.")] = 200,
) -> None:
    """Members that are concerned by an object of ours and were not in its audience, each with its reason and age.

    A duty ends when the member has signed for the object or for a warning about it, or for another object of ours that is
    derived from it or names the duty; or when somebody declines it with a reason.
    """
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/duties", state=state, limit=limit))
    if hands.screen.json:
        hands.screen.emit("duties", found)
        return
    hands.screen.print(f"{amount(found['open'], 'duty', 'duties')} open")
    columns = ("duty", "member", "state", "age", "object", "why the member is concerned")
    hands.screen.table(
        columns,
        (
            (one["id"], one["member"], one["state"], age(one["age_s"]), one["object_id"], "; ".join(one["reasons"]))
            for one in found["duties"]
        ),
    )


def show(hands: Hands, id_: Id) -> None:
    """One duty: who was not told of what, why it concerns them, since when, and how it ended."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.get(f"/duties/{segment(id_)}"))
    hands.screen.result("duty", found, _lines(found))
    if found["state"] == "open":
        hands.screen.say(_FOLLOW)


def decline(
    hands: Hands,
    id_: Id,
    reason: Annotated[str, typer.Option(help="Why the member will not be told, in up to 500 characters.")],
) -> None:
    """Say that a duty will not be done, and why. The reason is kept at this node and sent to nobody."""
    from tocsin.cli.control import ask, segment

    found = ask(hands.home, lambda control: control.post(f"/duties/{segment(id_)}/decline", {"reason": reason}))
    hands.screen.result("duty", found, _lines(found))


def _lines(one: dict[str, Any]) -> Iterator[str]:
    yield f"{one['id']}  {one['state']}  for {age(one['age_s'])}, since {moment(one['since'])}"
    yield f"{one['member']} is concerned by {one['object_id']}, which went to {one['channel'] or 'a channel left since'}"
    yield from (f"  {reason}" for reason in one["reasons"])
    if one["by"]:
        yield f"told by {one['by']}, signed for {moment(one['closed'])}"
    if one["reason"]:
        yield f"declined {moment(one['closed'])}: {one['reason']}"


def age(seconds: float) -> str:
    """An age for people, in its largest unit."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def untold(concerned: dict[str, Any] | None, *, would: bool) -> list[str]:
    """Who is concerned and outside the audience, in lines; none when everybody is told. Of an older node: none."""
    missing = (concerned or {}).get("untold") or []
    if not missing:
        return []
    verb = "would not be told" if would else "were not told"
    names = ", ".join(one["member"] for one in missing)
    lines = [f"{amount(len(missing), 'concerned member')} {verb}: {names}"]
    for one in missing:
        why = "; ".join(one["reasons"][:3]) + ("; …" if len(one["reasons"]) > 3 else "")
        lines.append(f"  {one['member']}: {amount(one['objects'], 'object')}, {why}")
    return lines
