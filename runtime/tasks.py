"""Work that goes on until its owner closes: one part that fails is reported and begun again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_PAUSE_SECONDS = 1.0


def keep_running(
    owner: contextlib.AsyncExitStack,
    name: str,
    run: Callable[[], Awaitable[None]],
    failed: Callable[[str, Exception], None],
) -> None:
    """Run a part in a task of its own until the owner closes; where it raises or returns it is begun again.

    failed: told the name and the error; logs and counts it. Needs a running event loop.
    """

    async def forever() -> None:
        while True:
            try:
                await run()
            except Exception as error:
                failed(name, error)
                await asyncio.sleep(_PAUSE_SECONDS)

    task = asyncio.create_task(forever(), name=name)
    owner.push_async_callback(_ended, task)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work, wait, and so on."""
    while True:
        await work()
        await asyncio.sleep(seconds)


async def to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Wait for work that must not be left half done, also when cancelled."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
