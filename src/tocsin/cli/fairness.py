"""tocsin fairness: giving and getting, by use and not by volume; and statements that the other side can recompute."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount, moment

_DIFFERS: Final = 5
_OPEN: Final = 1
_STATUS: Final = {"equal": 0, "differs": _DIFFERS}
_MOST: Final = 4 * 1024 * 1024
_COLUMNS: Final = (
    "",
    "given",
    "withdrawn",
    "claims",
    "first",
    "confirmed",
    "sighted",
    "used",
    "judged",
    "false",
    "unique",
    "correct",
    "relevant",
    "useful",
    "only here",
    "seen to shared",
    "to answer",
)
_Member = Annotated[str | None, typer.Option(help="One other member.", show_default=False)]
_Since = Annotated[str | None, typer.Option(metavar="DATE", help="Shared from this date on.", show_default=False)]
_Until = Annotated[str | None, typer.Option(metavar="DATE", help="Shared before this date.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Who gives and who gets, measured by use.")
    command(group, "show", "fairness show", "fairness show --member fr-cert --since 2026-01-01 --json")(show)
    command(group, "plenary", "fairness plenary")(plenary)
    command(group, "statement", "fairness statement --member fr-cert --out fairness.note")(statement)
    command(group, "verify", "fairness verify fairness.note")(verify)
    app.add_typer(group, name="fairness")


def show(
    hands: Hands,
    member: _Member = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.", show_default=False)] = None,
    since: _Since = None,
    until: _Until = None,
) -> None:
    """What this node gave and how it was judged; and the row that it shares with each other member, or with one."""
    from tocsin.cli.control import ask

    wanted = {"member": member, "channel": channel, "since": since, "until": until}
    found = ask(hands.home, lambda control: control.get("/fairness", **wanted))
    if hands.screen.json:
        hands.screen.emit("fairness", found)
        return
    hands.screen.table(_COLUMNS, _rows(found))
    for pair in found["pairs"]:
        if pair["unknown"]:
            many = amount(pair["unknown"], "entry", "entries")
            hands.screen.say(f"{pair['member']}: {many} cannot be read here, erased or held back")


def _rows(found: dict[str, Any]) -> Iterator[list[object]]:
    if "own" in found:
        for one in found["own"]["channels"]:
            yield [f"{found['member']} in {one['name']}", *_cells(one)]
        yield [f"{found['member']} to all", *_cells(found["own"]["total"])]
    for pair in found["pairs"]:
        ways = (("gave", found["member"], pair["member"]), ("got", pair["member"], found["member"]))
        for way, one, other in ways:
            if len(found["pairs"]) == 1:
                yield from ([f"{one} to {other} in {each['name']}", *_cells(each[way])] for each in pair["channels"])
            yield [f"{one} to {other}", *_cells(pair["total"][way])]


def _cells(one: dict[str, Any]) -> list[object]:
    counts = [
        one[key] for key in ("given", "withdrawn", "claims", "first", "confirmed", "sighted", "used", "judged", "false")
    ]
    parts = [_percent(one[key]) for key in ("correctness", "relevance", "utility", "uniqueness")]
    return [*counts, one["unique"], *parts, _time(one["share_ms"]), _time(one["answer_ms"])]


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{100 * part:.1f} %"


def _time(ms: int | None) -> str:
    if ms is None:
        return "-"
    seconds = ms / 1000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def plenary(hands: Hands, since: _Since = None, until: _Until = None) -> None:
    """How giving is spread over all members, from the plenary's logs: no names, nothing over fewer than three members."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/fairness/plenary", since=since, until=until))
    hands.screen.result("fairness.plenary", found, _spread(found))


def _spread(found: dict[str, Any]) -> list[str]:
    if found["suppressed"]:
        return [f"{amount(found['members'], 'member')}: too few to say anything without naming somebody"]
    lines = [amount(found["members"], "member")]
    for key, label in (("claims", "claims given"), ("useful", "of use to others")):
        one = found[key]
        quarters = " ".join(f"{part:g}" for part in one["quartiles"])
        lines.append(
            f"{label}: quartiles {quarters}, Gini {_number(one['gini'])}, largest giver {_percent(one['largest_share'])}"
        )
        if one["alarm"]:
            lines.append(f"  ALARM: without its largest giver more than half of this is gone ({label})")
    ratio = found["give_get"]
    quarters = " ".join(f"{part:g}" for part in ratio["quartiles"]) if ratio else "too few members to tell"
    return [*lines, f"given for each that was got, by use: {quarters}"]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def statement(
    hands: Hands,
    member: Annotated[str, typer.Option(help="The other member of the row.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The new file.", readable=False)],
    since: _Since = None,
    until: _Until = None,
) -> None:
    """Write the row shared with a member as a signed note: with the state of every log it was computed from."""
    from tocsin.cli.control import ask
    from tocsin.cli.files import write_file

    wanted = {"member": member, "since": since, "until": until}
    found = ask(hands.home, lambda control: control.get("/fairness/statement", **wanted))
    write_file(out, found["file"].encode())
    logs = amount(len(found["statement"]["frontier"]), "log")
    hands.screen.result("fairness.statement", {"file": str(out), **found["statement"]}, [f"{out}  {logs}"])
    hands.screen.say(f"{member} checks it with `tocsin fairness verify {out.name}`.")


def verify(
    hands: Hands, file: Annotated[Path, typer.Argument(metavar="FILE", help="A statement.", readable=False)]
) -> int:
    """Compute every figure of a statement again, from this node's own copies of the logs.

    Exit status 5 when a figure differs, 1 when this node cannot tell (yet).
    """
    from tocsin.cli.control import ask
    from tocsin.cli.files import read_file

    data = read_file(file, _MOST).decode(errors="replace")
    found = ask(hands.home, lambda control: control.post("/fairness/verification", {"file": data}))
    hands.screen.result("fairness.verification", found, _verdict(found))
    return _STATUS.get(found["verdict"], _OPEN)


def _verdict(found: dict[str, Any]) -> list[str]:
    lines = [f"{found['by']} about itself and {found['to']}, {moment(found['as_of'])}: {_SAID[found['verdict']]}"]
    lines += [f"  {one['figure']}: stated {one['stated']}, computed {one['computed']}" for one in found["differences"]]
    lines += [
        f"  {one['origin']} {one['slot'][:16]}: stated {one['stated']}, held {one['held']}" for one in found["missing"]
    ]
    if found["strange_logs"]:
        lines.append(f"  {amount(found['strange_logs'], 'log')} of it this node does not know")
    if found["unknown"]:
        lines.append(f"  {amount(found['unknown'], 'entry', 'entries')} of it cannot be read here any more")
    if found["left_out"]:
        lines.append(f"  {amount(found['left_out'], 'entry', 'entries')} older than the statement are not in it")
    return lines


_SAID: Final = {
    "equal": "every figure is the same",
    "differs": "NOT the same",
    "not-held": "this node does not hold all of these logs yet; try again later",
    "unsure": "cannot be told here: some of its entries are erased or held back",
}
