"""The mail client: whom it writes to, and to whom it tells its password."""

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.smtp import client
from scripts.sandbox import Sandbox
from scripts.stack.ports import free_ports

USER, PASSWORD = "powerbank@example.com", "pass word/1"
LOGIN = "powerbank%40example.com:pass%20word%2F1"
Serve = Callable[..., "Post"]


class Post:
    """A mail server that keeps what it is told."""

    def __init__(self) -> None:
        self.logins: list[tuple[str, str, bool]] = []  # user, password, encrypted
        self.mails: list[tuple[list[str], str]] = []  # envelope's recipients, the header To
        self.port = free_ports().web

    def authenticate(self, server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode(), session.ssl is not None))
        return AuthResult(success=True)

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.compat32)
        self.mails.append((envelope.rcpt_tos, str(mail["To"])))
        return "250 OK"


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Make a certificate that this machine trusts during the test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(
            name,
            name,
            key.public_key(),
            x509.random_serial_number(),
            now - datetime.timedelta(hours=1),
            now + datetime.timedelta(hours=1),
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain = tmp_path / "chain.pem"
    chain.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Controller] = []

    def start(tls: ssl.SSLContext | None = None) -> Post:
        post = Post()
        server = Controller(
            post,
            hostname="127.0.0.1",
            port=post.port,
            authenticator=post.authenticate,
            auth_require_tls=False,
            tls_context=tls,
        )
        server.start()
        running.append(server)
        return post

    yield start
    for server in running:
        server.stop()


def send(url: str, to: str = "sita@example.com") -> str:
    return client.send(url=url, sender="Powerbank <noreply@example.com>", to=to, subject="Code", text="123456")


def test_the_password_is_told_behind_tls_only(serve: Serve, certificate: ssl.SSLContext) -> None:
    post = serve(certificate)
    send(f"smtp://{LOGIN}@127.0.0.1:{post.port}")
    assert post.logins == [(USER, PASSWORD, True)]
    assert post.mails == [(["sita@example.com"], "sita@example.com")]


def test_a_server_without_tls_is_told_no_password(serve: Serve) -> None:
    post = serve()
    with pytest.raises(VendorRefusedError, match="no TLS"):
        send(f"smtp://{LOGIN}@127.0.0.1:{post.port}")
    assert (post.logins, post.mails) == ([], [])


def test_a_server_without_a_trusted_certificate_is_told_no_password(
    serve: Serve, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = serve(certificate)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(VendorError, match="SSLCertVerificationError"):
        send(f"smtp://{LOGIN}@127.0.0.1:{post.port}")
    assert (post.logins, post.mails) == ([], [])


def test_a_relay_that_asks_for_no_password_gets_none(serve: Serve) -> None:
    post = serve()
    send(f"smtp://127.0.0.1:{post.port}")
    assert (post.logins, len(post.mails)) == ([], 1)


@given(st.lists(st.sampled_from(["Hotel", "Himalaya", "भुक्तानी", "विवरण", "नोभेम्बर", "२०८३"]), min_size=1, max_size=30))
def test_a_subject_is_read_as_it_was_written(words: list[str]) -> None:
    """However long it is, and wherever it is divided in the header."""
    message = EmailMessage(policy=client.WholeSubject())
    message["Subject"] = " ".join(words)
    sent = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
    assert max(map(len, sent.splitlines())) <= 78
    assert message_from_bytes(sent, policy=policy.default)["Subject"] == " ".join(words)


def test_a_mail_has_such_a_subject(vendors: Sandbox) -> None:
    subject = "Hotel २०८३ विवरण Private भुक्तानी भुक्तानी भुक्तानी आम्दानी भुक्तानी Limited Hotel"
    client.send(
        url=f"smtp://127.0.0.1:{vendors.smtp_port}",
        sender="Powerbank <noreply@example.com>",
        to="sita@example.com",
        subject=subject,
        text="x",
    )
    assert vendors.messages.newest_first()[0].title == subject


@pytest.mark.parametrize(
    "to",
    [
        "=?x?q?gita=40example.com=3e=00?=sita@example.com",
        "=?utf-8?q?gita=40example.com?=@example.net",
        "=?utf-8?q?a=0abcc=3ax?=@example.com",
        "sita@example.com, gita@example.com",
        "Sita <sita@example.com>",
        "sita@example.com\r\nBcc: gita@example.com",
        "",
    ],
)
def test_what_a_reader_would_take_for_another_address_gets_nothing(vendors: Sandbox, to: str) -> None:
    with pytest.raises(VendorRefusedError, match="not one plain address"):
        send(f"smtp://127.0.0.1:{vendors.smtp_port}", to)
    assert vendors.messages.newest_first() == []
