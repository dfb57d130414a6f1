"""The console as an app: its manifest, its service worker, and the page that is shown when the node cannot be reached.

None of the three needs a session, and none says more than the page of sign-in: the product and the member's handle.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from jinja2 import Environment

from tocsin.edge.console import templating, words
from tocsin.edge.console.assets import Assets
from tocsin.edge.console.words import N_, Words

MANIFEST: Final = "/manifest.webmanifest"
WORKER: Final = "/service-worker.js"
OFFLINE: Final = "/offline"
GROUND: Final = "#f6f7f8"  # console.css: --ground and --paper, light and dark
PAPER: Final = ("#ffffff", "#1c2024")
_OWN: Final = ("worker.js",)  # no page brings it along
_SHORTCUTS: Final = ((N_("Watch"), "/"), (N_("Desk"), "/desk"), (N_("Share"), "/share/new"))
_WAITS: Final = N_("A warning waits at %(node)s")
_SIGN_IN: Final = N_("Sign in to read it.")
_URGENCY: Final[Mapping[str, str]] = {
    "flash": N_("Flash"),
    "immediate": N_("Immediate"),
    "priority": N_("Priority"),
    "routine": N_("Routine"),
}


class Shell:
    """What is kept on a device. One for a console: the same for everybody, whoever asks."""

    def __init__(self, assets: Assets, env: Environment, node: str) -> None:
        self._assets = assets
        self._node = node
        self.offline = self._offline(env)
        self.worker = self._worker()

    def manifest(self, language: str) -> bytes:
        """What a browser installs, in one language."""
        said = words.words(language)
        return msgspec.json.encode(
            {
                "id": "/",
                "name": f"Tocsin {self._node}",
                "short_name": f"Tocsin {self._node}",
                "description": said.one(N_("The exchange in which members warn one another of threats.")),
                "lang": said.language,
                "dir": said.direction,
                "start_url": "/",
                "scope": "/",
                "display": "standalone",
                "background_color": GROUND,
                "theme_color": PAPER[0],
                "categories": ["security"],
                "icons": [
                    self._icon("icon.svg", "any"),
                    self._icon("app-192.png", "192x192"),
                    self._icon("app-512.png", "512x512"),
                    {**self._icon("app-maskable-512.png", "512x512"), "purpose": "maskable"},
                ],
                "shortcuts": [{"name": said.one(name), "url": url} for name, url in _SHORTCUTS],
            }
        )

    def _icon(self, name: str, sizes: str) -> dict[str, str]:
        return {"src": self._assets.address(name), "sizes": sizes, "type": self._assets.files[name].media_type}

    def _offline(self, env: Environment) -> bytes:
        said = [self._said(words.words(one)) for one in words.LANGUAGES]
        context = {"words": words.words("en"), "assets": self._assets, "node": self._node, "page": {"said": said}}
        return templating.render(env, "offline.html", context).encode()

    def _said(self, said: Words) -> dict[str, str]:
        return {
            "language": said.language,
            "direction": said.direction,
            "title": said.one(N_("Not connected")),
            "since": said.one(N_("This device last had a page of the node at")),
            "stale": said.one(
                N_(
                    "What you saw before is not current, and what has happened since is not here. Warnings may be waiting."
                )
            ),
            "nothing": said.one(N_("No page, warning or list is kept on this device.")),
            "again": said.one(N_("Try again")),
        }

    def _worker(self) -> bytes:
        """worker.js, and before it what it keeps. Its bytes change when anything of that does: so browsers take it anew."""
        files = [*self._files(), OFFLINE]
        body = self._assets.files["worker.js"].body
        told = {
            "prefix": "tocsin-shell-",
            "version": sha256(b"".join((*(one.encode() for one in files), self.offline, body))).hexdigest()[:16],
            "files": files,
            "offline": OFFLINE,
            "icon": self._assets.address("app-192.png"),
            "badge": self._assets.address("app-badge-96.png"),
            "words": {one: self._pushed(words.words(one)) for one in words.LANGUAGES},
        }
        return b"const SHELL = " + msgspec.json.encode(told) + b";\n" + body

    def _files(self) -> Iterator[str]:
        return (self._assets.address(name) for name in sorted(self._assets.files) if name not in _OWN)

    def _pushed(self, said: Words) -> dict[str, Any]:
        body = said.one(_SIGN_IN)
        return {
            "lang": said.language,
            "dir": said.direction,
            "title": said.one(_WAITS) % {"node": self._node},
            "body": body,
            "urgency": {name: f"{said.one(word)}. {body}" for name, word in _URGENCY.items()},
        }
