"""tocsin recover: going on without members that a closed log waits for in vain."""

from typing import Annotated, Any, Final

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import amount

_RISK: Final = (
    "If one of them holds more of this member's log than this node does, what is shared from now on is a SECOND HISTORY:"
    " it holds the proof, signed by this node, and can show it to everybody. Nothing takes that back."
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "recover", "recover", "recover ports --without gr-cert --yes")(recover)


def recover(
    hands: Hands,
    channel: Annotated[str | None, typer.Argument(help="Only this channel.", show_default=False)] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="MEMBER", help="Go on without this member, gone for good; repeat.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; the risk is understood.")] = False,
) -> None:
    """Which logs of this node are closed for sharing, who has said what it holds of them, and who is waited for.

    After a restore a log opens by itself once every member of its channel has been heard and nobody holds more. With
    --without members that will never come back are not waited for any more. That can prove this member a liar.
    """
    from tocsin.cli.control import ask

    if not without:
        found = ask(hands.home, lambda control: control.get("/recovery", channel=channel))
        hands.screen.result("recovery", {"logs": found}, [line for one in found for line in _lines(one)] or [_NONE])
        return
    who = " ".join(without)
    hands.screen.say(f"Going on without {who}. {_RISK}")
    hands.require_consent(f"Is {who} gone for good, and with all its copies?", yes=yes)
    wanted = {"channel": channel, "without": without}
    found = ask(hands.home, lambda control: control.post("/recovery", wanted))
    hands.screen.result("recovery", {"logs": found}, [line for one in found for line in _lines(one)] or [_NONE])


_NONE: Final = "no log of this node is closed"


def _lines(one: dict[str, Any]) -> list[str]:
    lane = ", urgent" if one["urgent"] else ""
    state = "open" if one["open"] else "closed" if one["why"] else "waits for the first member to be heard"
    lines = [f"{one['channel']}, generation {one['version']}{lane}: {state}, {amount(one['size'], 'entry', 'entries')}"]
    if one["why"] and not one["open"]:
        lines.append(f"  why      {one['why']}")
    lines.append(f"  heard    {' '.join(one['heard']) or 'nobody'}")
    if not one["open"]:
        lines.append(f"  waits    for {' '.join(one['waits_for']) or 'what the members that were heard hold of it'}")
    return lines
