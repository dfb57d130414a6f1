"""What a page is made of: an address, a handler, and what the handler gives back (docs/console.md, "How a page is made")."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from tocsin.edge.audit import Operation, Use
from tocsin.edge.console.guard import NO_FILE, Upload
from tocsin.edge.console.services import Services
from tocsin.edge.console.stream import Desk
from tocsin.edge.control.services import Services as ControlServices
from tocsin.edge.signin.people import Person
from tocsin.edge.signin.roles import Role
from tocsin.edge.signin.sessions import Session
from tocsin.errors import AccessError

PAGE_ROWS: Final = 50
_LONGEST: Final = 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request, after it was let through: who asks, for what."""

    services: Services
    request: Request
    session: Session | None
    token: str  # what the session's cookie holds
    form: Mapping[str, tuple[str, ...]]
    desk: Desk  # what Watch shows, and who follows it
    shown: Callable[..., str]  # a template that is no whole page, in the reader's language
    file: Upload = NO_FILE

    @property
    def person(self) -> Person:
        """Who asks. Only routes for nobody in particular have none."""
        if self.session is None:
            raise AccessError("access.session", "nobody is signed in")
        return self.session.person

    @property
    def control(self) -> ControlServices:
        """The node's parts as the operator's commands have them."""
        return self.services.control

    @property
    def is_part(self) -> bool:
        """Whether a script of ours asks, that puts the answer into the page it has."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else ""

    @property
    def origin(self) -> str:
        """The address of this console as the browser has it; guard has checked that it is one of ours."""
        scheme = "https" if self.services.public_url().startswith("https://") else "http"
        return self.request.headers.get("origin", "") or f"{scheme}://{self.request.headers.get('host', '')}"

    def use(self, operation: Operation, reason: str = "read in the console; no reason given") -> Use:
        """For the audit trail: what this person does here."""
        return Use("console", f"person:{self.person.name}", operation, self.asked("reason") or reason)

    def has(self, *roles: Role) -> bool:
        """Whether the one who asks has one of these roles."""
        return self.session is not None and not self.session.person.roles.isdisjoint(roles)

    def asked(self, name: str) -> str:
        """A value of the query; empty when it is not there."""
        return self.request.query_params.get(name, "")[:_LONGEST]

    def number(self, name: str) -> int:
        """A whole number of the query; 0 for anything else."""
        told = self.asked(name)
        return int(told) if told.isascii() and told.isdecimal() and len(told) < 19 else 0

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def said(self, name: str) -> str:
        """A field of the form; empty when it is not there."""
        return self.form.get(name, ("",))[0]

    def written(self, name: str) -> str:
        """A field of several lines, as they are shared: browsers end each with a carriage return too."""
        return self.said(name).replace("\r\n", "\n")

    def all_said(self, name: str) -> tuple[str, ...]:
        """Every value of a field of the form."""
        return self.form.get(name, ())


class Cookie(NamedTuple):
    """A cookie to set; an empty value takes it away. `what` "" is the session's."""

    value: str
    what: str = ""
    lax: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A page: a template, and the data that it and the JSON twin show. The data is what JSON can say, nothing else."""

    template: str
    data: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Go:
    """After a POST: look at that page. `done` names a sentence of told.py that it shows above."""

    to: str
    done: str = ""
    cookies: tuple[Cookie, ...] = ()


Answer = View | Go | Response
Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Page:
    """One method at one address. Who may open it stands in permissions.py."""

    method: str
    path: str
    handler: Handler
    most_body: int = 64 * 1024
    takes_file: bool = False  # its form is multipart, with the token before the file
    has_twin: bool = True  # a GET answers at path + ".json" too
    records: Operation | None = Operation.DECIDE  # what a POST of who is signed in is in the audit trail; None: nothing
