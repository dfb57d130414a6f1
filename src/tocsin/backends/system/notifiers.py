"""Notifiers of a real node: e-mail by SMTP, and a webhook. What they may say is decided before (exchange/warn/pages.py)."""

import asyncio
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from tocsin.errors import ConfigError
from tocsin.ports.notifier import Page

PATIENCE_S: Final = 10.0
FALLBACK: Final = "duty-officer"
_MAIL: Final = "mailto:"
_GOOD: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is handed in."""

    host: str
    port: int
    sender: str
    starttls: bool = True
    user: str = ""
    password: Path | None = None


class Desks:
    """Whom to page, by role: what the settings say."""

    def __init__(self, desks: Mapping[str, Sequence[str]]) -> None:
        self._desks = desks

    def addresses(self, role: str, *schemes: str) -> list[str]:
        """The addresses of a role with one of these schemes; of the duty officer where the role is not known."""
        found = self._desks.get(role, self._desks.get(FALLBACK, ()))
        return [one for one in found if one.startswith(schemes)]


class Mail:
    """ports.notifier by SMTP: one message to all addresses of a desk."""

    def __init__(self, desks: Desks, mailbox: Mailbox, *, trust: ssl.SSLContext | None = None) -> None:
        self._desks = desks
        self._mailbox = mailbox
        self._trust = trust

    async def notify(self, role: str, page: Page) -> int:
        """See ports.notifier. The message id is made from the page's key: a repetition is the same message."""
        to = [one.removeprefix(_MAIL) for one in self._desks.addresses(role, _MAIL)]
        if to:
            try:
                await asyncio.get_running_loop().run_in_executor(None, self._send, self._message(to, page))
            except (OSError, smtplib.SMTPException) as error:
                raise ConfigError(
                    "config.notifier", f"the mail server did not take a page ({type(error).__name__})"
                ) from error
        return len(to)

    def _message(self, to: Sequence[str], page: Page) -> EmailMessage:
        made = EmailMessage()
        made["From"] = self._mailbox.sender
        made["To"] = ", ".join(to)
        made["Subject"] = " ".join(page.subject.split())  # a line break would begin another header
        made["Message-ID"] = f"<{sha256(page.key.encode()).hexdigest()[:32]}@tocsin.invalid>"
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(page.body)
        return made

    def _send(self, message: EmailMessage) -> None:
        box = self._mailbox
        with smtplib.SMTP(box.host, box.port, timeout=PATIENCE_S) as server:
            if box.starttls:
                server.starttls(context=self._trust or ssl.create_default_context())
                if box.user and box.password is not None:
                    server.login(box.user, box.password.read_text(encoding="utf-8").strip())
            # A failure for one address must come again: the same message id makes it one message for the others.
            refused = server.send_message(message)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)


class Webhook:
    """ports.notifier by HTTP POST of JSON, to exactly the addresses in the settings and nowhere else."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    async def notify(self, role: str, page: Page) -> int:
        """See ports.notifier."""
        urls = self._desks.addresses(role, "https:", "http:")
        if not urls:
            return 0
        body = msgspec.json.encode(
            {
                "schema": "tocsin.page/1",
                "key": page.key,
                "role": role,
                "id": page.warning,
                "urgency": page.urgency,
                "topic": page.topic or None,
                "level": page.level,
                "subject": page.subject,
                "text": page.body,
            }
        )
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            for url in urls:
                await self._post(session, url, body)
        return len(urls)

    @staticmethod
    async def _post(session: aiohttp.ClientSession, url: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        try:
            async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ConfigError("config.notifier", f"a webhook did not answer ({type(error).__name__})") from error
        if status not in _GOOD:
            raise ConfigError("config.notifier", f"a webhook answered {status}")
