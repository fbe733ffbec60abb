"""E-mail by SMTP: STARTTLS or TLS with a verified certificate, text and HTML, one stable Message-ID."""

import asyncio
import contextlib
import email.policy
import email.utils
import hashlib
import logging
import socket
import ssl
from email.message import EmailMessage

import aiosmtplib

from alert_bridge.notify.messages import as_html, as_text, compose
from alert_bridge.notify.notifier import ATTEMPT_SECONDS, DeliveryError, Notification
from alert_bridge.notify.settings import EmailSettings
from alert_bridge.notify.templates import Templates
from runtime.clock import Clock

logger = logging.getLogger(f"monitoring.{__name__}")

_POLICY = email.policy.SMTP.clone(cte_type="7bit")
_QUIT_SECONDS = 1.0


class EmailNotifier:
    """Sends a mail to the address it is for, to all of the channel where it names none.

    With `starttls` or `tls` it never goes on in the clear.

    tls: verifies the server; by default as the machine does, or by SSL_CERT_FILE.
    """

    def __init__(
        self,
        settings: EmailSettings,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        deadline_seconds: float = ATTEMPT_SECONDS,
        templates: Templates | None = None,
    ) -> None:
        self._settings = settings
        self._templates = templates
        self._clock = clock
        self._tls = tls
        self._deadline_seconds = deadline_seconds

    async def send(self, notification: Notification) -> None:
        """Send it once; raises DeliveryError. Where only some addresses are refused, the others count as told."""
        mail = build_mail(notification, self._settings, self._clock, self._templates)
        client, connected = self._client(), False
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await client.connect()
                connected = True
                refused, _ = await client.send_message(mail)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._delivery_error(error, uncertain=connected) from None
        else:
            with contextlib.suppress(aiosmtplib.SMTPException):
                await client.quit(timeout=_QUIT_SECONDS)
        finally:
            client.close()
        for address, answer in refused.items():
            logger.warning("channel %s: %s was refused (%s)", notification.channel, address, answer.code)

    async def log_in(self) -> None:
        """Connect and log in, and send nothing; raises DeliveryError."""
        client = self._client()
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise self._delivery_error(error) from None
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.smtp_server,
            port=settings.smtp_port,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            use_tls=settings.transport_security == "tls",
            start_tls=settings.transport_security == "starttls",
            tls_context=self._tls,
            local_hostname=socket.gethostname(),
            timeout=self._deadline_seconds,
        )

    def _delivery_error(self, error: Exception, *, uncertain: bool = False) -> DeliveryError:
        """Say what was wrong. uncertain: a mail was on its way, so that without an answer it may have been taken."""
        host = f"{self._settings.smtp_server}:{self._settings.smtp_port}"
        if _is_certificate_error(error):
            return DeliveryError("tls", f"the certificate of {host} is not valid", permanent=True)
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            codes = sorted({one.code for one in error.recipients})
            detail = f"{host} refused all addresses ({', '.join(map(str, codes))})"
            return DeliveryError("send", detail, permanent=min(codes) >= 500)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            step = "login" if isinstance(error, aiosmtplib.SMTPAuthenticationError) else "send"
            return DeliveryError(step, f"{host} answered {error.code}", permanent=error.code >= 500)
        if isinstance(error, TimeoutError):
            return DeliveryError(
                "connect", f"no answer from {host} within {self._deadline_seconds:g} s", uncertain=uncertain
            )
        if isinstance(error, ssl.SSLError):
            return DeliveryError("tls", f"no TLS connection with {host}")
        if isinstance(error, OSError):
            return DeliveryError("connect", f"no connection with {host}", uncertain=uncertain)
        return DeliveryError("connect", f"{host} lacks what the settings ask for: {_lacking(error)}", permanent=True)


def build_mail(
    notification: Notification, settings: EmailSettings, clock: Clock, templates: Templates | None = None
) -> EmailMessage:
    """Return the mail: subject, text and HTML; the same Message-ID for every attempt, one thread for one alert."""
    message = compose(notification, templates)
    domain = str(settings.from_address).rpartition("@")[2]
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = message.headline
    mail["From"] = settings.from_address
    mail["To"] = notification.target or ", ".join(settings.to_addresses)
    mail["Date"] = email.utils.format_datetime(clock.now())
    mail["Message-ID"] = _message_id(notification.idempotency_key, domain)
    mail["References"] = _message_id(notification.alert.id, domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Newswatch-Event"] = notification.event.value
    mail["X-Newswatch-Alert"] = " ".join(notification.alert.id.split())
    mail["Content-Language"] = notification.language
    mail.set_content(as_text(message, notification.language, templates))
    mail.add_alternative(as_html(message, notification.language, templates), subtype="html")
    return mail


def _message_id(key: str, domain: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__
    return False


def _lacking(error: Exception) -> str:
    text = str(error)
    return next((word for word in ("STARTTLS", "AUTH", "SMTPUTF8") if word in text), "its answer was not understood")
