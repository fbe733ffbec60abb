"""Keeps code of others, in the thread where it runs, from connecting into this machine or network.

A library that opens its own sockets cannot be handed a checked one. Python tells an audit hook of each connection
before it is made, with the very address, so that no other name, redirect or answer of a name server leads past it.
"""

import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from alert_bridge.notify.addresses import PrivateAddress, is_private

_CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")

_guards: "WeakKeyDictionary[threading.Thread, Guard]" = WeakKeyDictionary()


class Guard:
    """What was refused to one thread: `refused` is the first, None if nothing was."""

    def __init__(self) -> None:
        self.refused: PrivateAddress | None = None

    def judge(self, address: Any) -> None:
        """Raise PrivateAddress for an address of a socket that is not a public one; a path or a name is none."""
        host = str(address[0]) if isinstance(address, tuple) and address else str(address)
        try:
            private = is_private(host)
        except ValueError:
            private = True
        if private:
            error = PrivateAddress(host)
            self.refused = self.refused or error
            raise error


@contextmanager
def outward_only() -> Iterator[Guard]:
    """Let this thread connect to public addresses alone; those that it starts are not kept from anything."""
    _install()
    guard = _guards[threading.current_thread()] = Guard()
    try:
        yield guard
    finally:
        _guards.pop(threading.current_thread(), None)


@functools.cache
def _install() -> None:
    """A hook stays for the life of the process."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _CONNECTS or arguments[1] is None:
        return
    guard = _guards.get(threading.current_thread())
    if guard is not None:
        guard.judge(arguments[1])
