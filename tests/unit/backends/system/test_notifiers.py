"""Pages go out by a real SMTP server and to a real HTTP server, and nowhere else."""

import asyncio
from base64 import b64decode
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from aiohttp import web

from tocsin.backends.system.notifiers import Desks, Mail, Mailbox, Webhook
from tocsin.errors import MEANINGS, ConfigError
from tocsin.ports.notifier import Page

PAGE = Page("report--1/0/2/17", "report--1", "flash", "cyber", 2, "[FLASH] Gateways fall", "Take them off.\n")
RED = Page("report--1/0/2/18", "report--1", "flash", "", 2, "[FLASH] a warning waits", "report--1\n")


class SmtpServer:
    """Just enough of RFC 5321, with STARTTLS and AUTH PLAIN."""

    def __init__(self, tls=None, refuse=()):
        self.tls = tls
        self.refuse = refuse
        self.mails = []
        self.logins = []
        self.secured = False

    async def serve(self, reader, writer):
        async def tell(text):
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        await tell("220 here")
        to = []
        try:
            while line := (await reader.readline()).decode().strip():
                verb = line.upper()
                if verb.startswith("EHLO"):
                    await tell("250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS" if self.tls else "250 here")
                elif verb == "STARTTLS":
                    await tell("220 go on")
                    await writer.start_tls(self.tls)
                    self.secured = True
                elif verb.startswith("AUTH"):
                    self.logins.append(line.split()[2])
                    await tell("235 welcome")
                elif verb.startswith("RCPT"):
                    address = line.partition("<")[2].partition(">")[0]
                    to.append(address)
                    await tell("550 nobody here" if address in self.refuse else "250 ok")
                elif verb == "DATA":
                    await tell("354 go on")
                    data = await reader.readuntil(b"\r\n.\r\n")
                    self.mails.append((tuple(to), message_from_bytes(data[:-5], policy=default)))
                    await tell("250 taken")
                elif verb == "QUIT":
                    await tell("221 bye")
                    break
                else:
                    await tell("250 ok")
        finally:
            writer.close()

    @asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]


def mail(port, desks, **more):
    return Mail(Desks(desks), Mailbox("localhost", port, "tocsin@eg.example", **{"starttls": False, **more}))


def test_a_mail_reaches_every_address_of_the_desk_once():
    async def story():
        server = SmtpServer()
        async with server.running() as port:
            desks = {"duty-officer": ["mailto:a@eg.example", "https://x/", "mailto:b@eg.example"], "other": []}
            one = mail(port, desks)
            assert await one.notify("duty-officer", PAGE) == 2
            assert await one.notify("head-of-duty", PAGE) == 2, "a role that is not listed is the duty officer"
            assert await one.notify("other", PAGE) == 0
        ((to, told), (_, again)) = server.mails
        assert to == ("a@eg.example", "b@eg.example")
        assert (told["Subject"], told.get_content().strip()) == (PAGE.subject, PAGE.body.strip())
        assert told["Message-ID"] == again["Message-ID"]
        assert told["Auto-Submitted"] == "auto-generated"

    asyncio.run(story())


def refused(caught):
    assert caught.value.code == "config.notifier"
    assert "config.notifier" in MEANINGS
    assert "gateway" not in caught.value.what.lower()


def test_a_mail_server_that_is_away_refuses_or_has_no_tls_is_an_error():
    async def story():
        with pytest.raises(ConfigError) as caught:
            await mail(1, {"duty-officer": ["mailto:a@eg.example"]}).notify("duty-officer", PAGE)
        refused(caught)
        server = SmtpServer(refuse=("b@eg.example",))
        async with server.running() as port:
            desks = {"duty-officer": ["mailto:a@eg.example", "mailto:b@eg.example"]}
            with pytest.raises(ConfigError) as caught:
                await mail(port, desks).notify("duty-officer", PAGE)
            refused(caught)
            before = len(server.mails)
            with pytest.raises(ConfigError) as caught:
                await mail(port, desks, starttls=True).notify("duty-officer", PAGE)
            refused(caught)
            assert len(server.mails) == before, "nothing is said without TLS"

    asyncio.run(story())


def test_starttls_comes_before_the_password_and_the_certificate_is_checked(tls, tmp_path):
    async def story():
        theirs, ours = tls
        server = SmtpServer(theirs)
        (tmp_path / "password").write_text("s3cret\n")
        box = Mailbox("localhost", 0, "tocsin@eg.example", starttls=True, user="eg", password=tmp_path / "password")
        desks = Desks({"duty-officer": ["mailto:a@eg.example"]})
        async with server.running() as port:
            assert await Mail(desks, replace(box, port=port), trust=ours).notify("duty-officer", RED) == 1
            assert server.secured
            assert [b64decode(one) for one in server.logins] == [b"\0eg\0s3cret"]
            ((_, told),) = server.mails
            assert "cyber" not in told.as_string()
            with pytest.raises(ConfigError) as caught:  # nobody here trusts that certificate
                await Mail(desks, replace(box, port=port)).notify("duty-officer", PAGE)
            refused(caught)
            assert (len(server.mails), len(server.logins)) == (1, 1)
            with pytest.raises(ConfigError) as caught:
                missing = replace(box, port=port, password=tmp_path / "gone")
                await Mail(desks, missing, trust=ours).notify("duty-officer", PAGE)
            refused(caught)

    asyncio.run(story())


def test_a_subject_with_a_line_break_is_no_second_header():
    async def story():
        server = SmtpServer()
        async with server.running() as port:
            page = replace(PAGE, subject="[FLASH] x\nBcc: everybody@elsewhere.example")
            await mail(port, {"duty-officer": ["mailto:a@eg.example"]}).notify("duty-officer", page)
        ((to, told),) = server.mails
        assert to == ("a@eg.example",)
        assert told["Bcc"] is None

    asyncio.run(story())


# -- webhook ----------------------------------------------------------------------------------------------------


class Hook:
    """A real HTTP server that remembers, and answers as told."""

    def __init__(self):
        self.calls = []
        self.status = 204
        self.port = 0

    async def take(self, request):
        self.calls.append((request.method, request.path, request.content_type, await request.json()))
        if self.status == 302:
            raise web.HTTPFound(f"http://127.0.0.1:{self.port}/elsewhere")
        return web.Response(status=self.status)

    @asynccontextmanager
    async def running(self):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{self.port}/page"
        finally:
            await runner.cleanup()


def test_a_webhook_gets_exactly_what_a_page_may_say():
    async def story():
        hook = Hook()
        async with hook.running() as url:
            one = Webhook(Desks({"duty-officer": ["mailto:a@eg.example", url]}))
            assert await one.notify("head-of-duty", PAGE) == 1
            assert await one.notify("duty-officer", RED) == 1
            assert await Webhook(Desks({})).notify("duty-officer", PAGE) == 0
        assert [call[:3] for call in hook.calls] == [("POST", "/page", "application/json")] * 2
        told = [call[3] for call in hook.calls]
        assert told[0] == {
            "schema": "tocsin.page/1",
            "key": PAGE.key,
            "role": "head-of-duty",
            "id": "report--1",
            "urgency": "flash",
            "topic": "cyber",
            "level": 2,
            "subject": PAGE.subject,
            "text": PAGE.body,
        }
        assert told[1]["topic"] is None

    asyncio.run(story())


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_redirection_is_a_failure_and_is_not_followed(status):
    async def story():
        hook = Hook()
        hook.status = status
        async with hook.running() as url:
            with pytest.raises(ConfigError) as caught:
                await Webhook(Desks({"duty-officer": [url]})).notify("duty-officer", PAGE)
        refused(caught)
        assert [path for _, path, _, _ in hook.calls] == ["/page"]

    asyncio.run(story())


def test_a_webhook_that_is_away_is_an_error():
    async def story():
        with pytest.raises(ConfigError) as caught:
            await Webhook(Desks({"duty-officer": ["http://127.0.0.1:1/"]})).notify("duty-officer", PAGE)
        refused(caught)

    asyncio.run(story())
