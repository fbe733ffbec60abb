import asyncio
import email.policy
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from pydantic import SecretStr

from alert_bridge.notify.email import EmailNotifier, build_mail
from alert_bridge.notify.notifier import DeliveryError, Event
from alert_bridge.notify.settings import EmailSettings
from runtime.clock import ManualClock
from tests.alert_bridge.notify_parts import ALERT, START, notification
from tests.certificates import make_certificate

CANARY = "canary0secret0canary"


@dataclass
class Authority:
    """Certificates of a made-up authority for 127.0.0.1; `file` is what a client has to trust."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    file: Path

    @classmethod
    def make(cls, folder: Path) -> Self:
        certificate, key = make_certificate(folder)
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(certificate, key)
        return cls(server, ssl.create_default_context(cafile=str(certificate)), certificate)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("certificates"))


@dataclass
class Mailbox:
    """What a real SMTP server received, and how it answers."""

    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = "250 kept"
    got: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answers.get(address, "250 ok")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.data_answer.startswith("250"):
            self.got.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.data_answer

    def mail(self) -> EmailMessage:
        content = self.got[-1].content
        assert isinstance(content, bytes)
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and data.password == CANARY.encode()
    return AuthResult(success=right, handled=False)


@asynccontextmanager
async def serving(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, implicit: bool = False, **options: Any
) -> AsyncIterator[Mailbox]:
    loop = asyncio.get_running_loop()
    starttls = None if implicit else tls
    server = await loop.create_server(
        lambda: SMTP(mailbox, loop=loop, hostname="mail.test", tls_context=starttls, **options),
        "127.0.0.1",
        0,
        ssl=tls if implicit else None,
    )
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()


def settings(mailbox: Mailbox, **changes: Any) -> EmailSettings:
    base: dict[str, Any] = {
        "smtp_server": "127.0.0.1",
        "smtp_port": mailbox.port,
        "security": "none",
        "from_address": "watch@example.com",
        "to_addresses": ("a@example.com", "b@example.com"),
    }
    return EmailSettings(**base | changes)


async def send(mailbox: Mailbox, tls: ssl.SSLContext | None = None, what: Any = None, **changes: Any) -> None:
    notifier = EmailNotifier(settings(mailbox, **changes), ManualClock(START), tls=tls, deadline_seconds=5.0)
    await notifier.send(what or notification())


async def failure(mailbox: Mailbox, tls: ssl.SSLContext | None = None, **changes: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(mailbox, tls, **changes)
    return caught.value


async def test_mail_has_text_and_html_for_all_addresses() -> None:
    async with serving(Mailbox()) as mailbox:
        await send(mailbox)
    mail = mailbox.mail()
    assert mailbox.got[0].rcpt_tos == ["a@example.com", "b@example.com"]
    assert mail["Subject"] == "[HIGH] CPU 93.5 % on news-1"
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Date"] == "Sat, 31 Jan 2026 03:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Value: 93.5 (threshold 84.25)" in body.get_content()


async def test_japanese_mail_arrives_readable_through_seven_bits() -> None:
    async with serving(Mailbox()) as mailbox:
        await send(mailbox, what=notification(language="ja"))
    content = mailbox.got[0].content
    assert isinstance(content, bytes)
    assert content.isascii()
    assert mailbox.mail()["Subject"] == "[HIGH] news-1 の CPU 使用率が 93.5 % です"
    body = mailbox.mail().get_body(("plain",))
    assert body is not None
    assert "この時間帯の普段の値を超えています。" in body.get_content()


async def test_message_id_is_the_same_for_every_attempt_and_differs_by_key() -> None:
    async with serving(Mailbox()) as mailbox:
        await send(mailbox)
        await send(mailbox)
        await send(mailbox, what=notification(idempotency_key="alert_1:1:hook"))
    identities = [email.message_from_bytes(one.content or b"")["Message-ID"] for one in mailbox.got]  # type: ignore[arg-type]
    assert identities[0] == identities[1] != identities[2]
    assert identities[0].endswith("@example.com>")


def test_alert_cannot_add_a_header() -> None:
    alert = replace(ALERT, message="hot\r\nBcc: spy@example.com\r\n\r\nbody", id="x\r\nBcc: spy@example.com")
    mail = build_mail(notification(Event.RESOLVED, alerts=(alert,)), settings(Mailbox(port=25)), ManualClock(START))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Resolved: hot Bcc: spy@example.com body"
    assert b"\r\nBcc:" not in mail.as_bytes()


async def test_starttls_is_used_with_a_verified_certificate(authority: Authority) -> None:
    async with serving(Mailbox(), tls=authority.server) as mailbox:
        await send(mailbox, authority.client, security="starttls")
    assert mailbox.encrypted == [True]


async def test_tls_from_the_start_is_used_with_a_verified_certificate(authority: Authority) -> None:
    async with serving(Mailbox(), tls=authority.server, implicit=True) as mailbox:
        await send(mailbox, authority.client, security="tls")
    assert len(mailbox.got) == 1


@pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
async def test_wrong_certificate_fails_and_nothing_is_sent(authority: Authority, security: str, implicit: bool) -> None:
    async with serving(Mailbox(), tls=authority.server, implicit=implicit) as mailbox:
        error = await failure(mailbox, security=security)
    assert (error.step, error.permanent) == ("tls", True)
    assert mailbox.got == []


async def test_server_without_starttls_fails_and_never_goes_on_in_the_clear() -> None:
    async with serving(Mailbox()) as mailbox:
        error = await failure(mailbox, security="starttls")
    assert error.permanent
    assert "STARTTLS" in str(error)
    assert mailbox.got == []


async def test_log_in_with_the_right_password(authority: Authority) -> None:
    async with serving(Mailbox(), tls=authority.server, authenticator=_authenticate, auth_required=True) as mailbox:
        await send(mailbox, authority.client, security="starttls", username="me", password=SecretStr(CANARY))
    assert len(mailbox.got) == 1


async def test_refused_log_in_is_permanent_and_tells_no_password(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = f"{CANARY}x"
    caplog.set_level(logging.DEBUG, logger="monitoring")
    async with serving(Mailbox(), tls=authority.server, authenticator=_authenticate, auth_required=True) as mailbox:
        error = await failure(mailbox, authority.client, security="starttls", username="me", password=SecretStr(wrong))
    assert (error.step, error.permanent) == ("login", True)
    assert CANARY not in str(error) + repr(error) + caplog.text


@pytest.mark.parametrize(("code", "permanent"), [("451", False), ("550", True)])
async def test_refusal_of_all_addresses_is_permanent_by_its_code(code: str, permanent: bool) -> None:
    answers = {"a@example.com": f"{code} no", "b@example.com": f"{code} no"}
    async with serving(Mailbox(answers=answers)) as mailbox:
        error = await failure(mailbox)
    assert error.permanent is permanent
    assert code in str(error)


async def test_one_refused_address_leaves_the_others_told(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Mailbox(answers={"a@example.com": "550 unknown"})) as mailbox:
        with caplog.at_level(logging.WARNING):
            await send(mailbox)
    assert mailbox.got[0].rcpt_tos == ["b@example.com"]
    assert "a@example.com was refused (550)" in caplog.text


@pytest.mark.parametrize(("answer", "permanent"), [("451 later", False), ("554 spam", True)])
async def test_refusal_of_the_mail_is_permanent_by_its_code(answer: str, permanent: bool) -> None:
    async with serving(Mailbox(data_answer=answer)) as mailbox:
        error = await failure(mailbox)
    assert error.permanent is permanent


async def test_server_that_is_away_may_be_tried_again() -> None:
    async with serving(Mailbox()) as mailbox:
        pass
    error = await failure(mailbox)
    assert (error.step, error.permanent, error.uncertain) == ("connect", False, False)


@dataclass
class Vanishing(Mailbox):
    """A server that takes the mail and breaks the connection instead of saying so."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope)
        server.transport.abort()
        return "250 unheard"


async def test_a_mail_whose_taking_was_not_confirmed_may_have_arrived() -> None:
    async with serving(Vanishing()) as mailbox:
        error = await failure(mailbox)
    assert len(mailbox.got) == 1
    assert (error.permanent, error.uncertain) == (False, True)


async def test_server_that_says_nothing_fails_at_the_deadline() -> None:
    released = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    mailbox = Mailbox(port=server.sockets[0].getsockname()[1])
    notifier = EmailNotifier(settings(mailbox), ManualClock(START), deadline_seconds=0.1)
    with pytest.raises(DeliveryError, match=r"within 0\.1 s") as caught:
        await notifier.send(notification())
    released.set()
    server.close()
    await server.wait_closed()
    assert not caught.value.permanent
