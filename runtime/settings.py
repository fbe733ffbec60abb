"""Settings: how they are declared, read, merged and checked, and the sections that all services share.

Order: defaults < files < environment (`NEWSWATCH_<SECTION>__<KEY>`) < overrides (arguments).
"""

import difflib
import os
import re
import ssl
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from runtime import guide_json

ENVIRONMENT_PREFIX = "NEWSWATCH_"
SECTIONS = (
    "exporter",
    "analyzer",
    "alert_bridge",
    "notifications",
    "escalation",
    "prometheus",
    "alertmanager",
    "web",
)
_WORDS = {
    "missing": "has to be given",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "dict_type": "expected keys with values",
    "model_type": "expected keys with values",
    "string_type": "expected text",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
}
"""What is said of a value instead of pydantic's words, which are for Python's types."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)?")
_UNIT_SECONDS = {None: 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def parse_duration(value: object) -> float:
    """Return seconds from a number or from text such as `30s`, `5m`, `1h`, `1h30m`.

    Raises ValueError for anything else, negative and non-finite numbers included.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    text = str(value).strip()
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part.group() for part in parts) != text:
        raise ValueError("expected seconds or a duration such as 30s, 5m, 1h")
    return sum(float(part[1]) * _UNIT_SECONDS[part[2]] for part in parts)


Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds; written as a number or as `30s`, `5m`, `1h`."""

Secret = SecretStr
"""A secret: never printed. A field `password: Secret | None` may also be given as `password_file`."""


def listed(value: object) -> object:
    """Take a single value for a list of one."""
    return value if value is None or isinstance(value, list | tuple) else (value,)


def _timezone(value: object) -> str:
    try:
        ZoneInfo(str(value))
    except (ValueError, KeyError, OSError):
        raise ValueError(f"{str(value)!r} is not an IANA time zone such as Asia/Tokyo") from None
    return str(value)


Names = Annotated[tuple[str, ...], BeforeValidator(listed)]
"""Some names, or one alone."""

TimeZone = Annotated[str, BeforeValidator(_timezone)]
"""An IANA time zone."""


class SettingsError(ValueError):
    """Settings that cannot be used.

    Attributes: problems, pairs of a dotted key (or file) and what is wrong with it.
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(f"{path}: {problem}" for path, problem in self.problems)


class Section(BaseModel):
    """Base of every section: frozen, unknown keys are errors, secrets may come from files."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        read = dict(data)
        for name, field in cls.model_fields.items():
            key = f"{name}_file"
            if key in cls.model_fields or key not in read or SecretStr not in _leaf_types(field.annotation):
                continue
            path = Path(str(read.pop(key)))
            if read.get(name) is not None:
                raise ValueError(f"both {name} and {key} are given: keep one")
            try:
                read[name] = path.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ValueError(f"{key}: cannot read {str(path)!r}: {error.strerror}") from None
        return read


class WebSettings(Section):
    """What every HTTP endpoint of the product shares."""

    external_url: str | None = None
    language: Literal["en", "ja"] = "en"
    timezone: TimeZone = "UTC"
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    rate_limit_per_minute: int = 600
    viewers: tuple[str, ...] = ()


class PrometheusSettings(Section):
    """The Prometheus that holds the history and evaluates the rules."""

    url: str = "http://127.0.0.1:9090"
    username: str | None = None
    password: Secret | None = None
    rules_dir: Path | None = None


class AlertmanagerSettings(Section):
    """The Alertmanagers that route to the bridge; several are the peers of one cluster.

    reconcile_interval_seconds: how often they are compared with what is open here, 0 for never.
    ca_file, cert_file, key_file: where they are not verified by the machine's own trust, or want a certificate.
    timeout_seconds: for one answer. receivers: those that lead to the bridge; all if empty.
    settle_seconds: how long a peer has to be up before it counts that it does not know an alert.
    backfill_seconds: how far back alerts that came and went while the bridge was away are looked for, 0 for never.
    watchdog_timeout_seconds: how long the Watchdog may stay away, 0 for ever.
    ack_sync: `silence` keeps a silence in Alertmanager for what is acknowledged here.
    """

    urls: tuple[str, ...] = ("http://127.0.0.1:9093",)
    reconcile_interval_seconds: Duration = 30.0
    username: str | None = None
    password: Secret | None = None
    bearer_token: Secret | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    timeout_seconds: Duration = Field(default=10.0, gt=0, le=60)
    receivers: tuple[str, ...] = ()
    settle_seconds: Duration = 300.0
    backfill_seconds: Duration = Field(default=6 * 3600.0, le=7 * 86400)
    watchdog_timeout_seconds: Duration = 300.0
    ack_sync: Literal["none", "silence"] = "none"

    @property
    def reconciles(self) -> bool:
        """Whether the bridge compares itself with them at all."""
        return bool(self.urls) and self.reconcile_interval_seconds > 0

    def tls_context(self) -> ssl.SSLContext | bool:
        """Return how a peer is verified over TLS; True for the machine's own trust. Raises OSError."""
        if self.ca_file is None and self.cert_file is None:
            return True
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context

    @field_validator("urls")
    @classmethod
    def _are_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for place, url in enumerate(urls):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"{place}: {url!r} is no address such as http://127.0.0.1:9093")
            if parts.username is not None:
                raise ValueError(f"{place}: give the log-in as username and password_file, not in the address")
        return urls

    @model_validator(mode="after")
    def _go_together(self) -> "AlertmanagerSettings":
        if self.username is not None and self.bearer_token is not None:
            raise ValueError("both username and bearer_token are given: keep one")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together: give both")
        try:
            self.tls_context()
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(f"ca_file, cert_file, key_file: {error.strerror or error}") from None
        if self.ack_sync == "silence" and not self.reconciles:
            raise ValueError(
                "ack_sync: silence needs the reconcile poll, or nothing would ever resolve what is silenced; "
                "set reconcile_interval_seconds to 30s and name urls, or leave ack_sync out"
            )
        return self


class Settings(Section):
    """Sections that every service reads; each service adds its own by a subclass."""

    web: WebSettings = WebSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()


SettingsType = TypeVar("SettingsType", bound=Section)


def load(
    model: type[SettingsType],
    files: Sequence[Path | str] = (),
    *,
    data: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Any] | None = None,
) -> SettingsType:
    """Read settings for one service.

    model: what this service knows; sections of other services are passed over, unknown ones are errors.
    files: YAML or the guide's JSON, later ones win. data: a mapping in the same form, after the files.
    Raises SettingsError that names each key, what was wrong and, for an unknown key, the nearest known one.
    """
    merged: dict[str, Any] = {}
    for file in files:
        merged = merge(merged, guide_json.translate(read_file(Path(file))))
    merged = merge(merged, guide_json.translate(data or {}))
    merged = merge(merged, _from_environment(environ))
    merged = merge(merged, overrides or {})
    own = {key: value for key, value in merged.items() if key in model.model_fields or key not in SECTIONS}
    try:
        return model.model_validate(own)
    except ValidationError as error:
        raise SettingsError([_problem(model, detail) for detail in error.errors()]) from None


def default_files() -> tuple[Path, ...]:
    """Return the guide's settings file below the working folder, if it is there."""
    file = Path("config/monitoring_config.json")
    return (file,) if file.is_file() else ()


def read_file(path: Path) -> dict[str, Any]:
    """Read one YAML or JSON file; relative paths under keys that end in `_file` are taken from its folder.

    Raises SettingsError that names the file, and the line where it is no YAML.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([(str(path), f"cannot be read: {getattr(error, 'strerror', None) or error}")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SettingsError([(str(path), f"is not valid YAML or JSON{where}")]) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError([(str(path), f"expected sections, got {type(data).__name__}")])
    resolved: dict[str, Any] = _resolve_files(data, path.parent)
    return resolved


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, key by key; lists and values are replaced whole."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def nearest(name: str, known: Collection[str]) -> str:
    """Return `did you mean 'x'?` for the nearest known name, or the list of what is known."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"


def _resolve_files(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return {
            key: str(folder / item)
            if isinstance(key, str) and key.endswith("_file") and isinstance(item, str)
            else _resolve_files(item, folder)
            for key, item in value.items()
        }
    return [_resolve_files(item, folder) for item in value] if isinstance(value, list) else value


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, text in sorted(environ.items()):
        keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        if not name.startswith(ENVIRONMENT_PREFIX) or len(keys) < 2:
            continue
        value: Any = yaml.safe_load(text) if text[:1] in "[{" and text else text
        for key in reversed(keys):
            value = {key: value}
        settings = merge(settings, value)
    return settings


def _problem(model: type[BaseModel], detail: Any) -> tuple[str, str]:
    path = ".".join(str(part) for part in detail["loc"]) or "settings"
    if detail["type"] == "extra_forbidden":
        known = {*_names_at(model, detail["loc"][:-1]), *(() if detail["loc"][1:] else SECTIONS)}
        return path, f"unknown key; {nearest(str(detail['loc'][-1]), known)}"
    if detail["type"] in _WORDS:
        return path, _WORDS[detail["type"]]
    message = str(detail["msg"]).removeprefix("Value error, ")
    return path, message[:1].lower() + message[1:]


def _names_at(model: type[BaseModel], location: Sequence[int | str]) -> Iterator[str]:
    """Yield the keys that are known at a place in the model (of every variant where it is a union)."""
    models = [model]
    for part in location:
        inner = [
            leaf
            for one in models
            if part in one.model_fields
            for leaf in _leaf_types(one.model_fields[str(part)].annotation)
        ]
        found = [leaf for leaf in inner if isinstance(leaf, type) and issubclass(leaf, BaseModel)]
        models = found or models
    for one in models:
        yield from one.model_fields


def _leaf_types(annotation: Any) -> list[Any]:
    """Return the plain types inside a union, container or annotated type."""
    if isinstance(annotation, types.GenericAlias) or typing.get_origin(annotation) is not None:
        return [leaf for argument in typing.get_args(annotation) for leaf in _leaf_types(argument)]
    return [annotation]
