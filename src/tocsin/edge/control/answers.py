"""What all routes of the control socket share: JSON in, JSON out."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tocsin.errors import ConfigError
from tocsin.formats import strictjson

MOST_BODY: Final = 1024 * 1024


def told(value: Any) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(value), media_type="application/json")


async def asked(request: Request, most: int = MOST_BODY) -> dict[str, Any]:
    """The JSON object in the body. Raises ConfigError("config.value"), FormatError."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise ConfigError("config.value", "the request is larger than any of its kind")
    value = strictjson.parse(data, max_bytes=most)
    if not isinstance(value, dict):
        raise ConfigError("config.value", "the request is not a JSON object")
    return value


def names(body: dict[str, Any], key: str) -> list[str]:
    """A list of texts in a request; none when it is absent. Raises ConfigError("config.value")."""
    found = body.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ConfigError("config.value", f"{key} is not a list of texts")
    return found


def name(body: dict[str, Any], key: str) -> str | None:
    """A text in a request; None when it is absent or empty. Raises ConfigError("config.value")."""
    found = body.get(key)
    if found is not None and not isinstance(found, str):
        raise ConfigError("config.value", f"{key} is not a text")
    return found or None
