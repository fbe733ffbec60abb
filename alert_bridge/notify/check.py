"""Does a channel work? One test message an address, and where it fails: the step, and what to do."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from alert_bridge.alerts import Alert, Severity, Status
from alert_bridge.notify.addresses import PRIVATE_REMEDY
from alert_bridge.notify.email import EmailNotifier
from alert_bridge.notify.manager import NotificationManager
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError, Event, Language, Notification
from alert_bridge.notify.settings import AnyChannel, EmailSettings, HttpChannel
from runtime.clock import Clock


class Step(StrEnum):
    """How far a test came."""

    SETTINGS = "settings"
    NAME = "name"
    TCP = "tcp"
    TLS = "tls"
    CERTIFICATE = "certificate"
    LOGIN = "login"
    RECIPIENT = "recipient"
    ANSWER = "answer"
    PLUGIN = "plugin"
    DONE = "done"


_REMEDIES: Mapping[Language, Mapping[Step, str]] = {
    "en": {
        Step.SETTINGS: "complete the channel's settings, then `monitoring check-config`",
        Step.NAME: "correct the host's name, or this machine's DNS",
        Step.TCP: "check the port, and whether a firewall is between; for mail: 587 (starttls) or 465 (tls)",
        Step.TLS: "check `security` and the port: 587 speaks starttls, 465 speaks tls",
        Step.CERTIFICATE: "let the server show a certificate for this name, or trust its authority by SSL_CERT_FILE",
        Step.LOGIN: "correct username and password; many providers want an app password",
        Step.RECIPIENT: "correct from_address and to_addresses; the server must take mail for them from this log-in",
        Step.ANSWER: "check the address (and its token) at the service that it belongs to",
        Step.PLUGIN: "see the log of the bridge for what the channel's own code raised",
    },
    "ja": {
        Step.SETTINGS: "チャネルの設定を補い、`monitoring check-config` で確認してください",
        Step.NAME: "ホスト名、またはこのマシンの DNS 設定を直してください",
        Step.TCP: "ポートとファイアウォールを確認してください（メールは 587 = starttls、465 = tls）",
        Step.TLS: "`security` とポートの組を確認してください（587 は starttls、465 は tls）",
        Step.CERTIFICATE: "この名前に対する証明書をサーバーに設定するか、認証局を SSL_CERT_FILE で信頼してください",
        Step.LOGIN: "username と password を直してください（アプリパスワードが必要なサービスもあります）",
        Step.RECIPIENT: "from_address と to_addresses を直してください",
        Step.ANSWER: "送信先のサービスで、アドレス（とトークン）を確認してください",
        Step.PLUGIN: "チャネルのコードが出した例外を、ブリッジのログで確認してください",
    },
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test of one address came to. step: `done`, or where it failed; remedy: what to do then."""

    channel: str
    target: str
    step: Step
    detail: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """True if the message was taken."""
        return self.step is Step.DONE

    def to_dict(self) -> dict[str, str | bool]:
        """Return it JSON-able."""
        return {
            "channel": self.channel,
            "target": self.target,
            "ok": self.ok,
            "step": self.step.value,
            "detail": self.detail,
            "remedy": self.remedy,
        }


async def check(
    manager: NotificationManager,
    name: str,
    *,
    clock: Clock,
    language: Language = "en",
    external_url: str | None = None,
    timezone: str = "UTC",
) -> list[Outcome]:
    """Send a test message to each address of a channel.

    Raises KeyError if the settings name no such channel, nor has code added one.
    """
    settings = manager.settings.channels.get(name)
    notifier = manager.notifier(name)
    if notifier is None:
        return [_not_there(name, settings, language)]
    outcomes = []
    for target in manager.profile(name).targets or ("",):
        moment = clock.now()
        notification = Notification(
            event=Event.TEST,
            alerts=(_test_alert(moment.isoformat(), language, clock),),
            step=0,
            channel=name,
            target=target,
            idempotency_key=f"test:{int(clock.time() * 1000)}:{name}:{target}",
            language=language,
            external_url=external_url,
            timezone=timezone,
        )
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS + 1):
                await notifier.send(notification)
        except DeliveryError as error:
            step = await _step(error, settings)
            remedy = PRIVATE_REMEDY if PRIVATE_REMEDY in error.detail else _REMEDIES[language][step]
            outcomes.append(Outcome(name, target, step, error.detail, remedy))
        except Exception as error:  # a channel of foreign code: whatever it does must stay here
            problem = "took too long" if isinstance(error, TimeoutError) else f"raised {type(error).__name__}"
            outcomes.append(Outcome(name, target, Step.PLUGIN, problem, _REMEDIES[language][Step.PLUGIN]))
        else:
            outcomes.append(Outcome(name, target, Step.DONE, "the message was taken"))
    return outcomes


async def look(manager: NotificationManager, name: str, *, language: Language = "en") -> list[Outcome]:
    """Look whether a channel can be reached, and send nothing: its host's name, for mail the log-in too.

    Raises KeyError if the settings name no such channel, nor has code added one.
    """
    settings = manager.settings.channels.get(name)
    notifier = manager.notifier(name)
    if notifier is None:
        return [_not_there(name, settings, language)]
    try:
        if isinstance(notifier, EmailNotifier):
            await notifier.log_in()
        elif not await _resolves(settings):
            return [Outcome(name, "", Step.NAME, "the host's name is not known", _REMEDIES[language][Step.NAME])]
    except DeliveryError as error:
        step = await _step(error, settings)
        return [Outcome(name, "", step, error.detail, _REMEDIES[language][step])]
    return [Outcome(name, "", Step.DONE, f"looks right; `monitoring notify-test {name}` sends a message")]


def _not_there(name: str, settings: AnyChannel | None, language: Language) -> Outcome:
    if settings is None:
        raise KeyError(name)
    lacking = f"not set: {', '.join(settings.missing)}" if settings.missing else "disabled, or not possible here"
    return Outcome(name, "", Step.SETTINGS, lacking, _REMEDIES[language][Step.SETTINGS])


async def _step(error: DeliveryError, settings: AnyChannel | None) -> Step:
    """Tell the step at which an attempt failed."""
    if error.step == "connect":
        return Step.TCP if await _resolves(settings) else Step.NAME
    if error.step == "tls":
        return Step.CERTIFICATE if "certificate" in error.detail else Step.TLS
    if error.step == "login":
        return Step.LOGIN
    if error.step == "plugin":
        return Step.PLUGIN
    return Step.RECIPIENT if isinstance(settings, EmailSettings) and error.step == "send" else Step.ANSWER


async def _resolves(settings: AnyChannel | None) -> bool:
    host: str | None = None
    if isinstance(settings, EmailSettings):
        host = settings.smtp_server
    elif isinstance(settings, HttpChannel):
        secret = getattr(settings, settings.url_field)
        host = urlsplit(secret.get_secret_value()).hostname if secret is not None else None
    if host is None:
        return True
    try:
        await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM), 5.0)
    except (OSError, ssl.SSLError, UnicodeError, TimeoutError):
        return False
    return True


def _test_alert(moment: str, language: Language, clock: Clock) -> Alert:
    text = "通知のテストです。対応は要りません。" if language == "ja" else "A test of notifications: nothing is wrong."
    return Alert(
        id=f"test-{int(clock.time())}",
        fingerprint="0" * 16,
        name="NotificationTest",
        severity=Severity.LOW,
        status=Status.RESOLVED,
        message=text,
        created_at=clock.now(),
        updated_at=clock.now(),
        reason=text,
        reason_texts={language: text},
        labels={"alertname": "NotificationTest", "tested_at": moment},
    )
