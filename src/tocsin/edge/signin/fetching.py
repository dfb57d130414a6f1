"""The one way out of sign-in: over TLS to the provider, bounded in time and size, following nothing."""

from collections.abc import Mapping
from typing import Final

import aiohttp

from tocsin.errors import AccessError

_SECONDS: Final = 10.0
_MOST: Final = 256 * 1024
_LOOPBACK: Final = ("http://127.0.0.1:", "http://localhost:")


async def fetch(url: str, form: Mapping[str, str] | None, who: tuple[str, str] | None) -> bytes:
    """See oidc.Fetch. Raises AccessError("access.oidc")."""
    if not url.startswith(("https://", *_LOOPBACK)):
        raise AccessError("access.oidc", "the provider is to be asked over TLS only")
    auth = aiohttp.BasicAuth(*who) if who else None
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, auth=auth) as session,
            session.request("POST" if form is not None else "GET", url, data=form, allow_redirects=False) as response,
        ):
            body = await response.content.read(_MOST)
            if response.status != 200:
                raise AccessError("access.oidc", f"the provider answered {response.status}")
            return body
    except (aiohttp.ClientError, TimeoutError) as error:
        raise AccessError("access.oidc", f"the provider does not answer ({type(error).__name__})") from error
