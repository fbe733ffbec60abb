"""From the outbox to a real mail server with TLS and log-in, and through channels of foreign code that misbehave."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from alert_bridge.alerts import Alert
from alert_bridge.notify.check import Step, check
from alert_bridge.store import outbox
from alert_bridge.store.outbox import Delivery
from monitoring.cli import main
from tests.alert_bridge.notify_parts import Receiver, receiving
from tests.alert_bridge.parts import Parts, parts, seen
from tests.alert_bridge.test_delivery import hook, use
from tests.alert_bridge.test_notify_email import CANARY, Authority, Mailbox, _authenticate, serving

ADDRESS = "a@example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def mail_server(mailbox: Mailbox, authority: Authority) -> AsyncIterator[Mailbox]:
    """A mail server that takes mail after STARTTLS and log-in alone."""
    async with serving(mailbox, tls=authority.server, authenticator=_authenticate, auth_required=True):
        yield mailbox


def mail(mailbox: Mailbox, **changes: Any) -> dict[str, Any]:
    base = {
        "type": "email",
        "smtp_server": "127.0.0.1",
        "smtp_port": mailbox.port,
        "username": "me",
        "password": CANARY,
        "security": "starttls",
        "from_address": "watch@example.com",
        "to_addresses": [ADDRESS],
    }
    return {**base, **changes}


def trust(one: Parts, authority: Authority) -> None:
    """Let the channel `mail` trust the test's own authority, as SSL_CERT_FILE would."""
    notifier = one.manager.notifier("mail")
    assert notifier is not None
    notifier._tls = authority.client  # type: ignore[attr-defined]


async def rows(one: Parts, state: str) -> list[Delivery]:
    found, _ = await one.database.read(lambda connection: outbox.of_state(connection, state, 100))
    return found


async def test_mail_arrives_by_starttls_and_log_in(tmp_path: Path, authority: Authority) -> None:
    async with parts(tmp_path) as one, mail_server(Mailbox(), authority) as mailbox:
        use(one, {"mail": mail(mailbox)})
        trust(one, authority)
        await one.observe(seen())
        await one.deliver()
    assert (len(mailbox.got), mailbox.encrypted) == (1, [True])


async def test_a_server_that_is_away_gets_the_mail_once_it_is_back(tmp_path: Path, authority: Authority) -> None:
    async with parts(tmp_path) as one:
        async with mail_server(Mailbox(), authority) as mailbox:
            pass
        use(one, {"mail": mail(mailbox)})
        trust(one, authority)
        await one.observe(seen())
        await one.deliver()
        [row] = await rows(one, "retry")
        assert row.error is not None and row.error.startswith("connect:")
        async with mail_server(Mailbox(), authority) as back:
            one.manager.notifier("mail")._settings = one.manager.settings.channels["mail"].model_copy(  # type: ignore[union-attr]
                update={"smtp_port": back.port}
            )
            one.clock.advance(5)
            await one.deliver()
            assert (len(back.got), [one.attempts for one in await rows(one, "sent")]) == (1, [2])


async def test_451_is_tried_again_and_arrives_once(tmp_path: Path, authority: Authority) -> None:
    async with parts(tmp_path) as one, mail_server(Mailbox({ADDRESS: "451 later"}), authority) as mailbox:
        use(one, {"mail": mail(mailbox)})
        trust(one, authority)
        await one.observe(seen())
        await one.deliver()
        assert [row.state for row in await rows(one, "retry")] == ["retry"]
        mailbox.answers.clear()
        one.clock.advance(3)
        await one.deliver()
        await one.deliver()
        assert len(mailbox.got) == 1


async def test_550_is_dead_at_once_and_the_fallback_tells(tmp_path: Path, authority: Authority) -> None:
    async with (
        parts(tmp_path) as one,
        mail_server(Mailbox({ADDRESS: "550 unknown"}), authority) as mailbox,
        receiving(Receiver()) as backup,
    ):
        use(one, {"mail": mail(mailbox, fallback="backup"), "backup": hook(backup)})
        trust(one, authority)
        await one.observe(seen(), channels=["mail"])
        await one.deliver()
        await one.deliver()
        [row] = await rows(one, "dead")
        assert (row.attempts, len(backup.got)) == (1, 1)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_wrong_certificate_is_dead_and_nothing_is_sent_not_even_the_password(
    tmp_path: Path, authority: Authority, security: str
) -> None:
    logged_in: list[Any] = []

    def authenticate(*arguments: Any) -> Any:
        logged_in.append(arguments)
        return _authenticate(*arguments)

    mailbox = Mailbox()
    how: dict[str, Any] = {"tls": authority.server, "implicit": security == "tls", "authenticator": authenticate}
    async with parts(tmp_path) as one, serving(mailbox, **how, auth_require_tls=False):
        use(one, {"mail": mail(mailbox, security=security)})
        await one.observe(seen())
        await one.deliver()
        [row] = await rows(one, "dead")
    assert row.error is not None and "certificate" in row.error
    assert (mailbox.got, logged_in) == ([], [])


class Raises:
    async def send_notification(self, alert: Alert) -> None:
        raise RuntimeError("broken")


class Exits:
    async def send_notification(self, alert: Alert) -> None:
        sys.exit(3)


class ExitsInThread:
    def send_notification(self, alert: Alert) -> None:
        raise SystemExit(3)


class Hangs:
    released = threading.Event()

    def send_notification(self, alert: Alert) -> None:
        self.released.wait(60)


@pytest.fixture
def hanging() -> Iterator[Hangs]:
    channel = Hangs()
    yield channel
    channel.released.set()


async def test_channels_that_raise_exit_and_hang_leave_the_others_alone(tmp_path: Path, hanging: Hangs) -> None:
    async with parts(tmp_path) as one, receiving(Receiver(text="\x00<html>" * 10_000)) as rubbish:
        use(one, {"rubbish": hook(rubbish)})
        for name, channel in {
            "raises": Raises(),
            "exits": Exits(),
            "thread": ExitsInThread(),
            "hangs": hanging,
        }.items():
            one.manager.add_channel(name, channel)
        one.manager.notifier("hangs")._deadline_seconds = 0.2  # type: ignore[union-attr]
        await one.observe(seen())
        await one.deliver()
        states = {row.channel: state for state in ("sent", "retry") for row in await rows(one, state)}
    assert states == {"rubbish": "sent", **dict.fromkeys(("raises", "exits", "thread", "hangs"), "retry")}


class Pager:
    """What an installed package brings."""

    told: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, room: str, secret: str) -> None:
        assert secret == CANARY
        self._room = room

    async def send_notification(self, alert: Alert) -> None:
        self.told.append((self._room, alert.name))


async def test_a_channel_of_an_installed_package_is_found_made_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "pager-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: pager\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[newswatch.notifiers]\npager = {__name__}:Pager\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "pager" in {point.name for point in metadata.entry_points(group="newswatch.notifiers")}
    async with parts(tmp_path) as one:
        use(one, {"night": {"type": "pager", "options": {"room": "news"}, "secret": CANARY}})
        await one.observe(seen("Paged"))
        await one.deliver()
    assert Pager.told == [("news", "Paged")]


async def outcome(one: Parts) -> tuple[Step, str, str]:
    [found] = await check(one.manager, "mail", clock=one.clock)
    return found.step, found.detail, found.remedy


async def test_a_test_message_names_certificate_log_in_and_recipient_as_the_step_that_failed(
    tmp_path: Path, authority: Authority
) -> None:
    async with parts(tmp_path) as one, mail_server(Mailbox(), authority) as mailbox:
        use(one, {"mail": mail(mailbox)})
        step, detail, remedy = await outcome(one)
        assert (step, "SSL_CERT_FILE" in remedy) == (Step.CERTIFICATE, True)
        use(one, {"mail": mail(mailbox, password=f"{CANARY}x")})
        trust(one, authority)
        step, detail, remedy = await outcome(one)
        assert (step, CANARY in detail, "password" in remedy) == (Step.LOGIN, False, True)
        use(one, {"mail": mail(mailbox)})
        trust(one, authority)
        for code in ("451", "550"):
            mailbox.answers = {ADDRESS: f"{code} no"}
            step, detail, remedy = await outcome(one)
            assert (step, code in detail, "to_addresses" in remedy) == (Step.RECIPIENT, True, True)
        mailbox.answers = {}
        assert (await outcome(one))[0] is Step.DONE
    assert len(mailbox.got) == 1


def test_the_command_names_the_step_and_ends_with_one_and_trusts_what_ssl_cert_file_names(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mailbox, started, over = Mailbox(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with mail_server(mailbox, authority):
            started.set()
            await asyncio.to_thread(over.wait, 60)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(10)
        file = tmp_path / "config.yml"
        file.write_text(yaml.safe_dump({"notifications": {"channels": {"mail": mail(mailbox)}}}))
        command = ["notify-test", "--config", str(file), "mail"]
        assert main(command) == 1
        assert f"failed  mail ({ADDRESS}): at the step certificate:" in capsys.readouterr().out
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        assert main(command) == 0
        assert capsys.readouterr().out.startswith(f"ok      mail ({ADDRESS})")
    finally:
        over.set()
        thread.join(10)
    assert mailbox.encrypted == [True]
