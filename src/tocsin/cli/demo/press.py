"""The outlets of the demonstration: an HTTP server on this machine that a member's desk asks as it asks any source."""

from types import TracebackType
from typing import Final, Self

from aiohttp import web

from tocsin.cli.demo import articles

_HOST: Final = "127.0.0.1"


class Press:
    """Serves the pages of `articles` until it is left."""

    def __init__(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None)
        self._port = 0

    @property
    def address(self) -> str:
        """host:port, as the setting desk_inner has it."""
        return f"{_HOST}:{self._port}"

    def url(self, path: str) -> str:
        """A page's address."""
        return f"http://{self.address}{path}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        found = articles.pages(self.url("")).get(request.path)
        if found is None:
            raise web.HTTPNotFound
        media_type, body = found
        return web.Response(body=body, headers={"Content-Type": media_type})
