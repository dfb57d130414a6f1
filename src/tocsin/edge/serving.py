"""The doors for people: ASGI apps on a port or a local socket, by uvicorn."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from struct import Struct
from types import MappingProxyType
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tocsin.errors import ConfigError


class _Server(uvicorn.Server):
    """uvicorn without its own hand on the process's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The node stops its doors itself."""
        yield


class _Known(HttpToolsProtocol):
    """A connection of which the kernel says whose process it is: `client` of the request is then `uid:N`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio names the general transport
        """See asyncio.Protocol."""
        super().connection_made(transport)
        if not hasattr(socket, "SO_PEERCRED"):  # Linux has it
            return
        # The pid, uid and gid of the process at the other end, as it was when it connected (unix(7)).
        told = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        self.client = (f"uid:{_UCRED.unpack(told)[1]}", 0)


class Doors:
    """Servers that are open, and closed together."""

    def __init__(self) -> None:
        self._open: list[tuple[_Server, asyncio.Task[None]]] = []
        self._paths: list[Path] = []

    async def open_port(self, app: Any, host: str, port: int, certificate: str, key: str) -> int:
        """Serve on a TCP port; returns the port. Raises ConfigError("config.people-listen")."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            raise ConfigError("config.people-listen", f"cannot listen for people on {host}:{port}") from error
        tls: Any = {"ssl_certfile": certificate, "ssl_keyfile": key} if certificate else {}
        await self._serve(uvicorn.Config(app, **_QUIET, **tls), listener)
        return int(listener.getsockname()[1])

    async def open_socket(self, app: Any, path: Path) -> None:
        """Serve on a Unix socket that only this user may open."""
        _remove(path)
        self._paths.append(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        except OSError as error:
            listener.close()
            raise ConfigError(
                "config.socket", f"the control socket cannot be made ({error.strerror or error})"
            ) from error
        finally:
            os.umask(before)
        await self._serve(uvicorn.Config(app, **_QUIET, http=_Known), listener)

    async def close(self) -> None:
        """Close them all."""
        for server, _ in self._open:
            server.should_exit = True
            server.force_exit = True
        for _, task in self._open:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._open.clear()
        while self._paths:
            _remove(self._paths.pop())

    async def _serve(self, config: uvicorn.Config, listener: socket.socket) -> None:
        server = _Server(config)
        task = asyncio.ensure_future(server.serve(sockets=[listener]))
        self._open.append((server, task))
        while not server.started and not task.done():
            await asyncio.wait([task], timeout=0.01)
        if task.done():
            task.result()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


_UCRED: Final = Struct("iII")
_QUIET: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "log_config": None,
        "access_log": False,
        "lifespan": "off",
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,
        "ws": "none",
        "timeout_graceful_shutdown": 1,
    }
)
