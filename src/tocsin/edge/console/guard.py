"""What stands before every page: content policy, headers, hosts, cookies, and that a POST comes from a page of ours."""

from collections.abc import Callable, Mapping
from hmac import compare_digest
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request
from starlette.responses import Response

from tocsin.edge.console.services import Services
from tocsin.edge.signin.tickets import text, untext
from tocsin.errors import AccessError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

POLICY: Final = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx default; report-uri /csp-report"
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        # Not "no-referrer": a form would then be sent with the origin "null".
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        "x-robots-tag": "noindex",
    }
)
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_HEADER: Final = "x-tocsin-form"
FIELD: Final = "form_token"
_BOUNDARY: Final = 200
_MOST_FIELDS: Final = 2 * 1024 * 1024
_MANY: Final = 1000
_MOST_HEADER: Final = 4096
_FORMS: Final = (b"application/x-www-form-urlencoded", b"multipart/form-data")
_MOST_LATE: Final = 1024 * 1024
Form = Mapping[str, tuple[str, ...]]
NOTHING: Final[Form] = MappingProxyType({})


def protect(response: Response, services: Services) -> None:
    """The headers that every answer carries."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("cache-control", "no-store")
    if is_secure(services):
        response.headers["strict-transport-security"] = "max-age=31536000"


def is_secure(services: Services) -> bool:
    """Whether browsers reach us over TLS, our own or a proxy's."""
    return services.public_url().startswith("https://")


def host_is_ours(request: Request, services: Services) -> bool:
    """Whether the browser means us: a name that somebody else points at loopback (DNS rebinding) is not ours."""
    host = request.headers.get("host", "")
    if not services.loopback or host == urlsplit(services.public_url()).netloc:
        return bool(host)
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False


# -- cookies ------------------------------------------------------------------------------------------------------


def cookie_name(services: Services, what: str = "") -> str:
    """Cookies ignore ports: two nodes on one machine must not take each other's."""
    prefix = "__Host-" if is_secure(services) else ""
    return f"{prefix}tocsin-{services.control.members.me}{what}"


def set_cookie(response: Response, services: Services, value: str, what: str = "", *, lax: bool = False) -> None:
    """Set or, with an empty value, take away one of our cookies."""
    response.set_cookie(
        cookie_name(services, what),
        value,
        max_age=None if value else 0,
        path="/",
        secure=is_secure(services),
        httponly=True,
        samesite="lax" if lax else "strict",
    )


# -- POST ---------------------------------------------------------------------------------------------------------


def form_token(services: Services, cookie: str) -> str:
    """What a form of ours must bring back: bound to the browser's session, or to its visit before there is one."""
    return text(services.door.tickets.tag("form", cookie.encode()))


def visit(request: Request, services: Services) -> str:
    """The cookie of somebody who is not signed in; empty when there is none yet."""
    told = request.cookies.get(cookie_name(services, "-visit"), "")
    return told if len(untext(told)) == 16 else ""


class StaleFormError(AccessError):
    """A form of ours that an earlier session was given: what it holds may be shown to who sent it, and sent again."""

    def __init__(self, form: Form) -> None:
        super().__init__("access.form", "the form is not one that this session was given")
        self.form = form


def check_post(request: Request, services: Services, cookie: str, form: Form) -> None:
    """That a page of ours sent this. Raises AccessError("access.form"), and StaleFormError for one of another session."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_ours = origin in _origins(request, services)
    if site not in (None, "same-origin") or not (origin is None or is_ours):
        raise AccessError("access.form", "the request comes from a page that is not ours")
    brought = request.headers.get(_HEADER) or (form.get(FIELD) or ("",))[0]
    if not cookie or not compare_digest(brought.encode(), form_token(services, cookie).encode()):
        # Who does not say where it comes from is shown nothing of it.
        raise StaleFormError(form if is_ours else NOTHING)


def _origins(request: Request, services: Services) -> tuple[str, str]:
    scheme = "https" if is_secure(services) else "http"
    return f"{scheme}://{request.headers.get('host', '')}", services.public_url().rstrip("/")


async def sent_late(request: Request, services: Services) -> Form:
    """What a page of ours sent for a session that has ended; nothing of a file, or of what is too large."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if request.headers.get("origin") not in _origins(request, services) or kind not in _FORMS:
        return NOTHING
    try:
        if kind == _FORMS[0]:
            return form_of(await body(request, _MOST_LATE))
        return (await form_with_file(request, _MOST_LATE, lambda _: None))[0]
    except AccessError:
        return NOTHING


async def body(request: Request, most: int) -> bytes:
    """The body, bounded. Raises AccessError("access.too-large")."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise AccessError("access.too-large", f"a request here has at most {most} bytes")
    return bytes(data)


class Upload(NamedTuple):
    """A file of a form, or nothing."""

    name: str
    data: bytes


NO_FILE: Final = Upload("", b"")


async def form_with_file(request: Request, most: int, check: Callable[[Form], None]) -> tuple[Form, Upload]:
    """The fields of a form and its one file. `check` sees the fields that come before the file, as soon as that begins.

    So a file that no page of ours sent is not read. Raises AccessError("access.form", "access.too-large"), what check raises.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        form = form_of(await body(request, _MOST_FIELDS))
        check(form)
        return form, NO_FILE
    if not 0 < len(options.get(b"boundary", b"")) <= _BOUNDARY:
        raise AccessError("access.form", "the body is not a form with a file")
    parts = _Parts(check)
    parser = MultipartParser(options[b"boundary"], parts.callbacks())
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise AccessError("access.too-large", f"a request here has at most {most} bytes")
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise AccessError("access.form", "the body is not a form") from error
    form = parts.form()
    check(form)
    return form, Upload(parts.file_name[:256], bytes(parts.file))


class _Parts:
    """What the parser finds: at most one file, and few small fields."""

    def __init__(self, check: Callable[[Form], None]) -> None:
        self._check = check
        self._fields: dict[str, list[str]] = {}
        self._header = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._body = bytearray()
        self._is_file = False
        self._held = 0
        self.file = bytearray()
        self.file_name = ""

    def callbacks(self) -> "MultipartCallbacks":
        """For the parser."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
        }

    def form(self) -> Form:
        """The fields so far."""
        return {name: tuple(values) for name, values in self._fields.items()}

    def _begin(self) -> None:
        self._headers, self._header, self._value, self._name = {}, b"", b"", ""
        self._body, self._is_file = bytearray(), False

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._bounded()

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bounded()

    def _bounded(self) -> None:
        self._held += 1  # each piece of a header costs at least this
        if len(self._header) + len(self._value) > _MOST_HEADER or self._held > _MOST_FIELDS:
            raise AccessError("access.form", "the body is not a form")

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or not self._name:
            raise AccessError("access.form", "the body is not a form")
        self._is_file = b"filename" in options
        if self._is_file:
            if self.file_name or self.file:
                raise AccessError("access.form", "a form here has one file")
            self._check(self.form())
            self.file_name = options[b"filename"].decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self.file += data[start:end]
            return
        self._body += data[start:end]
        self._held += end - start
        if self._held > _MOST_FIELDS:
            raise AccessError("access.too-large", f"the fields of a form here have at most {_MOST_FIELDS} bytes")

    def _end(self) -> None:
        if self._is_file:
            return
        try:
            value = self._body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise AccessError("access.form", "the body is not a form") from error
        self._fields.setdefault(self._name, []).append(value)
        if sum(map(len, self._fields.values())) > _MANY:
            raise AccessError("access.form", "the form has more fields than any of ours")


def form_of(data: bytes) -> Form:
    """The fields of an ordinary form. Raises AccessError("access.form")."""
    try:
        found = parse_qs(data.decode("utf-8"), keep_blank_values=True, max_num_fields=_MANY, errors="strict")
    except ValueError as error:
        raise AccessError("access.form", "the body is not a form") from error
    return {name: tuple(values) for name, values in found.items()}
