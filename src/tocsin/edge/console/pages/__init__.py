"""The console's pages, one module for each part of the work."""

from typing import Final

from tocsin.edge.console.page import Page
from tocsin.edge.console.pages import (
    accounts,
    administering,
    balance,
    brief,
    desk,
    devices,
    importing,
    me,
    members,
    objects,
    outbox,
    relations,
    retracting,
    sharing,
    signing,
    sources,
    speaking,
    threats,
    warning,
    watch,
    world,
)

ALL: Final[tuple[Page, ...]] = (
    *signing.PAGES,
    *me.PAGES,
    *watch.PAGES,
    *threats.PAGES,
    *sharing.PAGES,
    *objects.PAGES,
    *relations.PAGES,
    *speaking.PAGES,
    *retracting.PAGES,
    *outbox.PAGES,
    *members.PAGES,
    *balance.PAGES,
    *brief.PAGES,
    *warning.PAGES,
    *world.PAGES,
    *desk.PAGES,
    *sources.PAGES,
    *importing.PAGES,
    *administering.PAGES,
    *accounts.PAGES,
    *devices.PAGES,
)
