"""One POST to a service outside: connect-time address check, no redirects, a deadline, no secret in any error."""

import email.utils
import http
import re
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC

import aiohttp
from aiohttp.abc import AbstractResolver
from pydantic import SecretStr
from yarl import URL

from alert_bridge.notify.addresses import PrivateAddress, is_private, refused
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError
from runtime.clock import Clock

_AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str | int | bytes, ...]]

_TEMPORARY = (408, 425, 429)
_LONGEST_WAIT_SECONDS = 86_400.0
_ANSWER_BYTES = 1024
_ERROR_WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")


class HttpSender:
    """Posts to one address. A connection an attempt: alerts are rare, and nothing stale is left in between.

    allow_private_addresses: whether the address may lead into this machine or network. It is checked for the very
    address that is connected to, so that a name cannot lead elsewhere between check and use.
    tls: verifies the other side; by default as the machine does, or by SSL_CERT_FILE.
    """

    def __init__(
        self,
        url: SecretStr,
        *,
        allow_private_addresses: bool,
        clock: Clock,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        deadline_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._url = URL(url.get_secret_value())
        self._allow_private_addresses = allow_private_addresses
        self._clock = clock
        self._resolver = resolver
        self._tls = tls
        self._timeout = aiohttp.ClientTimeout(total=deadline_seconds)

    async def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Post the body; returns when the other side answered 2xx.

        Raises DeliveryError: permanent for 3xx, for 4xx other than 408, 425 and 429, for a wrong certificate and a
        refused address; retry_after_seconds from the answer's Retry-After.
        """
        host = self._url.host
        try:
            async with (
                aiohttp.ClientSession(connector=self._connector(), timeout=self._timeout) as session,
                session.post(
                    self._url,
                    data=body,
                    headers={"Accept-Encoding": "identity", "User-Agent": "newswatch", **headers},
                    allow_redirects=False,
                ) as answer,
            ):
                self._judge(answer.status, answer.headers, await answer.content.read(_ANSWER_BYTES))
        except aiohttp.ClientConnectorCertificateError:
            raise DeliveryError("tls", f"the certificate of {host} is not valid", permanent=True) from None
        except aiohttp.ClientConnectorSSLError:
            raise DeliveryError("tls", f"no TLS connection with {host}") from None
        except aiohttp.ClientConnectorError as error:
            raise self._connect_error(error.os_error) from None
        except TimeoutError:
            detail = f"no answer from {host} within {self._timeout.total:g} s"
            raise DeliveryError("answer", detail, uncertain=True) from None
        except aiohttp.InvalidURL:
            raise DeliveryError("connect", f"{host} is no host that can be connected to", permanent=True) from None
        except aiohttp.ClientError as error:
            detail = f"{host} broke the connection ({type(error).__name__})"
            raise DeliveryError("answer", detail, uncertain=True) from None

    def _connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(
            ssl=self._tls or True, resolver=self._resolver, force_close=True, socket_factory=self._socket
        )

    def _socket(self, info: _AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not self._allow_private_addresses and is_private(str(address[0])):
            raise PrivateAddress(str(address[0]))
        return socket.socket(family, kind, protocol)

    def _connect_error(self, error: OSError) -> DeliveryError:
        host = self._url.host
        if isinstance(error, PrivateAddress):
            return refused(str(host), error)
        return DeliveryError("connect", f"cannot connect to {host}:{self._url.port} ({error.strerror or 'refused'})")

    def _judge(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        if 200 <= status < 300:
            return
        detail = f"{self._url.host} answered {status} {_phrase(status)}{self._error_word(body)}"
        if 300 <= status < 400:
            raise DeliveryError(
                "answer", f"{detail}; redirects are not followed: set the final address", permanent=True
            )
        raise DeliveryError(
            "answer",
            detail,
            permanent=400 <= status < 500 and status not in _TEMPORARY,
            retry_after_seconds=self._retry_after(headers.get("Retry-After")),
            uncertain=status >= 500 and status != http.HTTPStatus.SERVICE_UNAVAILABLE,
        )

    def _retry_after(self, value: str | None) -> float | None:
        """Return seconds to wait, 0 to a day, from a number or an HTTP date; None where there is neither."""
        if value is None:
            return None
        try:
            seconds = float(int(value))
        except ValueError:
            try:
                moment = email.utils.parsedate_to_datetime(value)
            except ValueError:
                return None
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - self._clock.time()
        return min(max(seconds, 0.0), _LONGEST_WAIT_SECONDS)

    def _error_word(self, body: bytes) -> str:
        """Return an answer such as Slack's `invalid_payload`; other texts may repeat the address and are left out."""
        word = body.decode("ascii", "replace").strip()
        return f" ({word})" if _ERROR_WORD.fullmatch(word) and len(word) <= 60 and word not in str(self._url) else ""


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "(no standard status)"
