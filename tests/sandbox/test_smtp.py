"""Mail through the standard library's client."""

import smtplib
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from scripts.sandbox import Sandbox
from tests.nursery import wait_until

Send = Callable[..., dict[str, tuple[int, bytes]]]


@pytest.fixture
def send(sandbox: Sandbox) -> Send:
    def send(*to: str, login: tuple[str, str] | None = None, timeout: float = 5) -> dict[str, tuple[int, bytes]]:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = "आपको कोड", "Powerbank <no-reply@example.com>", ", ".join(to)
        mail.set_content("कोड: 123456\nThanks")
        mail.add_alternative("<p>कोड: <b>123456</b></p>", subtype="html")
        with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=timeout) as client:
            if login:
                client.login(*login)
            return client.send_message(mail)

    return send


def test_mail_is_read_with_its_parts_decoded(sandbox: Sandbox, send: Send) -> None:
    send("asha@example.com", login=(sandbox.accounts.smtp_user, sandbox.accounts.smtp_password))
    (message,) = sandbox.messages.newest_first()
    assert (message.to, message.title) == ("asha@example.com", "आपको कोड")
    assert message.body == "कोड: 123456\nThanks\n"
    assert message.html is not None
    assert "<b>123456</b>" in message.html


def test_a_wrong_password_is_refused(sandbox: Sandbox, send: Send) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        send("asha@example.com", login=("sandbox", "wrong"))
    assert refused.value.smtp_code == 535


@pytest.mark.parametrize(("fault", "code"), [("temporary", 450), ("permanent", 550)])
def test_a_chosen_recipient_is_refused_and_others_are_not(sandbox: Sandbox, send: Send, fault: str, code: int) -> None:
    sandbox.faults.set("smtp", fault, match="gone@")
    refused = send("gone@example.com", "asha@example.com")
    assert [(to, answer[0]) for to, answer in refused.items()] == [("gone@example.com", code)]
    assert [message.to for message in sandbox.messages.newest_first()] == ["asha@example.com"]


def test_a_refused_connection_fails_once(sandbox: Sandbox, send: Send) -> None:
    sandbox.faults.set("smtp", "refuse", times=1)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send("asha@example.com")
    assert send("asha@example.com") == {}


def test_a_dropped_connection_delivers_nothing(sandbox: Sandbox, send: Send) -> None:
    sandbox.faults.set("smtp", "drop", times=1)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send("asha@example.com")
    assert sandbox.messages.newest_first() == []


def test_a_hang_after_success_has_delivered(sandbox: Sandbox, send: Send) -> None:
    sandbox.faults.set("smtp", "hang_after_success", times=1, seconds=2)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send("asha@example.com", timeout=0.3)
    wait_until(lambda: len(sandbox.messages.newest_first()) == 1, 5, "it is delivered")


def test_a_slow_server_takes_the_mail_in_the_end(sandbox: Sandbox, send: Send) -> None:
    sandbox.faults.set("smtp", "slow", times=1, seconds=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send("asha@example.com", timeout=0.2)
    sandbox.faults.set("smtp", "slow", times=1, seconds=0.1)
    assert send("bina@example.com") == {}
