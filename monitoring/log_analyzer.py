"""The log analysis under the guide's name; loaded when it is asked for."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.engine import LogAnalysisEngine

__all__ = ["LogAnalysisEngine"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("analyzer.engine"), name)


def __dir__() -> list[str]:
    return __all__
