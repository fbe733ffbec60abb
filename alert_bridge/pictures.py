"""How pictures look that Matplotlib draws: colours and fonts, and PNG that is small."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER, RULE, GAP, BAND = "#ffffff", "#d9d9d1", "#f3f3ee", "#e3dfe9"
INK, META, SECOND = "#17191b", "#5e6266", "#0b6e6e"
WORKED_OUT, GRAVE, MARKED = "#7431a3", "#a34300", "#fbe5e4"

_LATIN = ("Noto Sans", "Noto Sans CJK JP")
_JAPANESE = ("Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", "IPAexGothic", "TakaoGothic")


def has_japanese() -> bool:
    """Return whether a font for Japanese is installed; without one its letters would be boxes."""
    return _installed(_JAPANESE) is not None


@contextmanager
def look(*, japanese: bool) -> Iterator[None]:
    """Draw in the product's fonts and colours while entered."""
    import matplotlib as mpl

    family = [_installed(_JAPANESE if japanese else _LATIN) or "DejaVu Sans", "DejaVu Sans"]
    with mpl.rc_context({"font.family": family, "font.size": 9.5, "text.color": INK}):
        yield


def _installed(names: Sequence[str]) -> str | None:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in names if name in installed), None)


def png(figure: "Figure") -> bytes:
    """Return the figure as PNG with 32 colours, a quarter of the size of one with all."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    size = canvas.get_width_height()
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    picture = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")
    written = io.BytesIO()
    picture.quantize(32, dither=Image.Dither.NONE).save(written, format="png", optimize=True)
    return written.getvalue()
