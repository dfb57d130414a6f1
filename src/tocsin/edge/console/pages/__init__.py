"""The console's pages, one module for each part of the work."""

from typing import Final

from tocsin.edge.console.page import Page
from tocsin.edge.console.pages import (
    accounts,
    administering,
    brief,
    me,
    members,
    outbox,
    retracting,
    signing,
    threats,
    watch,
)

ALL: Final[tuple[Page, ...]] = (
    *signing.PAGES,
    *me.PAGES,
    *watch.PAGES,
    *threats.PAGES,
    *retracting.PAGES,
    *outbox.PAGES,
    *members.PAGES,
    *brief.PAGES,
    *administering.PAGES,
    *accounts.PAGES,
)
