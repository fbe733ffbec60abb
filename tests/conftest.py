"""The order of the tests."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what starts a real stack: it waits long and works little, so the others run beside it."""
    items.sort(key=lambda item: item.get_closest_marker("stack") is None)
