"""JSON that every parser takes: numbers that JSON lacks become null."""

import json
import math
from collections.abc import Mapping
from typing import Any


def dump(value: Any) -> str:
    """Write mappings, sequences, text and numbers as compact JSON; NaN and infinities become null.

    Half surrogate pairs become `?`, so that the text can be encoded as UTF-8. Raises TypeError for other objects.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
