"""tocsin keys, tocsin rejoin: new keys for a node's roles, and a node of which only the keys are left."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command


class RoleName(StrEnum):
    """A role, or all of them."""

    GOVERNANCE = "governance"
    LOG = "log"
    RECEIPT = "receipt"
    SEAL = "seal"
    TRANSPORT = "transport"
    ALL = "all"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="This node's own keys, one for each role.")
    command(group, "show", "keys show", "keys show --json")(show)
    command(group, "rotate", "keys rotate --role log", "keys rotate --role all")(rotate)
    app.add_typer(group, name="keys")
    command(
        app,
        "rejoin",
        "rejoin ma-cert charter-1.note charter-2.note --keys /media/stick/keys --peer-listen 0.0.0.0:7400",
    )(rejoin)


def show(hands: Hands) -> None:
    """Show each role's key: fingerprint, age, what the charter in force says of it, and what waits to take its place."""
    import asyncio

    from tocsin.node import rotation

    shown, screen = asyncio.run(rotation.show(hands.home)), hands.screen
    if screen.json:
        screen.emit("keys", shown)
        return
    version = shown["version"]
    screen.print(f"{shown['handle']}, {'no charter yet' if version is None else f'version {version} of the charter'}")
    rows = (
        (one["role"], one["fingerprint"] or "missing", one["made"] or "-", one["charter"], one["waiting"] or "-")
        for one in shown["keys"]
    )
    screen.table(("role", "fingerprint", "since", "charter names", "waiting"), rows)


def rotate(
    hands: Hands,
    role: Annotated[list[RoleName], typer.Option(help="The role to get a new key; repeat, or `all`.")],
) -> None:
    """Make new keys that wait beside the present ones, and the descriptor that names them.

    Nothing changes yet: the new keys become current, and the old ones are destroyed, at the moment when this node adopts
    a charter that names them. A running node need not be stopped.
    """
    import asyncio

    from tocsin.formats.keys import Role
    from tocsin.node import rotation

    chosen = list(Role) if RoleName.ALL in role else [Role(one.value) for one in dict.fromkeys(role)]
    made = asyncio.run(rotation.rotate(hands.home, chosen))
    lines = [f"new keys wait for {', '.join(made['staged'])}", f"descriptor  {made['descriptor']}"]
    hands.screen.result("keys", made, lines)
    hands.screen.say(f"Propose it: `tocsin charter propose --describe {made['descriptor']}`; then the others sign.")


def rejoin(
    hands: Hands,
    handle: Annotated[str, typer.Argument(help="This member's handle in the charter.")],
    charters: Annotated[list[Path], typer.Argument(help="Every version of the charter from the first on.")],
    keys: Annotated[Path, typer.Option(help="The folder with this member's key files.")],
    peer_listen: Annotated[str, typer.Option(help="Where members reach this node, host:port.")] = "127.0.0.1:7400",
    people_listen: Annotated[str, typer.Option(help="Where TAXII clients reach it, host:port.")] = "127.0.0.1:7401",
) -> None:
    """Make a node anew of which only the keys are left. Its peers bring back all that was shared, by it and by others.

    It does not share before every member of a channel has told what it holds. Refuses to touch a folder that is not
    empty. If there is a backup, `tocsin restore` is the better way.
    """
    import asyncio

    from tocsin.formats.text import check_handle
    from tocsin.node import config
    from tocsin.node.rejoin import Left
    from tocsin.node.rejoin import rejoin as again

    for one in (peer_listen, people_listen):
        config.address(one)
    settings = config.Settings(handle=check_handle(handle), peer_listen=peer_listen, people_listen=people_listen)
    made = asyncio.run(again(hands.folder, settings, Left(keys, tuple(charters))))
    lines = [f"node {handle} made again in {made['home']}, version {made['version']} of the charter"]
    hands.screen.result("rejoin", made, lines)
    hands.screen.say("Start it: `tocsin run`. Its own logs open when all others were heard: `tocsin status`.")
