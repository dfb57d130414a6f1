"""The five roles. What each may open stands in the table of the console's routes, not here."""

from collections.abc import Iterable
from enum import StrEnum

from tocsin.errors import ConfigError


class Role(StrEnum):
    """What somebody is here for. One person may have several."""

    DUTY = "duty"  # watches, acknowledges, answers, escalates
    ANALYST = "analyst"  # searches, reads, shares
    RELEASER = "releaser"  # is the second person where two are needed
    ADMINISTRATOR = "administrator"  # runs the node and its accounts; reads no threat for it
    OVERSIGHT = "oversight"  # reads everything, changes nothing


def parse(wanted: Iterable[str]) -> frozenset[Role]:
    """The roles of these names. Raises ConfigError("config.role")."""
    try:
        found = frozenset(Role(one) for one in wanted)
    except ValueError as error:
        raise ConfigError("config.role", "that is none of the five roles") from error
    if not found:
        raise ConfigError("config.role", "an account has at least one role")
    return found
