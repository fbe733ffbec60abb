"""Calling what the user wrote: sync or async, outside the event loop where it may block, with a deadline."""

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

THREADS = 4


class Caller:
    """Calls functions of the user's; those that are not coroutine functions run in threads of their own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="user-code")

    async def call(self, function: Callable[..., Any], *arguments: Any, seconds: float) -> Any:
        """Return what the function returns, awaited if it can be.

        Raises TimeoutError after `seconds`, and whatever the function raises. A thread that hangs is left behind.
        """
        async with asyncio.timeout(seconds):
            if inspect.iscoroutinefunction(function):
                return await function(*arguments)
            result = await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
            return await result if inspect.isawaitable(result) else result

    def close(self) -> None:
        """Take no more calls; what hangs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
