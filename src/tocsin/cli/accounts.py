"""tocsin account: which programs may read here by TAXII, who oversees, who releases."""

from typing import Annotated

import typer

from tocsin.cli.commands import Hands, command

NameArgument = Annotated[str, typer.Argument(help="The account's name, e.g. siem.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Accounts: programs that read by TAXII 2.1, oversight, releasers.")
    command(
        group,
        "add",
        "account add siem",
        "account add partner-soc --channel plenary",
        "account add legal-desk --kind releaser",
    )(add)
    command(group, "list", "account list")(list_)
    command(group, "remove", "account remove siem")(remove)
    app.add_typer(group, name="account")


def add(
    hands: Hands,
    name: NameArgument,
    channel: Annotated[
        list[str] | None, typer.Option(help="A channel it may read; repeat. Default: every channel.")
    ] = None,
    kind: Annotated[
        str, typer.Option(help="reader, oversight (audit trail and counts, no content) or releaser (second person).")
    ] = "reader",
    purpose: Annotated[str, typer.Option(help="Why it reads; stands in the audit trail.")] = "",
) -> None:
    """Open an account. The token is shown this once; it serves as bearer token, or as password in basic auth."""
    from tocsin.cli.control import ask

    wanted = {"name": name, "channels": channel or ["*"], "kind": kind, "purpose": purpose}
    made = ask(hands.home, lambda control: control.post("/accounts", wanted))
    hands.screen.result("account", made, [f"account  {made['name']}", f"token    {made['token']}"])
    hands.screen.say("Keep the token now: only its hash is stored.")


def list_(hands: Hands) -> None:
    """All accounts and what each may read."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/accounts"))
    if hands.screen.json:
        hands.screen.emit("accounts", {"accounts": found})
        return
    rows = ((one["name"], one["kind"], " ".join(one["channels"]) or "-", one["purpose"] or "-") for one in found)
    hands.screen.table(("account", "kind", "channels", "purpose"), rows)


def remove(hands: Hands, name: NameArgument) -> None:
    """Close an account at once."""
    from tocsin.cli.control import ask, segment

    ask(hands.home, lambda control: control.delete(f"/accounts/{segment(name)}"))
    hands.screen.result("account", {"name": name, "removed": True}, [f"account {name} is closed"])
