"""The console's pages, one module for each part of the work."""

from typing import Final

from tocsin.edge.console.page import Page
from tocsin.edge.console.pages import accounts, administering, me, members, outbox, signing, threats

ALL: Final[tuple[Page, ...]] = (
    *signing.PAGES,
    *me.PAGES,
    *threats.PAGES,
    *outbox.PAGES,
    *members.PAGES,
    *administering.PAGES,
    *accounts.PAGES,
)
