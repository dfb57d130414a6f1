"""The consoles of the demonstration: whether a duty officer gets in and sees pages; and opening the browser for who watches."""

import os
import sys
import webbrowser
from dataclasses import asdict, dataclass
from typing import Any, Final

import aiohttp

from tocsin.cli.demo.nodes import Node

NAME: Final = "duty.officer"
_PAGES: Final = ("/", "/threats", "/brief", "/members", "/admin", "/admin/peers", "/me")
_SECONDS: Final = 30.0
_OK: Final = 200


@dataclass(slots=True)
class Console:
    """What was seen. `pages`: how many were shown to who had come in by the link; `again`: the link opened a second time."""

    url: str = ""
    pages: int = 0
    signed_in: bool = False
    again: bool = False

    def json(self) -> dict[str, Any]:
        """Every figure by its name."""
        return asdict(self)

    @property
    def complete(self) -> bool:
        """Whether the link let in once, and every page was shown."""
        return self.signed_in and not self.again and self.pages == len(_PAGES)


async def visit(url: str, node: Node) -> Console:
    """Come in at a member by its link, once, and look at pages. `url`: of the console that is told to who watches."""
    found = Console(url)
    # Cookies of addresses are refused by default.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session:
        async with session.get(node.way_in) as shown:
            found.signed_in = shown.status == _OK and not shown.url.path.startswith(("/sign-in", "/in/"))
        for path in _PAGES:
            async with session.get(f"{node.people_url}{path}") as shown:
                found.pages += shown.status == _OK and NAME.encode() in await shown.read()
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as stranger,
        stranger.get(node.way_in) as shown,
    ):
        found.again = shown.status == _OK
    return found


def open_browser(url: str) -> bool:
    """Open it where a person sits at a desktop; elsewhere the address that was printed is enough."""
    has_desktop = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if not has_desktop or not sys.stdout.isatty() or os.environ.get("CI"):
        return False
    return webbrowser.open(url)
