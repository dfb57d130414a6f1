"""A generative model behind the chat completions of an OpenAI-compatible address: exactly that one, bounded in every direction."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from tocsin.errors import ConfigError, PeerError
from tocsin.ports.clock import Clock
from tocsin.ports.generator import Prompt

PATIENCE_S: Final = 120.0
_CONNECT_S: Final = 10.0
_MOST_BYTES: Final = 256 * 1024
_LONGEST: Final = 16_000
_LONGEST_KEY: Final = 4096
_CHUNK: Final = 16 * 1024
_TOKENS: Final = 800
_FAILURES: Final = 3  # one after the other, and it is left alone for a while
_REST_S: Final = 60.0
_LONGEST_REST_S: Final = 900.0
_OK: Final = 200


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


_COMPLETION: Final = msgspec.json.Decoder(_Completion)


class ChatCompletions:
    """ports.generator over HTTP. `address`: with its scheme, up to and without `/chat/completions`; no redirect is followed.

    `key`: a file that holds what is sent as bearer token, read anew for each request; None: nothing is sent.
    """

    def __init__(
        self,
        address: str,
        name: str,
        clock: Clock,
        *,
        key: Path | None = None,
        trust: ssl.SSLContext | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._url = f"{address.rstrip('/')}/chat/completions"
        self._name = name
        self._clock = clock
        self._key = key
        self._trust = trust
        self._patience_s = patience_s
        self._turn = asyncio.Lock()
        self._failures = 0
        self._until_s = 0.0

    @property
    def name(self) -> str:
        """See ports.generator."""
        return self._name

    async def complete(self, prompt: Prompt) -> str:
        """See ports.generator."""
        if self._turn.locked():
            raise PeerError("desk.model-busy", "the model is answering somebody else")
        wait = self._until_s - self._clock.monotonic()
        if wait > 0:
            raise PeerError(
                "desk.model-busy", f"the model failed {self._failures} times and is left alone for {wait:.0f} s"
            )
        async with self._turn, self._counted():
            return await self._asked(prompt)

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        """Raises PeerError("desk.model-failed") for whatever goes wrong on the way."""
        try:
            yield
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._failed()
            raise PeerError("desk.model-failed", f"the model did not answer ({type(error).__name__})") from error
        except PeerError:
            self._failed()
            raise
        self._failures = 0

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= _FAILURES:
            rest = min(_REST_S * 2 ** (self._failures - _FAILURES), _LONGEST_REST_S)
            self._until_s = self._clock.monotonic() + rest

    async def _asked(self, prompt: Prompt) -> str:
        body = msgspec.json.encode(
            {
                "model": self._name,
                "messages": [
                    {"role": "system", "content": prompt.instructions},
                    {"role": "user", "content": prompt.texts},
                ],
                "temperature": 0,
                "max_tokens": _TOKENS,
                "stream": False,
            }
        )
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        key = self._secret()
        if key:
            headers["Authorization"] = f"Bearer {key}"
        async with (
            asyncio.timeout(self._patience_s),
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._trust or True),
                timeout=aiohttp.ClientTimeout(total=self._patience_s, sock_connect=_CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                max_line_size=8190,
                max_field_size=8190,
            ) as session,
            session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status != _OK:
                raise PeerError("desk.model-failed", f"the model's address answers {answer.status}")
            if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
                raise PeerError("desk.model-failed", "the model's address packs its answer, which was not asked for")
            return _told(await _body(answer))

    def _secret(self) -> str:
        """Raises ConfigError("config.file")."""
        if self._key is None:
            return ""
        try:
            with self._key.open(encoding="ascii") as file:
                found = file.read(_LONGEST_KEY).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("config.file", "the file of desk_model_key_file cannot be read") from error
        if not found or not found.isprintable():
            raise ConfigError("config.file", "the file of desk_model_key_file holds no key of one line")
        return found


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """Never more than the limit is in memory. Raises PeerError("desk.model-failed")."""
    out = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        out += chunk
        if len(out) > _MOST_BYTES:
            raise PeerError("desk.model-failed", f"the model sends more than {_MOST_BYTES:,} bytes")
    return bytes(out)


def _told(body: bytes) -> str:
    """The text of the first choice. Raises PeerError("desk.model-failed")."""
    try:
        found = _COMPLETION.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PeerError("desk.model-failed", "what came is no completion of a chat") from error
    if not found.choices or not found.choices[0].message.content.strip():
        raise PeerError("desk.model-failed", "the model answered with nothing")
    return found.choices[0].message.content[:_LONGEST]
