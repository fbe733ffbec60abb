"""Programs from outside Python that tests use."""

from pathlib import Path

import pytest

from monitoring.tools import find


def tool(name: str) -> Path:
    """Return the path of one of monitoring.tools.TOOLS; skip where it is missing."""
    found = find(name)
    if found is None:
        pytest.skip(f"{name} is not installed; `python -m monitoring.tools {name}` fetches it")
    return found
