"""tocsin init: a new node."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command


@dataclass(frozen=True, slots=True)
class About:
    """What a member says of itself and where it is reached."""

    handle: Annotated[
        str, typer.Argument(help="The member's short name in the federation: a-z, 0-9, hyphens, e.g. ma-cert.")
    ]
    name: Annotated[str, typer.Option(help="Full name; default: the handle.")] = ""
    kind: Annotated[str, typer.Option(help="state-service or organisation.")] = "state-service"
    country: Annotated[list[str], typer.Option(help="ISO 3166 code of a country it answers for; repeat.")] = field(
        default_factory=list
    )
    bloc: Annotated[list[str], typer.Option(help="Organisation of states it belongs to; repeat.")] = field(
        default_factory=list
    )
    sector: Annotated[list[str], typer.Option(help="Sector it answers for; repeat.")] = field(default_factory=list)
    language: Annotated[list[str], typer.Option(help="Language it reads; repeat.")] = field(default_factory=list)
    cidr: Annotated[list[str], typer.Option(help="Network of its constituency; repeat.")] = field(default_factory=list)
    domain: Annotated[list[str], typer.Option(help="Domain of its constituency; repeat.")] = field(default_factory=list)
    asn: Annotated[list[str], typer.Option(help="Autonomous system of its constituency; repeat.")] = field(
        default_factory=list
    )
    peer_listen: Annotated[str, typer.Option(help="Where members reach this node, host:port.")] = "127.0.0.1:7400"
    people_listen: Annotated[str, typer.Option(help="Where TAXII clients reach it, host:port.")] = "127.0.0.1:7401"
    endpoint: Annotated[str, typer.Option(help="host:port that other members dial; default: --peer-listen.")] = ""
    no_endpoint: Annotated[
        bool, typer.Option("--no-endpoint", help="No member can dial this node (NAT, firewall): it dials the others.")
    ] = False


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "init",
        "init ma-cert --country MA --endpoint tocsin.ma-cert.example:7400",
        "--home /var/lib/tocsin init eu-centre --kind organisation --bloc EU",
    )(init)


def init(hands: Hands, about: About) -> None:
    """Make a new node: keys, store, settings and the self-signed descriptor that the founders of a charter need.

    Refuses to touch a folder that is not empty.
    """
    from tocsin.exchange.members import descriptor
    from tocsin.node.making import InitSettings, create

    settings = InitSettings(
        handle=about.handle,
        name=about.name,
        kind=about.kind,
        countries=tuple(about.country),
        blocs=tuple(about.bloc),
        sectors=tuple(about.sector),
        languages=tuple(about.language),
        cidr=tuple(about.cidr),
        domains=tuple(about.domain),
        asn=tuple(about.asn),
        peer_listen=about.peer_listen,
        people_listen=about.people_listen,
        endpoint=about.endpoint,
        no_endpoint=about.no_endpoint,
    )
    home = create(hands.folder, settings)
    member, _ = descriptor.read(Path(home.descriptor).read_bytes())
    made = {
        "home": str(home.path),
        "handle": member.handle,
        "fingerprint": member.fingerprint,
        "descriptor": str(home.descriptor),
    }
    lines = [
        f"node {member.handle} made in {home.path}",
        f"fingerprint  {member.fingerprint}",
        f"descriptor   {home.descriptor}",
    ]
    hands.screen.result("init", made, lines)
    hands.screen.say("Give the descriptor to the founders, and read them the fingerprint over the telephone.")
