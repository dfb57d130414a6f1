"""tocsin charter propose, diff and history: how a charter becomes the next one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import Screen, amount, moment
from tocsin.errors import PolicyError

WhichArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[DIGEST|FILE]",
        help="The beginning of a digest, or a file; default: the only proposal there is.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the next charter is to change."""

    admit: Annotated[list[Path], typer.Option(metavar="FILE", help="Admit the member of this descriptor; repeat.")] = (
        field(default_factory=list)
    )
    expel: Annotated[list[str], typer.Option(metavar="MEMBER", help="Expel this member; repeat.")] = field(
        default_factory=list
    )
    suspend: Annotated[
        list[str], typer.Option(metavar="MEMBER", help="Keep its place, but give it neither vote nor audience; repeat.")
    ] = field(default_factory=list)
    readmit: Annotated[list[str], typer.Option(metavar="MEMBER", help="End a suspension; repeat.")] = field(
        default_factory=list
    )
    describe: Annotated[
        list[Path], typer.Option(metavar="FILE", help="A member's new descriptor: keys, endpoint, name; repeat.")
    ] = field(default_factory=list)
    plenary_ceiling: Annotated[
        str | None, typer.Option(help="Strictest TLP the plenary may carry: clear, green or amber.")
    ] = None
    threshold: Annotated[str | None, typer.Option(help="Share of the members that decide, e.g. 2/3.")] = None
    name: Annotated[str | None, typer.Option(help="The federation's name.")] = None
    out: Annotated[
        Path | None, typer.Option(help="Write the proposal to this new file too, for whom it admits to sign.")
    ] = None


def add_to(group: typer.Typer) -> None:
    """Add the commands to `tocsin charter`."""
    command(
        group,
        "propose",
        "charter propose --admit gr-cert.note --out next.note",
        "charter propose --expel fr-cert --threshold 3/4",
    )(propose)
    command(group, "diff", "charter diff", "charter diff 3fa81c", "charter diff next.note --json")(diff)
    command(group, "history", "charter history", "charter history --out history")(history)


def propose(hands: Hands, wishes: Wishes) -> None:
    """Propose the next version of the charter, with our vote. The other members' nodes are told by themselves.

    It is in force once the threshold of today's members has signed it, and everyone whom it admits or describes anew.
    """
    from tocsin.cli.control import ask
    from tocsin.node import ceremony

    notes = {
        key: [ceremony.read_note(one).decode("utf-8", "replace") for one in files]
        for key, files in (("admit", wishes.admit), ("describe", wishes.describe))
    }
    wanted = {
        **notes,
        "expel": wishes.expel,
        "suspend": wishes.suspend,
        "readmit": wishes.readmit,
        "plenary_ceiling": wishes.plenary_ceiling,
        "threshold": wishes.threshold,
        "name": wishes.name,
    }
    if wishes.out is not None:
        ceremony.require_absent(wishes.out)  # a proposal is this member's vote: nothing may fail after it
    told = ask(hands.home, lambda control: control.post("/charter/proposals", wanted))
    if wishes.out is not None:
        _write(wishes.out, told)
    _tell(hands, told, wishes.out)


def sign(hands: Hands, digest: str | None, file: Path | None, merge: list[Path]) -> None:
    """Vote by the running node for a proposal, which it knows or which is in a file; the file gets all signatures."""
    from tocsin.cli.control import ask
    from tocsin.node import ceremony

    wanted: dict[str, Any] = {"digest": digest}
    copies = [*([file] if file else []), *merge]
    if copies:
        note, found = ceremony.merged(copies)
        if file is None and digest and not found.startswith(digest):
            raise PolicyError("policy.no-proposal", f"the files hold the charter {found}, not {digest}")
        wanted = {"statement": note.decode("utf-8", "replace")}
    told = ask(hands.home, lambda control: control.post("/charter/signatures", wanted))
    if file is not None:
        _write(file, told)
    _tell(hands, told, file)


def diff(hands: Hands, which: WhichArgument = None) -> None:
    """What a proposal, a file or a former version changes: members in and out, keys and fingerprints, rules.

    Read every fingerprint that is new over the telephone before you sign.
    """
    import asyncio

    from tocsin.node import ceremony

    told = asyncio.run(ceremony.difference(hands.home, which))
    hands.screen.result("charter-diff", told, _difference(told))


def history(
    hands: Hands,
    out: Annotated[
        Path | None, typer.Option(help="Write a note of every version, and of every proposal, into this folder.")
    ] = None,
) -> None:
    """Every version of the charter that was in force: when, by whose votes, what it changed.

    Whoever is admitted needs them all: `tocsin charter adopt FOLDER/charter-*.note`.
    """
    import asyncio

    from tocsin.node import ceremony

    told = asyncio.run(ceremony.history(hands.home, out))
    lines: list[str] = []
    for one in told["versions"]:
        votes = f"{len(one['votes'])} of {one['of']} signed: {' '.join(one['votes'])}"
        lines += [f"version {one['version']}  {moment(one['created'])}  {one['digest']}", f"  {votes}"]
        lines += [f"  {line}" for line in changes(one["changes"])]
    lines += [f"written  {one}" for one in told["files"]]
    hands.screen.result("charter-history", told, lines)


def print_standing(screen: Screen, told: dict[str, Any]) -> None:
    """A proposal: what it changes and how the vote stands."""
    for line in _standing(told):
        screen.print(line)


def changes(told: dict[str, Any]) -> Iterator[str]:
    """What comparison.changes() has found, a line each."""
    for word, key in (("admits", "admitted"), ("expels", "expelled")):
        for one in told[key]:
            yield f"{word:<9}{one['handle']}  {one['name']}  {one['fingerprint']}  {one['endpoint'] or 'dials out'}"
    for one in told["changed"]:
        yield f"{'changes':<9}{one['handle']}"
        for role, pair in one["keys"].items():
            yield f"         {role} key was {pair['before']}, is {pair['after']}"
        for name, pair in one["fields"].items():
            yield f"         {name} was {pair['before'] or '-'}, is {pair['after'] or '-'}"
    for word, key in (("suspends", "suspended"), ("readmits", "readmitted")):
        if told[key]:
            yield f"{word:<9}{' '.join(told[key])}"
    for name, pair in told["rules"].items():
        before = f" was {pair['before']}," if pair["before"] else ""
        yield f"{'rule':<9}{name.replace('_', ' ')}{before} is {pair['after']}"


def _difference(told: dict[str, Any]) -> Iterator[str]:
    against = told["against"]
    yield f"{told['name']}, version {told['version']}, of {moment(told['created'])}"
    yield f"digest   {told['digest']}"
    yield f"against  {'nothing: no charter is in force here' if against is None else _against(told)}"
    yield from changes(told["changes"])


def _against(told: dict[str, Any]) -> str:
    against = told["against"]
    how = (
        "which it follows"
        if told["follows"]
        else "which it does NOT follow: versions between are missing, or it is foreign"
    )
    return f"version {against['version']} ({against['digest'][:12]}), {how}"


def _standing(told: dict[str, Any]) -> Iterator[str]:
    yield f"proposed version {told['version']}, round {told['round']}, of {moment(told['created'])}"
    yield f"digest   {told['digest']}"
    yield from changes(told["changes"])
    yield f"votes    {len(told['votes'])} of {told['needed']} needed ({amount(told['of'], 'member')}): {' '.join(told['votes']) or 'none'}"
    if told["consent_missing"]:
        yield f"consent  still needed of {' '.join(told['consent_missing'])}"


def _tell(hands: Hands, told: dict[str, Any], file: Path | None) -> None:
    shown = {name: value for name, value in told.items() if name != "statement"} | {"file": str(file) if file else None}
    state = "in force now" if told["in_force"] else "not in force yet"
    hands.screen.result("proposal", shown, [*_standing(told), f"state    {state}"])
    if told["in_force"]:
        return
    if len(told["votes"]) < told["needed"]:
        short = told["digest"][:12]
        hands.screen.say(f"Others vote: `tocsin charter diff {short}`, then `tocsin charter sign {short}`.")
    if told["consent_missing"]:
        where = str(file) if file else "proposal-*.note of `tocsin charter history --out FOLDER`"
        who = " ".join(told["consent_missing"])
        hands.screen.say(
            f"Give {who} the file {where}; there `tocsin charter sign FILE`, and when it is back here the same again."
        )


def _write(file: Path, told: dict[str, Any]) -> None:
    file.write_text(told["statement"], "utf-8")
