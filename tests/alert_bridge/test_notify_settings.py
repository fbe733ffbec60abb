import logging
from pathlib import Path
from typing import Any

import pytest

from alert_bridge.notify.channels import build_notifier
from alert_bridge.notify.email import EmailNotifier
from alert_bridge.notify.manager import NotificationManager
from alert_bridge.notify.settings import EmailSettings, NotificationSettings, SlackSettings, WebhookSettings
from alert_bridge.notify.slack import SlackNotifier
from alert_bridge.notify.webhook import WebhookNotifier
from runtime.clock import ManualClock
from runtime.settings import Section, SettingsError, load

CANARY = "canary0secret0canary"

GUIDE: dict[str, Any] = {
    "email": {
        "enabled": True,
        "smtp_server": "smtp.gmail.com",
        "smtp_port": 587,
        "username": "your-email@gmail.com",
        "password": "app-password",
        "from_address": "alerts@yourdomain.com",
        "to_addresses": ["admin@yourdomain.com"],
    },
    "slack": {
        "enabled": True,
        "webhook_url": "https://hooks.slack.com/services/...",
        "channel": "#alerts",
        "username": "NewsSystem Bot",
    },
}
MAIL = {"type": "email", "smtp_server": "mail", "from_address": "a@example.com", "to_addresses": ["b@example.com"]}


class Whole(Section):
    notifications: NotificationSettings = NotificationSettings()


def channels(**entries: Any) -> NotificationSettings:
    return load(Whole, data={"notifications": {"channels": entries}}, environ={}).notifications


def problem(**entries: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        channels(**entries)
    return str(caught.value)


def test_notification_config_of_the_guide_loads_as_it_is() -> None:
    loaded = channels(**GUIDE).channels
    email, slack = loaded["email"], loaded["slack"]
    assert isinstance(email, EmailSettings)
    assert isinstance(slack, SlackSettings)
    assert email.password is not None
    assert email.password.get_secret_value() == "app-password"
    assert email.to_addresses == ("admin@yourdomain.com",)
    assert slack.channel == "#alerts"


def test_bare_entries_of_the_guide_load_and_are_noted() -> None:
    guide = {"email": {"enabled": True}, "slack": {"enabled": False}, "desktop": {"enabled": True}}
    loaded = load(Whole, data={"alert_system": {"notification_channels": guide}}, environ={}).notifications
    assert list(loaded.usable()) == ["desktop"]
    assert loaded.notes() == (
        "notifications.channels.email: enabled, but smtp_server, from_address, to_addresses not set: "
        "it tells nobody yet",
    )


def test_a_desktop_is_left_out_and_said_where_there_is_no_session(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 987654)
    with caplog.at_level(logging.WARNING):
        assert NotificationManager({"desktop": {"enabled": True}}).names == ()
    assert "'desktop' is left out: there is no D-Bus session here" in caplog.text


def test_environment_completes_a_bare_entry() -> None:
    environ = {
        "NEWSWATCH_NOTIFICATIONS__CHANNELS__EMAIL__SMTP_SERVER": "mail.example.com",
        "NEWSWATCH_NOTIFICATIONS__CHANNELS__EMAIL__FROM_ADDRESS": "a@example.com",
        "NEWSWATCH_NOTIFICATIONS__CHANNELS__EMAIL__TO_ADDRESSES": "b@example.com, c@example.com",
    }
    data = {"alert_system": {"notification_channels": {"email": {"enabled": True}}}}
    email = load(Whole, data=data, environ=environ).notifications.usable()["email"]
    assert isinstance(email, EmailSettings)
    assert email.to_addresses == ("b@example.com", "c@example.com")


def test_channel_that_is_set_in_part_is_an_error_that_names_the_key() -> None:
    entry = {**MAIL, "to_addresses": []}
    assert "to_addresses is missing" in problem(email=entry)


def test_disabled_channel_may_be_incomplete() -> None:
    assert channels(email={**MAIL, "to_addresses": [], "enabled": False}).usable() == {}


def test_unknown_key_is_an_error_with_the_nearest_known() -> None:
    assert "did you mean 'smtp_server'" in problem(email={**MAIL, "smtp_sever": "x"})


def test_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "slack"
    file.write_text("https://hooks.slack.com/services/T/B/x\n")
    slack = channels(ops={"type": "slack", "webhook_url_file": str(file)}).usable()["ops"]
    assert isinstance(slack, SlackSettings)
    assert slack.webhook_url is not None
    assert slack.webhook_url.get_secret_value() == "https://hooks.slack.com/services/T/B/x"


@pytest.mark.parametrize(
    ("entry", "security"),
    [({}, "starttls"), ({"smtp_port": 465}, "tls"), ({"smtp_port": 25}, "starttls"), ({"security": "none"}, "none")],
)
def test_mail_is_protected_by_default(entry: dict[str, Any], security: str) -> None:
    email = channels(email={**MAIL, **entry}).channels["email"]
    assert isinstance(email, EmailSettings)
    assert email.transport_security == security


@pytest.mark.parametrize(
    "address", ["nobody", "a@b@c", "a b@example.com", "a@example.com\nBcc: x@example.com", "<a@example.com>", ""]
)
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    assert "is not an e-mail address" in problem(email={**MAIL, "to_addresses": [address or "@"]})


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://10.0.0.1/", "http://2130706433/"]
)
def test_private_address_needs_permission_at_the_settings_check(url: str) -> None:
    assert "set allow_private_addresses: true" in problem(hook={"type": "webhook", "url": url})
    assert channels(hook={"type": "webhook", "url": url, "allow_private_addresses": True}).usable()


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com/x", "https://", "https://a\r\nb/", "https://a:x/"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert "expected an address such as" in problem(hook={"type": "webhook", "url": url})


def test_user_name_without_password_is_refused() -> None:
    assert "belong together" in problem(email={**MAIL, "username": "me"})


def test_fallback_must_lead_to_another_channel() -> None:
    assert "there is no channel 'sms'" in problem(email={**MAIL, "fallback": "sms"})
    assert "leads back to" in problem(a={**MAIL, "fallback": "b"}, b={**MAIL, "fallback": "a"})
    assert channels(a={**MAIL, "fallback": "b"}, b=MAIL).usable().keys() == {"a", "b"}


def test_no_secret_is_shown_by_settings_or_their_errors() -> None:
    loaded = channels(
        email={**MAIL, "username": "me", "password": CANARY},
        slack={"webhook_url": f"https://hooks.slack.com/{CANARY}"},
        webhook={"url": f"https://example.com/{CANARY}", "secret": CANARY},
    )
    shown = repr(loaded) + str(loaded.model_dump()) + loaded.model_dump_json()
    errors = [
        problem(email={**MAIL, "username": "me", "password": CANARY, "to_addresses": []}),
        problem(slack={"webhook_url": f"ftp://{CANARY}"}),
        problem(slack={"webhook_url": f"http://127.0.0.1/{CANARY}"}),
        problem(webhook={"url": "https://example.com", "secret": [CANARY]}),
    ]
    assert CANARY not in shown + "".join(errors)


def test_each_type_has_its_notifier() -> None:
    clock = ManualClock(0.0)
    kinds = {
        name: type(build_notifier(settings, clock))
        for name, settings in channels(**GUIDE, hook={"type": "webhook", "url": "https://example.com"}).usable().items()
    }
    assert kinds == {"email": EmailNotifier, "slack": SlackNotifier, "hook": WebhookNotifier}


def test_no_notifier_is_built_from_incomplete_settings() -> None:
    with pytest.raises(ValueError, match="webhook: url is not set"):
        build_notifier(WebhookSettings(), ManualClock(0.0))
