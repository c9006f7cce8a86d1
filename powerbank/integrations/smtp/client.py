"""E-mail by SMTP."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import localtime, parseaddr
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from powerbank.integrations.errors import VendorError, VendorRefusedError

TIMEOUT = 10


def send(
    *, url: str, sender: str, to: str, subject: str, text: str, html: str | None = None, reference: str | None = None
) -> str:
    """The Message-ID comes back. It is made from `reference`, so that a repeat can be told from a second message."""
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = " ".join(subject.split())  # a line break would begin a header of its own
    message["Date"] = localtime()
    message["Message-ID"] = f"<{reference or uuid4()}@{parseaddr(sender)[1].partition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday message answers it
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    try:
        with _connect(url) as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        _raise(min(code for code, _ in refused.recipients.values()))
    except smtplib.SMTPResponseException as refused:
        _raise(refused.smtp_code)
    except (OSError, smtplib.SMTPException) as error:
        raise VendorError(f"mail: {type(error).__name__}") from None
    return str(message["Message-ID"])


def _connect(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
    try:
        if parts.username:
            # Until it has said hello no server has any extension, and the password would go in clear.
            server.ehlo_or_helo_if_needed()
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _raise(code: int) -> None:
    """5xx is final. 4xx is greylisting, a full box, or a busy server."""
    if code >= 500:
        raise VendorRefusedError(f"mail refused with {code}") from None
    raise VendorError(f"mail failed with {code}") from None
