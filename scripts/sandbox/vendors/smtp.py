"""A mail server that delivers into the inbox."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from scripts.sandbox.faults import Fault
from scripts.sandbox.messages import Channel
from scripts.sandbox.vendor import Vendor, World

SLOW_SECONDS = 5.0
HANG_SECONDS = 120.0


class Mailbox:
    """aiosmtpd calls these by name; each answers with the line that the client gets."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._take(["temporary", "permanent"], [address])
        if fault and fault.fault == "temporary":
            return "450 4.2.1 The user you are trying to contact is receiving mail too quickly"
        if fault:
            return "550 5.1.1 The email account that you tried to reach does not exist"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        slow = self._take(["slow"], envelope.rcpt_tos)
        if slow:
            await asyncio.sleep(_seconds(slow, SLOW_SECONDS))
        if self._take(["drop"], envelope.rcpt_tos):
            abort(server)
            return "451 Never read"
        self._deliver(envelope)
        hang = self._take(["hang_after_success"], envelope.rcpt_tos)
        if hang:
            await asyncio.sleep(_seconds(hang, HANG_SECONDS))
            abort(server)
        return "250 OK"

    def _take(self, names: list[str], whom: list[str]) -> Fault | None:
        return self._world.faults.take(VENDOR.name, names, whom)

    def _deliver(self, envelope: Envelope) -> None:
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        mail = message_from_bytes(raw, policy=policy.default)
        text, html = _part(mail, "plain"), _part(mail, "html")
        details = {
            "from": str(mail["From"] or envelope.mail_from),
            "headers": {name: str(value) for name, value in mail.items()},
            "attachments": [part.get_filename() or part.get_content_type() for part in mail.iter_attachments()]
            if mail.is_multipart()
            else [],
        }
        for address in envelope.rcpt_tos:
            self._world.messages.add(
                Channel.EMAIL, address, text or "", title=str(mail["Subject"] or ""), html=html, details=details
            )


class Post(SMTP):
    """Refuses connections where asked to. A closed listener could not come back by itself."""

    def __init__(self, world: World, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._world = world

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._world.faults.take(VENDOR.name, ["refuse"]):
            cast(asyncio.Transport, transport).abort()


class MailServer(Controller):
    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__(Mailbox(world), hostname="127.0.0.1", port=world.smtp_port)

    def factory(self) -> SMTP:
        return Post(
            self._world,
            self.handler,
            hostname="sandbox",
            enable_SMTPUTF8=True,
            authenticator=self._authenticate,
            auth_require_tls=False,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """A client need not sign in; one that does must know the password."""
        accounts = self._world.accounts
        wanted = LoginPassword(accounts.smtp_user.encode(), accounts.smtp_password.encode())
        refused = self._world.faults.take(VENDOR.name, ["auth"])
        return AuthResult(success=data == wanted and not refused, handled=False)


def abort(server: SMTP) -> None:
    if server.transport is not None:
        cast(asyncio.Transport, server.transport).abort()


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    if part is None:
        return None
    content = part.get_content()
    return content.replace("\r\n", "\n") if isinstance(content, str) else None


def _seconds(fault: Fault, default: float) -> float:
    return default if fault.seconds is None else fault.seconds


def reach(world: World) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(world.smtp_port),
        "user (or none)": world.accounts.smtp_user,
        "password": world.accounts.smtp_password,
    }


VENDOR = Vendor(
    name="smtp",
    title="SMTP",
    faults={
        "temporary": "450 for the recipient",
        "permanent": "550 for the recipient",
        "auth": "535 at sign-in",
        "slow": "takes the mail after some seconds",
        "hang_after_success": "delivers, then does not answer for some seconds and closes",
        "drop": "closes after the text, without delivering",
        "refuse": "closes the connection before a greeting; knows no recipient",
    },
    how_to_reach=reach,
    server=MailServer,
)
