"""Who may talk to an endpoint: users and TLS of `web.config.file`, tokens, sessions, allowed hosts and origins.

`web.config.file` has the format of the official Prometheus exporters (tls_server_config, basic_auth_users).
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
import secrets
import ssl
from collections import OrderedDict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from runtime.clock import Clock, SystemClock, parse_utc

logger = logging.getLogger(f"monitoring.{__name__}")

SESSION_SECONDS = 12 * 3600.0
_FAILURES_A_MINUTE = 10
_VERIFIED_KEPT = 1024
_SESSIONS_KEPT = 10_000


class Role(StrEnum):
    """What a caller may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    INGEST = "ingest"

    def allows(self, needed: "Role") -> bool:
        """Tell whether this role includes another: an operator may do everything."""
        return self in (Role.OPERATOR, needed)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling. expires: until when a token holds, epoch seconds; None without end."""

    name: str
    role: Role
    expires: float | None = None


ANYBODY = Identity("local", Role.OPERATOR)
"""The caller where no authentication is configured (loopback only)."""


class AccessError(ValueError):
    """A `web.config.file` or token file that cannot be used.

    Attributes: path, problem.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


class _TlsServerConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    client_auth_type: Literal["NoClientCert", "RequireAndVerifyClientCert"] = "NoClientCert"
    min_version: Literal["TLS12", "TLS13"] = "TLS12"


class _WebConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tls_server_config: _TlsServerConfig | None = None
    basic_auth_users: dict[str, str] = {}


@dataclass(slots=True)
class Session:
    """A person who logged in on the page."""

    identity: Identity
    csrf: str
    expires: float


@dataclass
class Access:
    """Users, tokens and TLS of one endpoint. With neither users nor tokens it is open."""

    users: Mapping[str, bytes] = field(default_factory=dict)
    viewers: Collection[str] = ()
    tokens: Mapping[str, Identity] = field(default_factory=dict)
    ssl_context: ssl.SSLContext | None = None
    clock: Clock = field(default_factory=SystemClock)
    tokens_file: Path | None = None
    _tokens_read_at: int = 0
    _verified: OrderedDict[bytes, Identity] = field(default_factory=OrderedDict)
    _sessions: OrderedDict[str, Session] = field(default_factory=OrderedDict)
    _failures: dict[str, deque[float]] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @classmethod
    def load(
        cls,
        web_config_file: Path | None = None,
        tokens_file: Path | None = None,
        viewers: Collection[str] = (),
        clock: Clock | None = None,
    ) -> "Access":
        """Read `web.config.file` and the token file; a token file that does not exist holds no token.

        Raises AccessError that names the file and what is wrong.
        """
        config = _read_web_config(web_config_file) if web_config_file else _WebConfig()
        there = tokens_file is not None and tokens_file.exists()
        read_at = tokens_file.stat().st_mtime_ns if tokens_file and there else 0
        return cls(
            users={name: password.encode() for name, password in config.basic_auth_users.items()},
            viewers=viewers,
            tokens=read_tokens(tokens_file) if tokens_file and there else {},
            tokens_file=tokens_file if there or config.basic_auth_users else None,
            _tokens_read_at=read_at,
            ssl_context=_ssl_context(web_config_file, config.tls_server_config) if web_config_file else None,
            clock=clock or SystemClock(),
        )

    @property
    def open(self) -> bool:
        """True where nothing is configured: whoever reaches the endpoint is an operator.

        It stays so until the next start: a first token made meanwhile must not lock out those who post alerts.
        """
        return not self.users and not self.tokens

    async def authenticate(self, authorization: str | None) -> Identity | None:
        """Return who an Authorization header belongs to, or None.

        bcrypt takes a quarter of a second: it runs in a thread, and a verified header is remembered by its digest.
        """
        if self.open:
            return ANYBODY
        found = self.known(authorization)
        scheme, value = _scheme(authorization)
        if found is not None or scheme != "basic":
            return found
        name, password = _decode_basic(value)
        identity = await self.login(name, password)
        if identity is not None:
            self._verified[self._digest(value)] = identity
            if len(self._verified) > _VERIFIED_KEPT:
                self._verified.popitem(last=False)
        return identity

    def known(self, authorization: str | None) -> Identity | None:
        """Return who holds a token, or a password that was verified before; None where that takes a log-in.

        Neither can be guessed, so whoever has one is let in whatever others at the same address tried.
        """
        scheme, value = _scheme(authorization)
        if scheme == "bearer":
            return self._by_token(value.strip())
        return self._verified.get(self._digest(value)) if scheme == "basic" else None

    def _digest(self, credentials: str) -> bytes:
        return hmac.digest(self._key, credentials.encode(), "sha256")

    async def login(self, name: str, password: str) -> Identity | None:
        """Check a user's password; an unknown user costs the same time as a wrong password."""
        stored = self.users.get(name, _DUMMY_HASH)
        matches = await asyncio.to_thread(_check_password, password, stored)
        if not matches or name not in self.users:
            return None
        return Identity(name, Role.VIEWER if name in self.viewers else Role.OPERATOR)

    def open_session(self, identity: Identity) -> tuple[str, Session]:
        """Begin a session; returns the cookie's value and the session with its CSRF token."""
        cookie = secrets.token_urlsafe(32)
        session = Session(identity, secrets.token_urlsafe(24), self.clock.time() + SESSION_SECONDS)
        self._sessions[cookie] = session
        if len(self._sessions) > _SESSIONS_KEPT:
            self._sessions.popitem(last=False)
        return cookie, session

    def session(self, cookie: str | None) -> Session | None:
        """Return the live session of a cookie, or None."""
        session = self._sessions.get(cookie or "")
        if session is None or session.expires < self.clock.time():
            self._sessions.pop(cookie or "", None)
            return None
        return session

    def close_session(self, cookie: str | None) -> None:
        """End a session."""
        self._sessions.pop(cookie or "", None)

    def note_failure(self, address: str) -> None:
        """Remember a failed log-in."""
        recent = self._failures.setdefault(address, deque(maxlen=_FAILURES_A_MINUTE))
        recent.append(self.clock.monotonic())
        if len(self._failures) > _SESSIONS_KEPT:
            self._failures.pop(next(iter(self._failures)))

    def blocked(self, address: str) -> bool:
        """Tell whether an address failed ten times within the last minute."""
        recent = self._failures.get(address)
        return (
            recent is not None
            and len(recent) == _FAILURES_A_MINUTE
            and self.clock.monotonic() - recent[0] < 60  # ten failures within one minute
        )

    def _by_token(self, token: str) -> Identity | None:
        self._read_changed_tokens()
        digest = hashlib.sha256(token.encode()).hexdigest()
        found = None
        for stored, identity in self.tokens.items():
            if hmac.compare_digest(stored, digest):
                found = identity
        if found is not None and found.expires is not None and found.expires <= self.clock.time():
            return None
        return found

    def _read_changed_tokens(self) -> None:
        """Take over a token file that was changed: what was revoked is refused at once, what is new holds.

        One that cannot be read changes nothing.
        """
        if self.tokens_file is None or not (self._tokens_read_at or self.tokens_file.exists()):
            return
        try:
            changed_at = self.tokens_file.stat().st_mtime_ns
            if changed_at != self._tokens_read_at:
                self.tokens = read_tokens(self.tokens_file)
                self._tokens_read_at = changed_at
        except (OSError, AccessError) as error:
            logger.error("tokens are not read again, those known stay in force: %s", error)


def _scheme(authorization: str | None) -> tuple[str, str]:
    scheme, _, value = (authorization or "").partition(" ")
    return scheme.lower(), value


def create_token(tokens_file: Path, role: Role, name: str, expires: str | None = None) -> str:
    """Make a bearer token, store its digest in the token file (mode 600) and return it: it is shown this once.

    expires: until when it holds, RFC 3339.
    Raises AccessError if the file is there and damaged, OSError if it cannot be written.
    """
    entries = _token_entries(tokens_file) if tokens_file.exists() else []
    token = f"nw_{secrets.token_urlsafe(32)}"
    entry = {"name": name, "role": role.value, "sha256": hashlib.sha256(token.encode()).hexdigest()}
    entries.append(entry | ({"expires": expires} if expires else {}))
    _write_tokens(tokens_file, entries)
    return token


def list_tokens(tokens_file: Path) -> list[tuple[str, str, str]]:
    """Return name, role and until when it holds (`revoked`, RFC 3339 or empty) of each token. Raises AccessError."""
    entries = _token_entries(tokens_file) if tokens_file.exists() else []
    return [
        (str(one.get("name")), str(one.get("role")), "revoked" if "sha256" not in one else str(one.get("expires", "")))
        for one in entries
    ]


def revoke_tokens(tokens_file: Path, name: str) -> int:
    """Let all tokens of a name hold no more; returns how many did.

    Their entries stay without digest: an endpoint does not become open when its last token goes.
    Raises AccessError, OSError.
    """
    entries = _token_entries(tokens_file) if tokens_file.exists() else []
    revoked = [one for one in entries if one.get("name") == name and one.pop("sha256", "")]
    if revoked:
        _write_tokens(tokens_file, entries)
    return len(revoked)


def read_tokens(tokens_file: Path) -> dict[str, Identity]:
    """Return the identity for each stored digest; a revoked token has one that nothing matches. Raises AccessError."""
    tokens = {}
    for number, entry in enumerate(_token_entries(tokens_file)):
        try:
            expires = parse_utc(str(entry["expires"])).timestamp() if entry.get("expires") else None
            digest = str(entry.get("sha256") or f"revoked {number}")
            tokens[digest] = Identity(str(entry["name"]), Role(entry["role"]), expires)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise AccessError(
                tokens_file, "each token needs name, role (viewer, operator, ingest) and sha256; expires is a time"
            ) from None
    return tokens


def _write_tokens(tokens_file: Path, entries: list[dict[str, str]]) -> None:
    tokens_file.parent.mkdir(parents=True, exist_ok=True)
    partial = tokens_file.with_suffix(".new")
    partial.touch(mode=0o600)
    partial.write_text(yaml.safe_dump(entries, sort_keys=False), encoding="utf-8")
    partial.replace(tokens_file)


def is_loopback(host: str) -> bool:
    """Tell whether a listen address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_allowed(host: str | None, allowed: Collection[str]) -> bool:
    """Tell whether a Host header names this endpoint: loopback names always, others where they are listed."""
    if not host:
        return False
    try:
        name = (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return False
    return name in ("localhost", "127.0.0.1", "::1") or name in allowed or "*" in allowed


def origin_allowed(origin: str | None, host: str | None, allowed: Collection[str]) -> bool:
    """Tell whether a page of this origin may act: no Origin (no browser), the same host, or a listed one."""
    if origin is None or origin in allowed:
        return True
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == str(host).lower()
    except ValueError:
        return False


_DUMMY_HASH = b"$2b$12$" + b"." * 53


def _check_password(password: str, stored: bytes) -> bool:
    import bcrypt

    try:
        return bcrypt.checkpw(password.encode()[:72], stored)
    except ValueError:
        return False


def _decode_basic(value: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _read_web_config(path: Path) -> _WebConfig:
    try:
        return _WebConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise AccessError(path, f"cannot be read: {error.strerror}") from None
    except yaml.YAMLError:
        raise AccessError(path, "is not valid YAML") from None
    except ValidationError as error:
        detail = error.errors()[0]
        raise AccessError(path, f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}") from None


def _ssl_context(path: Path, config: _TlsServerConfig | None) -> ssl.SSLContext | None:
    if config is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if config.min_version == "TLS13" else ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(path.parent / config.cert_file, path.parent / config.key_file)
        if config.client_ca_file:
            context.load_verify_locations(path.parent / config.client_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise AccessError(path, f"tls_server_config: {error}") from None
    if config.client_auth_type == "RequireAndVerifyClientCert":
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _token_entries(path: Path) -> list[dict[str, str]]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (OSError, yaml.YAMLError) as error:
        raise AccessError(path, f"cannot be read: {error}") from None
    if not isinstance(entries, list):
        raise AccessError(path, "expected a list of tokens")
    return entries
