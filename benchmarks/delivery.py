"""How long 1,000 words of the outbox take, one message each and bundled: `python -m benchmarks.delivery`.

A real SQLite file with fsync, a channel that answers at once. Printed: seconds until 99 % and all were sent.
"""

import asyncio
import tempfile
import time
from pathlib import Path

from alert_bridge.alerts import Alert
from alert_bridge.notify.custom import CustomNotifier
from tests.alert_bridge.parts import parts, seen

ROWS = 1000


class Counting:
    def __init__(self) -> None:
        self.at: list[float] = []

    async def send_notification(self, _: Alert) -> None:
        self.at.append(time.monotonic())


async def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with parts(Path(folder)) as one:
            counting = Counting()
            one.manager._notifiers.clear()
            one.manager._notifiers["one by one"] = CustomNotifier("one by one", counting)
            await one.observe(*(seen(instance=f"news-{number}") for number in range(ROWS)))
            begun = time.monotonic()
            await one.deliver()
            sent = sorted(moment - begun for moment in counting.at)
            most = sent[int(len(sent) * 0.99) - 1]
            print(f"{len(sent)} words one by one: 99 % within {most:.2f} s, all {sent[-1]:.2f} s")


if __name__ == "__main__":
    asyncio.run(measure())
