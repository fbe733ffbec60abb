// @ts-check
/* One metric beside the overview: what it is now, its chart, its threshold and what that was. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { address, go } from "../route.js";
import { t } from "../strings.js";
import { state, tileOf } from "../store.js";
import { limit, limitWithUnit, metricName, rich, span, withUnit } from "../text.js";
import { chartData, chartPart, latestValue, modeName } from "./chartpart.js";
import { close, copyLink } from "./drawer.js";
import { RANGES, iconButton } from "./sections.js";

/** @param {string} name @param {string} seconds */
export function metricDrawer(name, seconds) {
  const tile = tileOf(name);
  const threshold = tile ? tile.threshold : state.drawer.series?.threshold;
  const pick = (/** @type {string} */ one) => () => go(address({ keep: true, query: { span: one } }), true);
  return html`<div class="drawer" role="dialog" aria-label=${metricName(name)} tabindex="-1">
    <header class="drawer-head"><div class="line"><h2>${metricName(name)}</h2><span class="grow"></span>${iconButton(t("copy_link"), "link", copyLink)}${iconButton(t("close_esc"), "close", close)}</div>
      <div class="facts">${tile?.worst?.instance ? html`<span>${t("worst")} <b>${tile.worst.instance}</b></span>` : nothing}${threshold?.mode ? html`<span>${t("threshold")} <b>${modeName(threshold.mode)}</b></span>` : nothing}</div></header>
    <div class="drawer-body" tabindex="0" role="region" aria-label=${t("details")}>
      <section class="part"><p class="why">${sentence(name, tile, threshold)}</p></section>
      <div class="segments" role="group" aria-label=${t("range")}>${RANGES.map((one) => html`<button type="button" aria-pressed=${one === seconds} @click=${pick(one)}>${span(Number(one))}</button>`)}</div>
      ${chartPart(chartData({}))}
    </div></div>`;
}

/** @param {string} name @param {import("../alerts.js").Tile|undefined} tile @param {any} threshold */
function sentence(name, tile, threshold) {
  const value = tile ? tile.value : latestValue();
  const unit = tile?.unit ?? state.drawer.series?.unit;
  const v = value == null ? t("no_value") : withUnit(name, value, unit);
  if (threshold?.value == null) return rich("why_value", { name: metricName(name), v });
  const range = tile?.expected;
  const key = `why_${threshold.direction === "lower" ? "lower" : "upper"}${range ? "_expected" : ""}`;
  const usual = range ? { lo: limit(name, range.lower), hi: limitWithUnit(name, range.upper, unit) } : {};
  return rich(key, { name: metricName(name), v, t: limitWithUnit(name, threshold.value, unit), ...usual });
}
