"""The console as an application: every request is let through here, in this order, or not at all."""

import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.edge.console import assets, guard, installing, navigation, permissions, problems, templating, words
from tocsin.edge.console.live import Live
from tocsin.edge.console.page import Answer, Call, Go, Page, View
from tocsin.edge.console.pages import ALL
from tocsin.edge.console.services import Services
from tocsin.edge.console.stream import Desk, Seats
from tocsin.edge.console.told import TOLD
from tocsin.edge.signin.sessions import Session
from tocsin.edge.signin.tickets import text
from tocsin.errors import AccessError, TocsinError

_SMALL: Final = 1024
_MOST_PARTS: Final = 16
_JSON: Final = "application/json"
_REPORT: Final = "/csp-report"
_MOST_REPORT: Final = 16 * 1024
_UNSENT: Final = frozenset(
    {"/sign-in/oidc/back"}
)  # reached from another site, with a state of ours instead of a cookie


def build(services: Services, behind: ASGIApp | None = None) -> ASGIApp:
    """The application; `behind` gets what is not the console's at all (TAXII). Raises KeyError for a route without a row."""
    console = _Console(services)
    routes = [
        Route("/static/{name}", console.asset),
        Route(_REPORT, console.report, methods=["POST"]),
        *(Route(one, console.of_the_app) for one in (installing.MANIFEST, installing.WORKER, installing.OFFLINE)),
    ]
    for page in ALL:
        _ = permissions.TABLE[(page.method, page.path)]
        if page.method == "GET" and page.has_twin:
            routes.append(Route(twin_path(page.path), partial(console.answer, page, True), methods=["GET"]))
    routes += [Route(one.path, partial(console.answer, one, False), methods=[one.method]) for one in ALL]
    inner = Starlette(routes=routes, exception_handlers={404: console.absent, 405: console.absent})
    inner.router.redirect_slashes = False

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if behind is not None and scope["type"] == "http" and scope["path"].startswith(("/taxii2", "/api1")):
            await behind(scope, receive, send)
        else:
            await inner(scope, receive, send)

    return application


def _own_path(request: Request) -> str:
    """Where a form was sent; never another site."""
    return "/" + request.url.path.lstrip("/\\")


def twin_path(path: str) -> str:
    """Where the JSON twin of a page is."""
    return "/index.json" if path == "/" else f"{path}.json"


class _Console:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._assets = assets.load()
        self._env = templating.environment()
        self._shell = installing.Shell(self._assets, self._env, services.control.members.me)
        self._parts: OrderedDict[tuple[str, str, str], str] = OrderedDict()
        services.control.journal.on_erased(lambda _: self._parts.clear())
        self._desk = Desk(Live(services.control, services.entropy), Seats())
        if self._assets.faults:
            services.control.note("doctor.browser-code", "", f"missing or changed: {', '.join(self._assets.faults)}")

    # -- the way of a request -------------------------------------------------------------------------------------

    async def answer(self, page: Page, twin: bool, request: Request) -> Response:
        """Host, session, role, form, handler, then the page or its twin."""
        session, form = None, guard.NOTHING
        try:
            if not guard.host_is_ours(request, self._services):
                return self._finish(request, Response("this node is not known by that name\n", 421))
            token = request.cookies.get(guard.cookie_name(self._services), "")
            session = await self._services.door.sessions.find(token) if token else None
            refusal = await self._refused(page, twin, request, session)
            if refusal is not None:
                return self._finish(request, refusal)
            form, file = await self._form(page, request, token if session else guard.visit(request, self._services))
            shown = partial(self._part, request, session)
            call = Call(self._services, request, session, token, form, self._desk, shown, file)
            if page.method == "POST" and session is not None and page.records is not None:
                await self._services.control.audit.record(call.use(page.records, page.path), [call.said("name")])
            return self._shown(await page.handler(call), twin, request, session)
        except guard.StaleFormError as error:
            return self._late(error, request, session)
        except TocsinError as error:
            return self._problem(error, twin, request, session, form)
        except Exception as error:  # noqa: BLE001 - the edge: a fault of ours must not end the listener
            self._services.control.note("internal.error", "", f"a page failed: {type(error).__name__}")
            return self._problem(AccessError("internal.error", "the page failed"), twin, request, session, form)

    async def _refused(self, page: Page, twin: bool, request: Request, session: Session | None) -> Response | None:
        if permissions.TABLE[(page.method, page.path)] == permissions.NOBODY:
            return None
        if session is None:
            return await self._ask_to_sign_in(request, twin=twin)
        if not permissions.may(page.method, page.path, session.person.roles):
            return self._problem(problems.absent(), twin, request, session)
        return None

    async def _ask_to_sign_in(self, request: Request, *, twin: bool) -> Response:
        """The same for every address, so that nobody learns which there are. What was written in a form is not lost."""
        if twin or request.headers.get("hx-request"):
            response = problems.as_json(AccessError("access.session", "nobody is signed in"))
            response.headers["hx-redirect"] = "/sign-in"
            return response
        if request.method == "POST":
            late = problems.late(await guard.sent_late(request, self._services), _own_path(request), is_signed_in=False)
            return self._page(late, request, None)
        where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target = f"/sign-in?to={quote(where)}" if request.method == "GET" and where != "/" else "/sign-in"
        return RedirectResponse(target, 303)

    async def _form(
        self, page: Page, request: Request, cookie: str
    ) -> tuple[Mapping[str, tuple[str, ...]], guard.Upload]:
        if page.method != "POST":
            return {}, guard.NO_FILE
        check = partial(guard.check_post, request, self._services, cookie)
        if page.takes_file:
            return await guard.form_with_file(request, page.most_body, check)
        form = guard.form_of(await guard.body(request, page.most_body))
        check(form)
        return form, guard.NO_FILE

    async def absent(self, request: Request, _error: Exception) -> Response:
        """What no route answers to: exactly what a hidden one looks like."""
        twin = request.url.path.endswith(".json")
        token = request.cookies.get(guard.cookie_name(self._services), "")
        try:
            session = await self._services.door.sessions.find(token) if token else None
        except TocsinError as error:
            return self._problem(error, twin, request, None)
        if session is None:
            return self._finish(request, await self._ask_to_sign_in(request, twin=twin))
        return self._problem(problems.absent(), twin, request, session)

    # -- what comes out -------------------------------------------------------------------------------------------

    def _shown(self, answer: Answer, twin: bool, request: Request, session: Session | None) -> Response:
        if isinstance(answer, Go):
            mark = "&" if "?" in answer.to else "?"
            response: Response = RedirectResponse(
                f"{answer.to}{mark}done={answer.done}" if answer.done else answer.to, 303
            )
        elif isinstance(answer, Response):
            response = answer
        elif twin:
            response = Response(msgspec.json.encode(answer.data), answer.status, media_type=_JSON)
        else:
            response = self._page(answer, request, session)
        for one in answer.cookies if isinstance(answer, Go | View) else ():
            guard.set_cookie(response, self._services, one.value, one.what, lax=one.lax)
        return self._finish(request, response)

    def _page(self, view: View, request: Request, session: Session | None) -> Response:
        cookie = request.cookies.get(guard.cookie_name(self._services), "") if session else ""
        visit = ""
        if not session:
            visit = guard.visit(request, self._services)
            fresh = visit or text(self._services.entropy.bytes(16))
            cookie, visit = fresh, "" if visit else fresh
        context = {
            **self._context(request, session, is_found=view.template not in (problems.TEMPLATE, problems.LATE)),
            "form_token": guard.form_token(self._services, cookie),
        }
        body = templating.render(self._env, view.template, {**context, "page": view.data})
        response = Response(body.encode(), view.status, media_type="text/html")
        if visit:
            guard.set_cookie(response, self._services, visit, "-visit")
        return response

    def _part(
        self, request: Request, session: Session | None, template: str, data: Mapping[str, Any], same: str = ""
    ) -> str:
        """What is put into a page that is there already, without forms. What is the `same` for many is made once."""
        context = {**self._context(request, session, is_found=True), "form_token": "", "page": data}
        key = (template, context["words"].language, same)
        made = self._parts.get(key) if same else None
        if made is None:
            made = templating.render(self._env, template, context)
        if same:
            self._parts[key] = made
            self._parts.move_to_end(key)
        while len(self._parts) > _MOST_PARTS:
            self._parts.popitem(last=False)
        return made

    def _context(self, request: Request, session: Session | None, *, is_found: bool) -> dict[str, Any]:
        person = session.person if session else None
        asked = request.query_params.get("lang", "")
        language = words.chosen(person.language if person else "", asked, request.headers.get("accept-language", ""))
        roles = person.roles if person else frozenset()
        query = f"?{request.url.query}" if request.url.query else ""
        return {
            "words": words.words(words.PSEUDO if self._services.pseudo else language),
            "languages": words.LANGUAGES,
            "person": person,
            "roles": roles,
            "theme": person.theme if person else "",
            "node": self._services.control.members.me,
            "software": self._services.control.software,
            "navigation": tuple(navigation.shown(roles)) if person else (),
            # A refusal says nothing of the address it was asked for, not even by a word of the navigation in bold.
            "path": request.url.path if is_found else "",
            "twin": twin_path(request.url.path) + query if is_found else "",
            "told": TOLD.get(request.query_params.get("done", ""), ""),
            "assets": self._assets,
            "papers": installing.PAPER,
            "world": self._services.world,
            "now_us": self._services.control.clock.now_us(),
            "token_field": guard.FIELD,
            "may": partial(_may, roles),
        }

    def _problem(
        self,
        error: TocsinError,
        twin: bool,
        request: Request,
        session: Session | None,
        form: guard.Form = guard.NOTHING,
    ) -> Response:
        if twin or request.headers.get("hx-request"):
            return self._finish(request, problems.as_json(error))
        view = problems.as_page(error, form, is_signed_in=session is not None)
        response = self._page(view, request, session)
        if view.status == 429:
            response.headers["retry-after"] = "60"
        return self._finish(request, response)

    def _late(self, error: guard.StaleFormError, request: Request, session: Session | None) -> Response:
        if session is None or not error.form or request.headers.get("hx-request"):
            return self._problem(error, twin=False, request=request, session=session)
        view = problems.late(error.form, _own_path(request), is_signed_in=True)
        return self._finish(request, self._page(view, request, session))

    def _finish(self, request: Request, response: Response) -> Response:
        guard.protect(response, self._services)
        accepts = "gzip" in request.headers.get("accept-encoding", "")
        body = bytes(response.body)
        # No reflection of a stranger's words beside a secret: the cookie that opens a page is never sent from elsewhere.
        if accepts and len(body) >= _SMALL and "content-encoding" not in response.headers:
            response.body = gzip.compress(body, 6, mtime=0)
            response.headers["content-encoding"] = "gzip"
            response.headers["content-length"] = str(len(response.body))
        response.headers["vary"] = "accept-encoding, accept-language, cookie"
        return response

    # -- what needs no session ------------------------------------------------------------------------------------

    async def asset(self, request: Request) -> Response:
        """A file that pages bring along. Its address changes when it does."""
        found = self._assets.files.get(request.path_params["name"])
        if found is None:
            return self._finish(request, Response("nothing here\n", 404, media_type="text/plain"))
        keep = {"cache-control": "public, max-age=31536000, immutable"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            keep["content-encoding"] = "gzip"
            return self._finish(request, Response(found.packed, headers=keep, media_type=found.media_type))
        return self._finish(request, Response(found.body, headers=keep, media_type=found.media_type))

    async def of_the_app(self, request: Request) -> Response:
        """What a browser installs and keeps; the same for who is signed in and who is not."""
        path = request.url.path
        if path == installing.MANIFEST:
            language = words.chosen(
                "", request.query_params.get("lang", ""), request.headers.get("accept-language", "")
            )
            body, kind = self._shell.manifest(language), "application/manifest+json"
        elif path == installing.WORKER:
            body, kind = self._shell.worker, "text/javascript; charset=utf-8"
        else:
            body, kind = self._shell.offline, "text/html; charset=utf-8"
        return self._finish(request, Response(body, headers={"cache-control": "no-cache"}, media_type=kind))

    async def report(self, request: Request) -> Response:
        """A browser says that the policy stopped something. It is counted; what it says is not believed."""
        try:
            await guard.body(request, _MOST_REPORT)
        except AccessError as error:
            return self._finish(request, problems.as_json(error))
        self._services.meter.count("tocsin_console_csp_reports_total")
        return self._finish(request, Response(status_code=204))


def _may(roles: Iterable[Any], method: str, path: str) -> bool:
    return permissions.may(method, path, frozenset(roles))


Endpoint = Callable[[Request], Awaitable[Response]]
