"""E-mail by SMTP."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import localtime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import uuid4

from powerbank.integrations.errors import VendorError, VendorRefusedError

TIMEOUT = 10
TOTAL_TIMEOUT = 20.0


class WholeSubject(EmailPolicy):
    """Writes a subject that is not plain ASCII as a whole.

    Python up to 3.12 divides a long one between two words so that readers see no space there.
    """

    def fold(self, name: str, value: str) -> str:
        folded: str = super().fold(name, value) if self._is_plain(name, value) else self._fold_whole(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        if not self._is_plain(name, value):
            return self._fold_whole(name, value).encode("ascii")
        folded: bytes = super().fold_binary(name, value)
        return folded

    def _is_plain(self, name: str, value: str) -> bool:
        return name.lower() != "subject" or str(value).isascii()

    def _fold_whole(self, name: str, value: str) -> str:
        encoded = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {encoded}{self.linesep}"


def send(
    *,
    url: str,
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str | None = None,
    reference: str | None = None,
    files: Sequence[tuple[str, str, bytes]] = (),
) -> str:
    """Send an e-mail, and return its Message-ID.

    The Message-ID is made from `reference`, so that a repeat can be told from a second message. A file has its
    name, its type and its content.
    """
    message = EmailMessage(policy=WholeSubject())
    message["From"] = sender
    _set_recipient(message, to)
    message["Subject"] = " ".join(subject.split())  # a line break would begin another header
    message["Date"] = localtime()
    message["Message-ID"] = f"<{reference or uuid4()}@{parseaddr(sender)[1].partition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # so that no holiday message answers it
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    for name, content_type, content in files:
        maintype, _, subtype = content_type.partition("/")
        message.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
    try:
        with _connect(urlsplit(url)) as server, _limit_time(server):
            server.send_message(message, to_addrs=[to])
    except smtplib.SMTPRecipientsRefused as refused:
        _raise_vendor_error(min(code for code, _ in refused.recipients.values()))
    except smtplib.SMTPResponseException as refused:
        _raise_vendor_error(refused.smtp_code)
    except (OSError, smtplib.SMTPException) as error:
        raise VendorError(f"mail: {type(error).__name__}") from None
    return str(message["Message-ID"])


def _set_recipient(message: EmailMessage, to: str) -> None:
    """Set the recipient in the header, or refuse an address that the header would show differently.

    Programs for mail decode words such as `=?utf-8?q?…?=`, also in addresses. Then the header would name somebody else
    than the envelope.
    """
    try:
        message["To"] = to
        read = [address.addr_spec for address in message["To"].addresses]
    except ValueError:
        read = []
    if read != [to]:
        raise VendorRefusedError("mail: this is not one plain address")


def _connect(parts: SplitResult) -> smtplib.SMTP:
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
    try:
        if parts.username:
            _log_in(server, parts.username, parts.password or "", encrypted=parts.scheme == "smtps")
    except BaseException:
        server.close()
        raise
    return server


@contextmanager
def _limit_time(server: smtplib.SMTP) -> Iterator[None]:
    """End the connection after a time, because a server that sends a byte now and then never times out."""
    connection = server.sock
    assert connection is not None  # noqa: S101 (for the type checker)
    timer = threading.Timer(TOTAL_TIMEOUT, connection.shutdown, [socket.SHUT_RDWR])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _log_in(server: smtplib.SMTP, user: str, password: str, *, encrypted: bool) -> None:
    """Log in, but never without TLS: whoever sits between could remove the offer of TLS and read the password."""
    if not encrypted:
        server.ehlo()  # asks what the server offers
        if not server.has_extn("starttls"):
            raise VendorRefusedError("mail: the server offers no TLS, so the password is not sent")
        server.starttls(context=ssl.create_default_context())
    server.login(unquote(user), unquote(password))


def _raise_vendor_error(code: int) -> None:
    """Raise the error of a reply: 5xx is final, 4xx is greylisting, a full mailbox or a busy server."""
    if code >= 500:
        raise VendorRefusedError(f"mail refused with {code}") from None
    raise VendorError(f"mail failed with {code}") from None
