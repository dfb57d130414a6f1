"""Links as WebSockets over mutual TLS 1.3; each end proves itself with the certificate that the charter pins."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import WSMsgType, web

from tocsin.errors import PeerError
from tocsin.exchange.members.registry import Members
from tocsin.formats.message import MAX_MESSAGE_BYTES
from tocsin.ports.links import Link

PATH: Final = "/tocsin/v1/peer"
_HEARTBEAT_S: Final = 10.0
_DIAL_S: Final = 10.0
_FORBIDDEN: Final = 403
_SocketT = aiohttp.ClientWebSocketResponse[Any] | web.WebSocketResponse


class WebSocketLink:
    """ports.links.Link over one WebSocket. aiohttp's own write buffer is the bounded queue."""

    def __init__(self, peer: str, socket: Any, release: Callable[[], Awaitable[None]] | None = None) -> None:
        self._peer = peer
        self._socket = socket
        self._release = release

    @property
    def peer(self) -> str:
        """Whose certificate is at the other end."""
        return self._peer

    async def send(self, message: bytes) -> None:
        """One binary message; waits while the socket's buffer is full."""
        try:
            await self._socket.send_bytes(message)
        except (ConnectionError, RuntimeError, aiohttp.ClientError) as error:
            raise PeerError("peer.gone", f"the link to {self._peer} has ended") from error

    async def messages(self) -> AsyncIterator[bytes]:
        """Binary messages until the link ends; anything else ends it."""
        # A ping that is answered while the link is lost raises, where everything else just ends.
        with suppress(ConnectionError):
            async for message in self._socket:
                if message.type != WSMsgType.BINARY:
                    return
                yield message.data

    async def close(self, code: str) -> None:
        """End the link with our code as its reason."""
        with suppress(ConnectionError):
            await self._socket.close(message=code.encode()[:120])
        if self._release is not None:
            await self._release()


@dataclass(frozen=True, slots=True)
class Listening:
    """Where we listen and with which certificate."""

    host: str
    port: int
    certificate: Path
    key: Path


class WebSocketNetwork:
    """ports.links.Network over aiohttp, as server and as client."""

    def __init__(self, members: Members, listening: Listening) -> None:
        self._members = members
        self._listening = listening
        self._pins: dict[bytes, str] = {}
        self._followed = b""  # the charter that pins and contexts follow
        self._contexts: list[ssl.SSLContext] = []
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._accept: Callable[[Link], Awaitable[None]] | None = None
        self.port = 0
        self.refresh()

    def refresh(self) -> None:
        """Follow the charter in force: from now on its active members may link, and nobody else."""
        charter = self._members.charter
        if charter.digest == self._followed:
            return
        for context in self._contexts:
            self._load(context)
        # An anchor cannot be taken out of a context again; what lets nobody in is that it is not pinned any more.
        self._pins = {sha256(charter.members[one].certificate).digest(): one for one in charter.active}
        self._followed = charter.digest

    def renew(self) -> None:
        """Our own certificate is another one: links that begin from now on show it."""
        self._followed = b""
        self.refresh()

    async def bind(self) -> None:
        """Take the port; links wait until listen(). Raises PeerError("peer.listen")."""
        app = web.Application()
        app.router.add_get(PATH, self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        where = self._listening
        site = web.TCPSite(self._runner, where.host, where.port, ssl_context=self._context(ssl.PROTOCOL_TLS_SERVER))
        try:
            await site.start()
        except OSError as error:
            raise PeerError("peer.listen", f"cannot listen for peers on {where.host}:{where.port}") from error
        self.port = self._runner.addresses[0][1]

    async def listen(self, accept: Callable[[Link], Awaitable[None]]) -> None:
        """Serve until cancelled."""
        self._accept = accept
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._accept = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        peer = self._pinned(request.get_extra_info("ssl_object"))
        if peer is None:
            return web.Response(status=403, text="the certificate is not that of a member\n")
        if self._accept is None:
            return web.Response(status=503, text="the node begins or ends\n")
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, heartbeat=_HEARTBEAT_S, compress=False)
        await socket.prepare(request)
        await self._accept(WebSocketLink(peer, socket))
        return socket

    async def dial(self, peer: str) -> Link:
        """Open a link to a member's endpoint."""
        endpoint = self._members.member(peer).endpoint
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._context(ssl.PROTOCOL_TLS_CLIENT), limit=0)
            self._session = aiohttp.ClientSession(connector=connector)
        try:
            async with asyncio.timeout(_DIAL_S):
                socket = await self._session.ws_connect(
                    f"https://{endpoint}{PATH}",
                    max_msg_size=MAX_MESSAGE_BYTES,
                    heartbeat=_HEARTBEAT_S,
                    compress=0,
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status == _FORBIDDEN:
                raise PeerError(
                    "peer.expelled", f"{peer} lets this node in no more: no member by its charter"
                ) from error
            raise PeerError("peer.unreachable", f"{peer} answers at {endpoint}, and opens no link") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise PeerError("peer.unreachable", f"{peer} cannot be reached at {endpoint}") from error
        if self._pinned(socket.get_extra_info("ssl_object")) != peer:
            await socket.close()
            raise PeerError("peer.identity", f"{endpoint} does not show the certificate of {peer}")
        return WebSocketLink(peer, socket)

    @property
    def listening(self) -> bool:
        """Whether members that dial are let in."""
        return self._accept is not None

    async def close(self) -> None:
        """Stop listening and dialing."""
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def _pinned(self, tls: Any) -> str | None:
        """The member whose pinned certificate the other end has shown in this TLS handshake."""
        shown = tls.getpeercert(binary_form=True) if tls is not None else None
        return self._pins.get(sha256(shown).digest()) if shown else None

    def _context(self, protocol: int) -> ssl.SSLContext:
        # The trust anchors are exactly the members' own certificates; names and authorities play no part.
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        # A replaced certificate has its predecessor's subject; without this OpenSSL looks at the older of two only.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self._load(context)
        self._contexts.append(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        context.load_cert_chain(self._listening.certificate, self._listening.key)
        pems = (ssl.DER_cert_to_PEM_cert(one.certificate) for one in self._members.charter.members.values())
        context.load_verify_locations(cadata="".join(pems))
