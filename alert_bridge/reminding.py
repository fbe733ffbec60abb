"""Who is reminded that an acknowledgement soon ends: whoever has the alert."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from alert_bridge.episodes import Change
from alert_bridge.schedules import OnCall
from alert_bridge.store import outbox, told_rows


class Reminding:
    """Tells the owner by the channels of `escalation.people`, else by those that were told of the alert.

    channels: the names of those there are.
    """

    def __init__(self, people: OnCall, channels: Callable[[], Collection[str]]) -> None:
        self._people = people
        self._channels = channels

    def stage(self, connection: Connection, changes: Sequence[Change], now: datetime) -> Sequence[Change]:
        """Put a reminder for each alert that is reminded of into the outbox."""
        reminded = [change.alert for change in changes if change.what == "reminded"]
        if not reminded:
            return ()
        told = told_rows.told_or_pending(connection, [alert.id for alert in reminded])
        there = self._channels()
        for alert in reminded:
            own = [name for name in self._people.channels(alert.acknowledged_by or "") if name in there]
            outbox.tell(connection, alert, "reminder", own or told.get(alert.id, ()), now, step=alert.version)
        return ()
