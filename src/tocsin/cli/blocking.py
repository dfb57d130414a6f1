"""tocsin blocklist, denylist, origin: what may be blocked, what must not be, and whom we do not believe any more."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment
from tocsin.errors import ConfigError

_KINDS: Final = ("ip", "domain", "url", "hash")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "blocklist", "blocklist --kind ip --out /etc/firewall/tocsin.txt", "blocklist --format csv --manual")(
        blocklist
    )
    lists = typer.Typer(rich_markup_mode=None, help="Deny-lists: what must not be blocked, whoever asks for it.")
    command(lists, "list", "denylist list", "denylist list --json")(denylists)
    command(lists, "check", "denylist check 8.8.8.8")(check)
    app.add_typer(lists, name="denylist")
    origins = typer.Typer(rich_markup_mode=None, help="Origins: stop showing and exporting what a member shares, here.")
    command(origins, "block", 'origin block fr-cert --reason "its feed lists our resolvers"')(block)
    command(origins, "unblock", 'origin unblock fr-cert --reason "mended, they say, and we looked"')(unblock)
    command(origins, "list", "origin list", "origin list --json")(origin_list)
    app.add_typer(origins, name="origin")


def blocklist(
    hands: Hands,
    kind: Annotated[str | None, typer.Option(help="Only ip, domain, url or hash; default: all four.")] = None,
    format_: Annotated[str, typer.Option("--format", help="plain, csv or json.")] = "plain",
    channel: Annotated[str | None, typer.Option(help="Only what was shared in this channel.")] = None,
    min_origins: Annotated[
        int | None, typer.Option(min=1, help="So many independent origins or more; below 2 only with --manual.")
    ] = None,
    manual: Annotated[
        bool, typer.Option("--manual", help="For people who look at each line: one origin is enough; marked so.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file, whole or not at all; default: stdout.")] = None,
) -> None:
    """The values that two or more independent origins call malicious, and that no deny-list has: for automatic blocking.

    Revoked, recalled, expired and doubted indicators do not count, nor those of blocked origins, nor TLP:RED.
    """
    from tocsin.cli.control import ask
    from tocsin.exporters import blocklist as exporter

    if format_ not in exporter.FORMATS:
        raise ConfigError("config.value", f"a blocklist has the format {', '.join(exporter.FORMATS)}")
    wanted = {"kind": kind, "channel": channel, "min_origins": min_origins, "manual": int(manual) or None}
    told = ask(hands.home, lambda control: control.get("/blocklist", **wanted))
    if out is not None:
        _write(out, exporter.lines(told, format_))
        told = {**told, "entries": [], "out": str(out)}
    if hands.screen.json:
        hands.screen.emit("blocklist", told)
        return
    if out is None:
        for line in exporter.lines(told, format_):
            hands.screen.print(line)
        return
    hands.screen.say(f"{told['exported']:,} values to {out}, {told['held_back']:,} held back by deny-lists")


def _write(out: Path, lines: Any) -> None:
    # A firewall that reads half a list would open what the other half closed.
    fresh = out.with_name(out.name + ".new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        fresh.replace(out)
    except OSError as error:
        raise ConfigError("config.file", f"{out} cannot be written") from error


def denylists(hands: Hands) -> None:
    """The lists that are asked, with their versions and sizes, and what a hit does."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/denylists"))
    if hands.screen.json:
        hands.screen.emit("denylists", found)
        return
    rows = ((one["list"], one["version"], f"{one['entries']:,}", one["effect"]) for one in found["lists"])
    hands.screen.table(("list", "version", "entries", "effect"), rows)
    hands.screen.print(f"members: {found['own_networks']} networks, {found['own_names']} names")
    if found["fault"]:
        hands.screen.say(f"{found['fault']}: the lists are not loaded, and nothing is exported for blocking")


def check(
    hands: Hands, value: Annotated[str, typer.Argument(help="An address, network, name, URL, hash or e-mail.")]
) -> int:
    """Which lists have a value. Exit code 4 when one has it."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/denylists/check", value=value))
    lists = found["lists"]
    hands.screen.result("denylist", found, [f"{found['kind']}  {' '.join(lists) if lists else 'on no list'}"])
    return 4 if lists else 0


def block(
    hands: Hands,
    member: Annotated[str, typer.Argument(help="The member's handle.")],
    reason: Annotated[str, typer.Option(help="Why, in up to 256 characters; it stays here.")],
) -> None:
    """Nothing this member shares is shown, served or exported here any more, at once, until it is unblocked.

    It is still received, signed for and stored. Nobody is told.
    """
    _decide(hands, member, "block", reason)


def unblock(
    hands: Hands,
    member: Annotated[str, typer.Argument(help="The member's handle.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Show and export again what this member shares, all that came meanwhile included."""
    _decide(hands, member, "unblock", reason)


def _decide(hands: Hands, member: str, what: str, reason: str) -> None:
    from tocsin.cli.control import ask, segment

    told = ask(hands.home, lambda control: control.post(f"/origins/{segment(member)}/{what}", {"reason": reason}))
    done = "is blocked here: nothing of it is shown or exported" if told["blocked"] else "is not blocked here"
    hands.screen.result("origin", told, [f"{told['member']} {done}"])


def origin_list(hands: Hands) -> None:
    """Every other member, and whether it is blocked here, since when and why."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/origins"))
    if hands.screen.json:
        hands.screen.emit("origins", {"origins": found})
        return
    rows = (
        (
            one["member"],
            "blocked" if one["blocked"] else "-",
            moment(one["since"]) if one["since"] else "-",
            one["reason"] or "-",
        )
        for one in found
    )
    hands.screen.table(("member", "here", "since", "reason"), rows)
