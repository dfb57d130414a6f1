"""One polite request: resolved once, only public unicast, connected to what was resolved, bounded in every direction."""

import asyncio
import socket
import ssl
import zlib
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from protego import Protego
from yarl import URL

from tocsin.errors import PeerError
from tocsin.formats.unicast import is_public
from tocsin.ports.clock import Clock
from tocsin.ports.outside import Fetched, Wanted

_SECONDS: Final = 30.0
_REDIRECTS: Final = 3
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 64 * 1024
_PAUSE_S: Final = 1.0  # between two requests to one host, unless its robots.txt asks for longer
_LONGEST_PAUSE_S: Final = 60.0
_ROBOTS_S: Final = 3600.0
_ROBOTS_REDIRECTS: Final = 5  # RFC 9309, 2.3.1.2
_LONGEST_WAIT_S: Final = 86_400
_ROBOTS_BYTES: Final = 512 * 1024
_HOSTS: Final = 1000
_PORTS: Final = {"http": 80, "https": 443}
_LOWEST_PORT: Final = 1024
_ACCEPT: Final = (
    "application/rss+xml, application/atom+xml, application/feed+json, text/html, application/pdf, */*;q=0.5"
)


@dataclass(slots=True)
class _Host:
    """What is known of one host and port."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_s: float = 0.0
    robots: Protego | None = None
    robots_until_s: float = 0.0


class PublicResolver(AbstractResolver):
    """Names to addresses by the system; a name of which one address is not public is no name at all."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """See aiohttp. Raises PeerError("desk.refused-address"), OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = [(str(one[4][0]), one[0]) for one in found]
        if not addresses or not all(is_public(address) for address, _ in addresses):
            raise PeerError("desk.refused-address", "the name leads to an address that is not a public one")
        return [
            ResolveResult(hostname=host, host=one, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for one, kind in addresses
        ]

    async def close(self) -> None:
        """See aiohttp."""


class Fetching:
    """ports.outside in the process that does it. `inner`: host:port that the administrator lets through although inside.

    `authorities`: certificates in PEM that are believed beside the system's.
    """

    def __init__(self, agent: str, clock: Clock, inner: Collection[str] = (), authorities: str = "") -> None:
        self._agent = agent
        self._clock = clock
        self._inner = frozenset(inner)
        self._tls = ssl.create_default_context()
        if authorities:
            self._tls.load_verify_locations(cadata=authorities)
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    async def fetch(self, wanted: Wanted) -> Fetched:
        """See ports.outside."""
        try:
            async with asyncio.timeout(_SECONDS + (_LONGEST_PAUSE_S if wanted.polite else 0)):
                return await self._follow(wanted)
        except TimeoutError as error:
            raise PeerError("desk.unreachable", f"nothing whole came within {_SECONDS:.0f} s") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise PeerError("desk.unreachable", "the source's certificate is not to be believed") from error
        except aiohttp.ClientConnectorError as error:
            raise PeerError("desk.unreachable", f"no connection ({type(error.os_error).__name__})") from error
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:
            raise PeerError("desk.unreachable", f"the answer was no use ({type(error).__name__})") from error

    async def _follow(self, wanted: Wanted) -> Fetched:
        url, token = self._checked(wanted.url), wanted.token
        for _ in range(_REDIRECTS + 1):
            host = self._host(url)
            if token and url.scheme != "https" and not self._is_inner(url):
                raise PeerError("desk.refused-address", "a token is sent over TLS alone")
            if wanted.polite:
                await self._welcome(host, url)
            answer, to = await self._one(url, wanted, host, token)
            if not to:
                return answer
            moved = self._checked(urljoin(str(url), to))
            if url.scheme == "https" and moved.scheme == "http":
                raise PeerError("desk.refused-address", "the source leads from TLS to plain text")
            if moved.origin() != url.origin():
                token = ""
            url = moved
        raise PeerError("desk.unreachable", f"the source leads on more than {_REDIRECTS} times")

    def _checked(self, text: str) -> URL:
        """The address as it will be connected to: yarl turns digits of other scripts into plain ones before we look.

        Raises PeerError("desk.refused-address").
        """
        try:
            url = URL(text)
            host, port = url.host or "", url.port or 0
        except ValueError as error:
            raise PeerError("desk.refused-address", "that is no address of the web") from error
        if url.scheme not in _PORTS or not host or url.user is not None or url.password is not None:
            raise PeerError("desk.refused-address", "a source is http or https, of a host, without a password in it")
        if self._is_inner(url):
            return url
        if port != _PORTS[url.scheme] and port < _LOWEST_PORT:
            raise PeerError("desk.refused-address", "that port belongs to another service")
        # A literal address never reaches the resolver: it is looked at here.
        if (":" in host or host.replace(".", "").isdecimal()) and not is_public(host):
            raise PeerError("desk.refused-address", "the address is not a public one")
        return url

    def _is_inner(self, url: URL) -> bool:
        return f"{url.host}:{url.port}" in self._inner

    def _host(self, url: URL) -> _Host:
        key = str(url.origin())
        found = self._hosts.pop(key, None) or _Host()
        self._hosts[key] = found
        while len(self._hosts) > _HOSTS:
            self._hosts.popitem(last=False)
        return found

    # -- manners --------------------------------------------------------------------------------------------------

    async def _welcome(self, host: _Host, url: URL) -> None:
        """Raises PeerError("desk.robots")."""
        now = self._clock.monotonic()
        if host.robots is None or now >= host.robots_until_s:
            host.robots = await self._robots(host, url.origin() / "robots.txt")
            host.robots_until_s = now + _ROBOTS_S
        if not host.robots.can_fetch(str(url), self._agent):
            raise PeerError("desk.robots", "the source's robots.txt asks not to fetch that")

    async def _robots(self, host: _Host, url: URL) -> Protego:
        """The rules of RFC 9309: none when there is no file; nothing is allowed while it cannot be had."""
        for _ in range(_ROBOTS_REDIRECTS + 1):
            answer, to = await self._one(url, Wanted(str(url), most_bytes=_ROBOTS_BYTES), host, "")
            if not to:
                break
            url = self._checked(urljoin(str(url), to))
        if to or 400 <= answer.status < 500:
            return Protego.parse("")
        if answer.status != 200:
            return Protego.parse("User-agent: *\nDisallow: /")
        return Protego.parse(answer.body.decode("utf-8", "replace"))

    async def _turn(self, host: _Host, least_s: float) -> None:
        asked = float(host.robots.crawl_delay(self._agent) or 0) if host.robots else 0.0
        await self._clock.sleep(max(0.0, host.next_s - self._clock.monotonic()))
        host.next_s = self._clock.monotonic() + min(max(asked, least_s), _LONGEST_PAUSE_S)

    # -- one exchange ---------------------------------------------------------------------------------------------

    async def _one(self, url: URL, wanted: Wanted, host: _Host, token: str) -> tuple[Fetched, str]:
        """The answer, and where it leads on to."""
        inner = self._is_inner(url)
        headers = {"User-Agent": self._agent, "Accept": wanted.accept or _ACCEPT, "Accept-Encoding": "gzip"}
        told = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.modified, "Authorization": token}
        headers |= {name: value for name, value in told.items() if value}
        async with host.turn:
            if wanted.polite:
                await self._turn(host, 0.0 if inner else _PAUSE_S)
            resolver = None if inner else PublicResolver()
            connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, ssl=self._tls)
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    timeout=aiohttp.ClientTimeout(total=_SECONDS),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                    auto_decompress=False,
                    max_line_size=8190,
                    max_field_size=8190,
                ) as session,
                session.get(url, headers=headers, allow_redirects=False) as response,
            ):
                to = response.headers.get("Location", "") if response.status in _MOVED else ""
                body = b"" if to or response.status == 304 else await _body(response, wanted.most_bytes)
                return self._fetched(response.status, str(url), response.headers, body), to

    def _fetched(self, status: int, url: str, headers: Mapping[str, str], body: bytes) -> Fetched:
        return Fetched(
            status,
            url,
            headers.get("Content-Type", "")[:256],
            body,
            headers.get("ETag", "")[:512],
            headers.get("Last-Modified", "")[:128],
            self._wait(headers.get("Retry-After", "").strip()),
            headers.get("X-TAXII-Date-Added-Last", "")[:64],
        )

    def _wait(self, text: str) -> int:
        """Seconds that Retry-After asks for, as a number or as a date (RFC 9110, 10.2.3); 0 for anything else."""
        if text.isascii() and text.isdecimal() and len(text) < 9:
            return min(int(text), _LONGEST_WAIT_S)
        try:
            until_us = parsedate_to_datetime(text).timestamp() * 1e6
        except (ValueError, OverflowError):
            return 0
        return int(min(max(0.0, (until_us - self._clock.now_us()) / 1e6), _LONGEST_WAIT_S))


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """What came, unpacked; never more than `most` bytes are in memory. Raises PeerError("desk.too-large")."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise PeerError("desk.unreachable", "the source packs in a way that was not asked for")
    unpack = None if encoding in ("", "identity") else zlib.decompressobj(47 if "gzip" in encoding else 15)
    out = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        out += unpack.decompress(chunk, most + 1 - len(out)) if unpack else chunk
        if len(out) > most or (unpack is not None and unpack.unconsumed_tail):
            raise PeerError("desk.too-large", f"the source sends more than {most} bytes")
    if unpack is not None and not unpack.eof:
        raise PeerError("desk.unreachable", "the answer broke off")
    return bytes(out)
