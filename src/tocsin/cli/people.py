"""tocsin user: the people who may sign in to the console."""

from typing import Annotated, Any

import typer

from tocsin.cli.commands import Hands, command
from tocsin.cli.screen import moment

NameArgument = Annotated[str, typer.Argument(help="The person's name, e.g. amira.")]
RoleOption = Annotated[
    list[str],
    typer.Option(help="duty, analyst, releaser, administrator or oversight; repeat for more.", show_default=False),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="People who may sign in to the console.")
    command(group, "add", "user add amira --role administrator", "user add jean --role duty --role analyst")(add)
    command(group, "list", "user list")(list_)
    command(group, "role", "user role jean --role releaser")(role)
    command(group, "reset", "user reset jean")(reset)
    command(group, "remove", "user remove jean")(remove)
    app.add_typer(group, name="user")


def add(
    hands: Hands,
    name: NameArgument,
    role: RoleOption,
    subject: Annotated[
        str, typer.Option(help="Who this is at the house's OpenID Connect provider: the value of oidc_claim.")
    ] = "",
) -> None:
    """Open an account. The one-time link printed is where the person sets a password and a second factor, or a passkey."""
    from tocsin.cli.control import ask

    wanted = {"name": name, "roles": role, "subject": subject}
    made = ask(hands.home, lambda control: control.post("/people", wanted))
    _link(hands, made)


def _link(hands: Hands, made: dict[str, Any]) -> None:
    hands.screen.result("person", made, [f"account  {made['name']}", f"link     {made['link']}"])
    hands.screen.say(
        "Whoever has the link is that person: hand it over by a way you trust. It works once, for 24 hours."
    )


def list_(hands: Hands) -> None:
    """Everybody, their roles and when they came last."""
    from tocsin.cli.control import ask

    found = ask(hands.home, lambda control: control.get("/people"))
    if hands.screen.json:
        hands.screen.emit("people", {"people": found})
        return
    rows = ((one["name"], " ".join(one["roles"]), one["subject"] or "-", moment(one["seen"])) for one in found)
    hands.screen.table(("person", "roles", "subject", "signed in"), rows)


def role(hands: Hands, name: NameArgument, role: RoleOption) -> None:
    """Give other roles, instead of all that the person has. They are in force at once."""
    from tocsin.cli.control import ask, segment

    ask(hands.home, lambda control: control.post(f"/people/{segment(name)}/roles", {"roles": role}))
    hands.screen.result("person", {"name": name, "roles": role}, [f"{name} is {', '.join(role)} from now on"])


def reset(hands: Hands, name: NameArgument) -> None:
    """Void password, second factor, passkeys and sessions, and print a new one-time link."""
    from tocsin.cli.control import ask, segment

    _link(hands, ask(hands.home, lambda control: control.post(f"/people/{segment(name)}/reset", {})))


def remove(hands: Hands, name: NameArgument) -> None:
    """Close an account and end its sessions at once."""
    from tocsin.cli.control import ask, segment

    ask(hands.home, lambda control: control.delete(f"/people/{segment(name)}"))
    hands.screen.result("person", {"name": name, "removed": True}, [f"the account of {name} is closed"])
