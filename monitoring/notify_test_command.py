"""`monitoring notify-test CHANNEL`: one test message an address, and the step that failed."""

import argparse
import asyncio
import json
import sys

from alert_bridge.notify.check import Outcome, check, look
from alert_bridge.notify.manager import NotificationManager
from monitoring.settings import Configuration
from runtime.clock import SystemClock
from runtime.settings import load


def run(arguments: argparse.Namespace) -> int:
    """Test one channel. Raises SettingsError, ValueError for a channel that is not in the settings."""
    settings = load(Configuration, arguments.config)
    manager = NotificationManager(settings.notifications, timezone=settings.web.timezone)
    try:
        outcomes = asyncio.run(_outcomes(manager, settings, arguments.channel, not arguments.no_send))
    except KeyError:
        known = ", ".join(settings.notifications.channels) or "none"
        raise ValueError(f"channel {arguments.channel!r}: not in the settings; there is: {known}") from None
    if arguments.format == "json":
        sys.stdout.write(json.dumps([one.to_dict() for one in outcomes], ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line(one)}\n" for one in outcomes)
    return 0 if all(one.ok for one in outcomes) else 1


def line(outcome: Outcome) -> str:
    """Return an outcome as one line."""
    whom = f"{outcome.channel} ({outcome.target})" if outcome.target else outcome.channel
    if outcome.ok:
        return f"ok      {whom}: {outcome.detail}"
    return f"failed  {whom}: at the step {outcome.step.value}: {outcome.detail} -> {outcome.remedy}"


async def _outcomes(manager: NotificationManager, settings: Configuration, name: str, send: bool) -> list[Outcome]:
    if not send:
        return await look(manager, name, language=settings.web.language)
    return await check(
        manager,
        name,
        clock=SystemClock(),
        language=settings.web.language,
        external_url=settings.web.external_url,
        timezone=settings.web.timezone,
    )
