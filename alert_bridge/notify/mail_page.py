"""The HTML of a mail: readable on a phone, by day and by night; styles are inline, as mail readers want them."""

import html
from collections.abc import Mapping, Sequence

from alert_bridge.alerts import Severity

_COLOURS: Mapping[Severity, str] = {
    Severity.CRITICAL: "#b3261e",
    Severity.HIGH: "#b45309",
    Severity.MEDIUM: "#8a6a00",
    Severity.LOW: "#3d5a80",
}
_RESOLVED = "#2e6b3e"
_TEST = "#3d5a80"

_NIGHT = (
    "@media (prefers-color-scheme:dark){"
    ".ground{background:#16181a!important}.sheet{background:#212427!important;color:#e9eaea!important}"
    ".quiet{color:#a4abb0!important}.line{border-color:#3a3f43!important}}"
    "@media (max-width:520px){.sheet{padding:20px 18px!important}"
    ".fact th,.fact td{display:block!important;width:auto!important;padding-right:0!important}"
    ".fact th{border:0!important;padding-bottom:0!important}.fact td{padding-top:0!important}"
    ".button{display:block!important;text-align:center!important}}"
)


def page(
    *,
    language: str,
    event: str,
    severity: Severity,
    headline: str,
    facts: Sequence[tuple[str, str]],
    items: Sequence[str],
    link: tuple[str, str, str] | None,
) -> str:
    """Return the whole page with every text escaped. link: address, label, and what can be done there."""
    colour = _RESOLVED if event == "resolved" else _TEST if event == "test" else _COLOURS[severity]
    rows = "".join(_row(label, value) for label, value in facts)
    lines = "".join(f'<li style="margin:6px 0">{html.escape(item)}</li>' for item in items)
    return (
        f'<!DOCTYPE html><html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{html.escape(headline)}</title><style>{_NIGHT}</style></head>"
        '<body class="ground" style="margin:0;padding:0;background:#f2f2ef">'
        '<div class="ground" style="padding:16px 12px;background:#f2f2ef">'
        '<div class="sheet" style="max-width:600px;margin:0 auto;padding:24px 28px;background:#ffffff;color:#17191b;'
        f"border-top:6px solid {colour};border-radius:6px;font:15px/1.55 -apple-system,'Segoe UI','Hiragino Sans',"
        "'Noto Sans CJK JP','Noto Sans JP',Roboto,sans-serif\">"
        f'<h1 style="margin:0 0 18px;font-size:19px;line-height:1.4;font-weight:650;overflow-wrap:anywhere">'
        f"{html.escape(headline)}</h1>"
        + (
            f'<table class="fact" role="presentation" style="border-collapse:collapse;width:100%">{rows}</table>'
            if rows
            else ""
        )
        + (f'<ul style="margin:0;padding-left:20px;overflow-wrap:anywhere">{lines}</ul>' if lines else "")
        + (_button(*link, colour) if link else "")
        + "</div></div></body></html>\n"
    )


def _row(label: str, value: str) -> str:
    cell = "padding:8px 0;border-bottom:1px solid #e4e4de;vertical-align:top;text-align:left"
    shown = html.escape(value)
    if value.startswith(("https://", "http://")) and " " not in value:
        shown = f'<a href="{shown}" style="color:inherit">{shown}</a>'
    return (
        f'<tr><th class="quiet line" style="{cell};padding-right:18px;font-weight:400;white-space:nowrap;'
        f'color:#5e6266;font-size:13px">{html.escape(label)}</th>'
        f'<td class="line" style="{cell};width:100%;overflow-wrap:anywhere">{shown}</td></tr>'
    )


def _button(address: str, label: str, note: str, colour: str) -> str:
    below = (
        f'<p class="quiet" style="margin:10px 0 0;color:#5e6266;font-size:13px">{html.escape(note)}</p>' if note else ""
    )
    return (
        f'<p style="margin:24px 0 0"><a class="button" href="{html.escape(address)}" style="display:inline-block;'
        f'padding:11px 20px;background:{colour};color:#ffffff;text-decoration:none;border-radius:5px;font-weight:600">'
        f"{html.escape(label)}</a></p>{below}"
    )
