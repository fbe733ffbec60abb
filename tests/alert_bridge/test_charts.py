import base64
import io
import os
import signal
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from alert_bridge import charts, pictures
from alert_bridge.charts import SYSTEM_FIGURES, ChartError, ChartRenderer, draw_system
from tests.alert_bridge.notify_parts import START, until

HOUR = {name: [50.0 + (number % 40) for number in range(720)] for name in SYSTEM_FIGURES}
GAP_COLOUR = (0xF3, 0xF3, 0xEE)


@pytest.fixture
async def renderer() -> AsyncIterator[ChartRenderer]:
    one = ChartRenderer(timezone="Asia/Tokyo", deadline_seconds=60.0)
    yield one
    await one.close()


def picture(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def pixels(png: bytes, colour: tuple[int, int, int]) -> int:
    colours = picture(png).convert("RGB").getcolors() or []
    return sum(count for count, found in colours if found == colour)


async def test_chart_is_a_small_png_and_one_child_draws_them_all(renderer: ChartRenderer) -> None:
    assert renderer.child_id is None
    drawn = [await renderer.system_chart(START.timestamp(), 5.0, HOUR)]
    child = renderer.child_id
    drawn.append(await renderer.system_chart(START.timestamp(), 5.0, {}))
    assert renderer.child_id == child is not None
    for chart in drawn:
        png = base64.b64decode(chart, validate=True)
        assert picture(png).size == (960, 520)
        assert len(png) <= 60 * 1024


async def test_child_that_died_is_replaced(renderer: ChartRenderer) -> None:
    await renderer.system_chart(START.timestamp(), 5.0, {})
    first = renderer.child_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: renderer.child_id is None)
    assert await renderer.system_chart(START.timestamp(), 5.0, {})
    assert renderer.child_id not in (None, first)


async def test_chart_that_takes_too_long_is_an_error_and_ends_the_child() -> None:
    hasty = ChartRenderer(deadline_seconds=0.005)
    with pytest.raises(ChartError, match=r"not drawn within 0\.005 s"):
        await hasty.system_chart(START.timestamp(), 5.0, HOUR)
    assert hasty.child_id is None


async def test_what_cannot_be_drawn_says_why_and_closing_leaves_no_process() -> None:
    lost = ChartRenderer(timezone="Mars/Olympus", deadline_seconds=60.0)
    with pytest.raises(ChartError, match="Mars/Olympus"):
        await lost.system_chart(START.timestamp(), 5.0, HOUR)
    child = lost.child_id
    assert child is not None
    await lost.close()
    await lost.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_child_is_given_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSWATCH_NOTIFICATIONS__CHANNELS__EMAIL__PASSWORD", "canary")
    assert "canary" not in str(charts._child_environment())


def test_ground_is_shaded_where_values_lack() -> None:
    gap = {name: [None if 200 <= number < 260 else value for number, value in enumerate(HOUR[name])] for name in HOUR}
    start = START.timestamp()
    whole = draw_system(start, 5.0, HOUR, "en", "UTC")
    broken = draw_system(start, 5.0, gap, "en", "UTC")
    assert pixels(broken, GAP_COLOUR) > pixels(whole, GAP_COLOUR) + 4 * 20 * 100


def test_infinite_value_is_a_gap() -> None:
    assert draw_system(START.timestamp(), 5.0, {"network_recv_mb_s": [1.0, float("inf")]}, "en", "UTC")


def test_words_are_english_where_no_font_has_japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_installed", lambda names: None)
    start = START.timestamp()
    assert draw_system(start, 5.0, HOUR, "ja", "UTC") == draw_system(start, 5.0, HOUR, "en", "UTC")


@pytest.mark.parametrize(
    ("value", "top"), [(0.0, 1.0), (1.0, 1.0), (1.1, 2.0), (2.1, 5.0), (7.0, 10.0), (119.7, 200.0), (1e6, 1e6)]
)
def test_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert charts._round_up(value) == top
