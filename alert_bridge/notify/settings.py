"""Settings of the channels, in the product's form and in the guide's (`notification_config`)."""

import re
from collections.abc import Mapping
from datetime import time
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from alert_bridge.alerts import Severity
from alert_bridge.notify.addresses import names_private_address
from alert_bridge.quiet_hours import QuietHours
from runtime.settings import Duration, Secret, Section, TimeZone

PLUGINS = "newswatch.notifiers"
"""The group of entry points by which installed packages bring channels of their own."""

_ADDRESS = re.compile(r"[^\s@<>\",;:\\\x00-\x1f\x7f]+@[^\s@<>\",;:\\\x00-\x1f\x7f]+")
_SMTPS_PORT = 465
_UNCHECKED = ("xmpp", "xmpps", "syslog", "dbus", "glib", "qt", "kde", "gnome")
"""Services of apprise that connect from a thread or library of their own, past the check of addresses."""


def _split(value: Any) -> Any:
    """Take one address, or several with commas, for a list: the environment has no lists."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class QuietHoursSettings(Section):
    """When a channel is left alone: from `begin` to `end` (HH:MM), over midnight where `begin` is the later one.

    timezone: IANA name, `web.timezone` if left out. days: on which they begin, such as [mon, tue]; all if empty.
    pass_from: alerts at least so bad are told nevertheless.
    """

    begin: time
    end: time
    timezone: TimeZone | None = None
    days: Annotated[tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], BeforeValidator(_split)] = ()
    pass_from: Severity = Severity.CRITICAL

    @field_validator("pass_from", mode="before")
    @classmethod
    def _either_words(cls, value: Any) -> Any:
        return Severity.parse(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _last(self) -> Self:
        if self.begin == self.end:
            raise ValueError(f"begin and end are both {self.begin:%H:%M}; leave quiet_hours out for none")
        return self

    def hours(self, timezone: str) -> QuietHours:
        """Return the decision's values. timezone: where none is set."""
        days = frozenset(_DAYS.index(day) for day in self.days)
        return QuietHours(self.begin, self.end, self.timezone or timezone, days, self.pass_from)


class Channel(Section):
    """What every channel has.

    rate_per_minute: messages a minute to one address; 0 for any number. quiet_hours: when it is left alone.
    fallback: the channel that is told where this one cannot tell.

    A channel of which nothing but `enabled` is set, as in the guide's settings file, is no error: it is left out,
    and `NotificationSettings.notes` says so. One that is set in part is an error that names what is missing.
    """

    required: ClassVar[tuple[str, ...]] = ()

    enabled: bool = True
    fallback: str | None = None
    rate_per_minute: float = Field(default=60.0, ge=0)
    quiet_hours: QuietHoursSettings | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the keys without which the channel cannot tell anybody."""
        return tuple(name for name in self.required if not getattr(self, name))

    @model_validator(mode="after")
    def _complete_or_bare(self) -> Self:
        bare = self.model_fields_set <= {"type", *Channel.model_fields}
        if self.enabled and self.missing and not bare:
            raise ValueError(f"{self.missing[0]} is missing")
        return self


class EmailSettings(Channel):
    """E-mail by SMTP. `security` left out: `tls` on port 465, else `starttls`; certificates are always verified."""

    required = ("smtp_server", "from_address", "to_addresses")

    type: Literal["email"] = "email"
    smtp_server: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] | None = None
    username: str | None = None
    password: Secret | None = None
    from_address: str | None = None
    to_addresses: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()

    @property
    def transport_security(self) -> Literal["starttls", "tls", "none"]:
        """Return how the connection is protected, by the port where `security` is left out."""
        return self.security or ("tls" if self.smtp_port == _SMTPS_PORT else "starttls")

    @field_validator("from_address", "to_addresses")
    @classmethod
    def _plain_addresses(cls, value: Any) -> Any:
        for address in (value,) if isinstance(value, str) else value or ():
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"{address!r} is not an e-mail address such as alerts@example.com")
        return value

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together: give both or neither")
        return self


class HttpChannel(Channel):
    """What channels by HTTP share. The address is a secret, since most services put a token into it."""

    url_field: ClassVar[str]

    allow_private_addresses: bool = False

    @model_validator(mode="after")
    def _usable_address(self) -> Self:
        secret: Secret | None = getattr(self, self.url_field)
        if secret is not None:
            self._check(secret.get_secret_value())
        return self

    def _check(self, url: str) -> None:
        """Raise ValueError, which never repeats the address beyond its host."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https") or re.search(r"[\s\x00-\x1f\x7f\\]", url):
            raise ValueError(f"{self.url_field}: expected an address such as https://example.com/path")
        if not self.allow_private_addresses and names_private_address(host):
            raise ValueError(
                f"{self.url_field}: {host} is a private or loopback address; "
                "set allow_private_addresses: true if that is meant"
            )


class SlackSettings(HttpChannel):
    """A Slack incoming webhook, or a service that takes the same body (Mattermost, Rocket.Chat)."""

    required = ("webhook_url",)
    url_field = "webhook_url"

    type: Literal["slack"] = "slack"
    webhook_url: Secret | None = None
    channel: str | None = None
    username: str | None = None


class WebhookSettings(HttpChannel):
    """A generic webhook: JSON by POST, signed where a secret is set."""

    required = ("url",)
    url_field = "url"

    type: Literal["webhook"] = "webhook"
    url: Secret | None = None
    secret: Secret | None = None
    rate_per_minute: float = Field(default=600.0, ge=0)


class DesktopSettings(Channel):
    """Notifications on the desktop of the user whom the bridge runs as, by D-Bus.

    bus_address: where there is another session bus than the user's own.
    """

    type: Literal["desktop"] = "desktop"
    bus_address: str | None = None
    rate_per_minute: float = Field(default=30.0, ge=0)


class AppriseSettings(Channel):
    """Any service that apprise knows, by its address (https://github.com/caronc/apprise/wiki).

    allow_private_addresses: whether it may lead into this machine or network, checked where it connects to.
    """

    required = ("url",)

    type: Literal["apprise"] = "apprise"
    url: Secret | None = None
    allow_private_addresses: bool = False
    rate_per_minute: float = Field(default=30.0, ge=0)

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        scheme = self.url.get_secret_value().partition(":")[0].lower() if self.url is not None else ""
        if scheme in _UNCHECKED and not self.allow_private_addresses:
            raise ValueError(
                f"url: where {scheme} connects to cannot be checked; set allow_private_addresses: true if that is meant"
            )
        return self


class PluginSettings(Channel):
    """A channel that an installed package brings: `type` is the name of its entry point in `newswatch.notifiers`.

    options: arguments for it; secret: one more, that is never shown.
    """

    type: str
    options: dict[str, Any] = Field(default_factory=dict)
    secret: Secret | None = None

    @field_validator("type")
    @classmethod
    def _installed(cls, value: str) -> str:
        installed = sorted(point.name for point in metadata.entry_points(group=PLUGINS))
        if value not in installed:
            raise ValueError(f"{value!r} is none of {', '.join((*TYPES, *installed))}")
        return value


TYPES = ("email", "slack", "webhook", "desktop", "apprise")


def _tag(value: Any) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    return kind if kind in TYPES else "plugin"


AnyChannel = EmailSettings | SlackSettings | WebhookSettings | DesktopSettings | AppriseSettings | PluginSettings
ChannelSettings = Annotated[
    Annotated[EmailSettings, Tag("email")]
    | Annotated[SlackSettings, Tag("slack")]
    | Annotated[WebhookSettings, Tag("webhook")]
    | Annotated[DesktopSettings, Tag("desktop")]
    | Annotated[AppriseSettings, Tag("apprise")]
    | Annotated[PluginSettings, Tag("plugin")],
    Discriminator(_tag),
]


class NotificationSettings(Section):
    """Section `notifications`: the channels by name, and how long repeats of one alert are kept back.

    templates_dir: a folder with message templates that replace the product's own (docs/notifications.md).
    """

    suppression_window_seconds: Duration = 300.0
    templates_dir: Path | None = None
    channels: dict[str, ChannelSettings] = Field(default_factory=dict)

    @field_validator("channels", mode="before")
    @classmethod
    def _guide_form(cls, value: Any) -> Any:
        return channels_from_guide(value) if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _fallbacks_lead_somewhere(self) -> Self:
        for name, channel in self.channels.items():
            if channel.fallback is not None and channel.fallback not in self.channels:
                raise ValueError(f"channels.{name}.fallback: there is no channel {channel.fallback!r}")
            if self._returns(name):
                raise ValueError(f"channels.{name}.fallback: leads back to {name!r}")
        return self

    def usable(self) -> dict[str, AnyChannel]:
        """Return the channels that are enabled and complete."""
        return {name: one for name, one in self.channels.items() if one.enabled and not one.missing}

    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each channel that is enabled and cannot tell anybody yet."""
        return tuple(
            f"notifications.channels.{name}: enabled, but {', '.join(one.missing)} not set: it tells nobody yet"
            for name, one in self.channels.items()
            if one.enabled and one.missing
        )

    def _returns(self, start: str) -> bool:
        seen, name = {start}, self.channels[start].fallback
        while name is not None and name in self.channels:
            if name in seen:
                return name == start
            seen.add(name)
            name = self.channels[name].fallback
        return False


def channels_from_guide(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return channels with the `type` that the guide leaves out, since there the name is the type.

    mapping: the guide's `notification_config`, or `notifications.channels`; entries with a type stay as they are.
    """
    return {
        name: {"type": name, **entry} if name in TYPES and isinstance(entry, Mapping) else entry
        for name, entry in mapping.items()
    }
