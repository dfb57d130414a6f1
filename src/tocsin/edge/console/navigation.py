"""The navigation: seven words by job. A word is shown where its page exists and the reader may open it."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from tocsin.edge.console import permissions
from tocsin.edge.console.words import N_
from tocsin.edge.signin.roles import Role


class Entry(NamedTuple):
    """One word of it."""

    path: str
    label: str
    parts: tuple[str, ...]  # what addresses begin with that belong to it
    row: str = ""  # whose roles decide; its own path where nothing else is said


# In the order of the jobs. What has no route yet is passed over: its place is kept here, and no page is empty.
ENTRIES: Final = (
    Entry("/", N_("Watch"), ("/warnings", "/w/", "/where"), "/warnings"),
    Entry("/threats", N_("Threats"), ("/threats", "/o/")),
    Entry("/graph", N_("Graph"), ("/graph", "/g/")),
    Entry("/desk", N_("Desk"), ("/desk",)),
    Entry("/share/new", N_("Share"), ("/share/new", "/share/d/", "/share/approvals")),
    Entry("/share/outbox", N_("Outbox"), ("/share/outbox",)),
    Entry("/members", N_("Members"), ("/members", "/channels/", "/fairness")),
    Entry("/admin", N_("Admin"), ("/admin",)),
)


def shown(roles: frozenset[Role]) -> Iterable[Entry]:
    """What somebody with these roles sees."""
    for entry in ENTRIES:
        row = ("GET", entry.row or entry.path)
        if row in permissions.TABLE and permissions.may(*row, roles):
            yield entry
