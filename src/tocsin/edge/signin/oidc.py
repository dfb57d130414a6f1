"""Sign-in at the house's own OpenID Connect provider: authorization code with PKCE, checked by kept libraries."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tocsin.edge.signin.tickets import Tickets, text, untext
from tocsin.errors import AccessError, TocsinError
from tocsin.formats import strictjson
from tocsin.ports.clock import Clock

BACK: Final = "/sign-in/oidc/back"
_SECONDS: Final = 600.0
_LEEWAY_S: Final = 60
_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]  # none that takes a shared secret for a key
_MOST: Final = 256 * 1024
# Gets a document, or posts a form (with name and secret for basic auth). The bytes of a 200, else AccessError.
Fetch = Callable[[str, Mapping[str, str] | None, tuple[str, str] | None], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows this node as. `claim` names who somebody is: the account's subject."""

    issuer: str
    name: str
    secret: str
    claim: str = "sub"


class Provider:
    """One provider. Nothing is kept of a sign-in under way but what the browser carries."""

    def __init__(self, client: Client, fetch: Fetch, tickets: Tickets, clock: Clock) -> None:
        self._client = client
        self._fetch = fetch
        self._tickets = tickets
        self._clock = clock

    @property
    def client(self) -> Client:
        """What it knows this node as."""
        return self._client

    async def examine(self) -> dict[str, Any]:
        """Ask the provider who it is, as a sign-in begins, and for its keys. Raises AccessError("access.oidc")."""
        found = await self._discover()
        keys = await self._ask(str(found["jwks_uri"]))
        try:
            count = len(list(KeySet.import_key_set(keys)))  # type: ignore[arg-type]  # what it is told is checked inside
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise AccessError("access.oidc", f"the provider's keys cannot be read ({type(error).__name__})") from error
        named = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return {**{name: str(found[name]) for name in named}, "keys": count}

    async def begin(self, origin: str) -> tuple[str, str]:
        """Where the browser goes, and what its cookie holds until it is back. Raises AccessError("access.oidc")."""
        found = await self._discover()
        state = self._tickets.make("oidc", _SECONDS)
        asked = {
            "response_type": "code",
            "client_id": self._client.name,
            "redirect_uri": origin + BACK,
            "scope": "openid profile email",
            "state": text(state),
            "nonce": self._said("nonce", state),
            "code_challenge": create_s256_code_challenge(self._said("verifier", state)),
            "code_challenge_method": "S256",
        }
        return f"{found['authorization_endpoint']}?{urlencode(asked)}", self._said("browser", state)

    async def subject(self, state: str, code: str, cookie: str, origin: str) -> str:
        """Who came back. Raises AccessError("access.oidc")."""
        told = untext(state)
        if not compare_digest(self._said("browser", told), cookie) or not self._tickets.take("oidc", told):
            raise AccessError("access.oidc", "the sign-in was not begun in this browser, or took too long")
        found = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": origin + BACK,
            "code_verifier": self._said("verifier", told),
        }
        answer = await self._ask(str(found["token_endpoint"]), form, (self._client.name, self._client.secret))
        keys = await self._ask(str(found["jwks_uri"]))
        return self._verified(str(answer.get("id_token", "")), keys, self._said("nonce", told))

    def _verified(self, token: str, keys: Any, nonce: str) -> str:
        try:
            decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
            options = {"iss": {"values": [self._client.issuer]}, "aud": {"values": [self._client.name]}}
            claims = CodeIDToken(
                decoded.claims, decoded.header, options, {"nonce": nonce, "client_id": self._client.name}
            )
            claims.validate(now=self._clock.now_us() // 1_000_000, leeway=_LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise AccessError("access.oidc", f"the provider's token does not hold ({type(error).__name__})") from error
        found = claims.get(self._client.claim)
        if not isinstance(found, str) or not found:
            raise AccessError("access.oidc", "the provider's token does not say who this is")
        return found

    async def _discover(self) -> Mapping[str, Any]:
        found = OpenIDProviderMetadata(await self._ask(get_well_known_url(self._client.issuer, external=True)))
        try:
            found.validate_issuer()
            found.validate_authorization_endpoint()
            found.validate_token_endpoint()
            found.validate_jwks_uri()
        except ValueError as error:
            raise AccessError("access.oidc", "the provider's description of itself is not usable") from error
        if found.get("issuer") != self._client.issuer:
            raise AccessError("access.oidc", "the provider calls itself by another name than oidc_issuer says")
        return dict(found)

    async def _ask(
        self, url: str, form: Mapping[str, str] | None = None, who: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            value = strictjson.parse(await self._fetch(url, form, who), max_bytes=_MOST)
        except AccessError:
            raise
        except TocsinError as error:
            raise AccessError("access.oidc", "the provider's answer is not JSON") from error
        if not isinstance(value, dict):
            raise AccessError("access.oidc", "the provider's answer is not a JSON object")
        return value

    def _said(self, purpose: str, state: bytes) -> str:
        return text(self._tickets.tag(f"oidc {purpose}", state))
