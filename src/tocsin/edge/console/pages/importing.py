"""What a person brings to the desk: a file, a text or an address; shown as the documents and stories that were made of it."""

from mimetypes import guess_type
from typing import Any, Final

from tocsin.desk.library import MOST_BYTES
from tocsin.edge.console.page import Answer, Call, Page, View
from tocsin.errors import ConfigError, TocsinError

_FIELDS: Final = ("url", "outlet", "from")
_LISTED: Final = 50  # documents of one capture
_ENVELOPE: Final = 1024 * 1024  # the other fields, and what stands between the parts of a form


async def form(_call: Call) -> Answer:
    """What may be brought, and how."""
    return View("desk_import.html", _page())


async def bring(call: Call) -> Answer:
    """A file, a pasted text, or an address that is fetched once. Read at once; the answer says what came of it."""
    said = {name: call.said(name).strip() for name in _FIELDS}
    try:
        found = await _brought(call, said)
    except TocsinError as error:
        return View("desk_import.html", _page(said, error), 400)
    return View("desk_import.html", {**_page(), "made": await _made(call, found)})


async def _brought(call: Call, said: dict[str, str]) -> dict[str, Any]:
    desk, text = call.control.desk, call.said("text")
    has_file = bool(call.file.name or call.file.data)  # an empty one is told as such by who reads it
    given = [has_file, bool(text.strip()), bool(said["url"])]
    if sum(given) != 1:
        raise ConfigError("config.value", "one thing at a time: a file, a text or an address")
    if said["url"]:
        return await desk.imported_from(said["url"])
    if has_file:
        media_type = guess_type(call.file.name)[0] or "application/octet-stream"
        return await desk.imported(call.file.data, said["from"], media_type, said["outlet"])
    return await desk.imported(text.encode(), said["from"], "text/plain", said["outlet"])


async def _made(call: Call, found: dict[str, Any]) -> dict[str, Any]:
    documents = []
    for one in found["ids"][:_LISTED]:
        document, _, story = await call.control.desk.document(one)
        documents.append({"id": one, "title": document.title or one, "outlet": document.outlet, "story": story})
    return {**found, "listed": documents}


def _page(said: dict[str, str] | None = None, error: TocsinError | None = None) -> dict[str, Any]:
    return {
        "said": said or dict.fromkeys(_FIELDS, ""),
        "most_mib": MOST_BYTES // (1024 * 1024),
        "made": None,
        "error": error.code if error else "",
        "what": error.what if error else "",
    }


PAGES: Final = (
    Page("GET", "/desk/import", form),
    Page("POST", "/desk/import", bring, most_body=MOST_BYTES + _ENVELOPE, takes_file=True),
)
