"""Objects found by name: `module:Class` in settings, entry points of installed packages."""

import importlib
import logging
from collections.abc import Iterator
from importlib import metadata
from typing import Any

logger = logging.getLogger(f"monitoring.{__name__}")


class LoadError(ValueError):
    """A name that leads to nothing.

    Attributes: name, problem.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"cannot load {self.name!r}: {self.problem}"


def load_object(name: str) -> Any:
    """Import `module:attribute` and return the attribute.

    Raises LoadError if the form is another, the module cannot be imported or has no such attribute.
    """
    module_name, colon, attribute = name.partition(":")
    if not colon or not module_name or not attribute:
        raise LoadError(name, "expected the form 'package.module:Name'")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except ImportError as error:
        raise LoadError(name, str(error)) from error
    except AttributeError:
        raise LoadError(name, f"module {module_name!r} has no {attribute!r}") from None


def entry_points(group: str) -> Iterator[tuple[str, Any]]:
    """Yield name and object of each installed entry point of a group; one that cannot be loaded is logged and left."""
    for point in metadata.entry_points(group=group):
        try:
            yield point.name, point.load()
        except Exception:
            logger.exception("entry point %s of group %s cannot be loaded and is left out", point.name, group)
