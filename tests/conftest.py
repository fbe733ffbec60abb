"""The order of the tests, and that none of them is a race against the clock."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what starts a real stack: it waits long and works little, so the others run beside it."""
    items.sort(key=lambda item: item.get_closest_marker("stack") is None)
