// @ts-check
/* The overview: is all well, what is open, what happened in order, the figures, what is new in the logs. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { byEnd, isPast, levelOf } from "../alerts.js";
import { icon, shape } from "../icons.js";
import { address } from "../route.js";
import { spark } from "../spark.js";
import { t } from "../strings.js";
import { now, resolvedAlerts, state } from "../store.js";
import { epoch, limit, limitWithUnit, measured, metricName, moment, number, suffix } from "../text.js";
import { byNovelty, patternRows } from "./logs.js";
import { byId, cardIn, narrow, row, steady, waitingBar } from "./rows.js";
import { DAY, section, timelineSection } from "./sections.js";
import { headline, note, silent } from "./summary.js";

/** @typedef {import("../alerts.js").Tile} Tile */

/** @param {import("./summary.js").Whole} all */
export function overview(all) {
  if (all.kind === "loading" || !state.overview) return [headline(all), skeleton()];
  const tiles = tileSections(all.kind === "disconnected");
  const line = timelineSection(all);
  const calm = !all.n.loud;
  return html`${headline(all)}${note(all, true)}
    ${calm ? [startSection(), tiles, line, lastDay()] : [openSection(all), line, startSection(), tiles]}
    ${patternSection()}`;
}

const skeleton = () =>
  ["open_alerts", "system", "application"].map((key) =>
    section(t(key), html`<div aria-busy="true" class="skeletons">${[1, 2, 3].map(() => html`<div><div class="skeleton long"></div><div class="skeleton short"></div></div>`)}</div>`),
  );

const allAlertsLink = () => html`<a href=${address({ view: "alerts" })}>${t("all_alerts")}</a>`;

/** @param {import("./summary.js").Whole} all */
function openSection(all) {
  const { rows, waiting } = steady("overview", all.loud);
  const shown = rows.slice(0, 8);
  const sub = t(all.n.quiet ? "open_count_quiet" : "open_count", { n: number(all.n.loud), q: number(all.n.quiet) });
  const left = Math.max(rows.length, all.n.loud) - 8;
  const rest = left > 0 ? html`<p class="rest"><a href=${address({ view: "alerts" })}>${t("more_alerts", { n: number(left) })}</a></p>` : nothing;
  const body = narrow()
    ? html`<ul class="cards" data-steady="overview">${repeat(shown, byId, cardIn("overview"))}</ul>`
    : html`<ul class="rows" data-steady="overview">${repeat(shown, byId, row)}</ul>`;
  return section(t("open_alerts"), [waitingBar(waiting), body, rest], { sub, end: allAlertsLink(), name: "open" });
}

function lastDay() {
  const ended = resolvedAlerts().filter((alert) => now() - epoch(alert.resolved_at) < DAY).sort(byEnd);
  if (!ended.length) return nothing;
  const body = narrow()
    ? html`<ul class="cards">${ended.slice(0, 5).map(cardIn("overview"))}</ul>`
    : html`<ul class="rows">${ended.slice(0, 5).map(row)}</ul>`;
  const link = html`<a href=${address({ view: "alerts", query: { status: "resolved" } })}>${t("all_alerts")}</a>`;
  return section(t("last_day"), body, { sub: t("last_day_count", { n: ended.length }), end: link, name: "last-day" });
}

/** @param {boolean} stale */
const tileSections = (stale) => {
  const tiles = state.overview.tiles;
  const banded = tiles.some((/** @type {Tile} */ tile) => tile.expected);
  const group = (/** @type {string} */ name) => tiles.filter((/** @type {Tile} */ one) => one.group === name);
  return html`<div class="tilesets ${stale ? "stale" : ""}">
    ${section(t("system"), html`<div class="tiles three">${group("system").map(tile)}</div>`, { sub: t("system_sub"), name: "system" })}
    ${section(t("application"), html`<div class="tiles four">${group("application").map(tile)}</div>`, { sub: t(banded ? "band_sub" : "base_sub"), name: "application" })}
  </div>`;
};

/** @param {Tile} one */
function tile(one) {
  const past = isPast(one);
  const level = levelOf(one.threshold?.severity);
  const old = one.value == null || now() - (epoch(one.timestamp) || now()) > 120;
  return html`<a class="tile ${past ? `past is-${level}` : ""} ${old ? "old" : ""}" data-tile=${one.name} href=${address({ keep: true, query: { metric: one.name } })}>
    <span class="tile-name"><span>${metricName(one.name)}</span>${past ? shape(level, 14) : nothing}</span>
    <span class="tile-value">${one.value == null ? "–" : measured(one.name, one.value)}${one.value != null && one.unit ? html`<small>${suffix(one.unit).trim()}</small>` : nothing}</span>
    ${spark(one)}
    <span class="tile-foot">${limitLine(one, past)}</span>
    <span class="tile-foot">${old ? html`<b>${ageLine(one)}</b>` : placeLine(one)}</span>
  </a>`;
}

/** @param {Tile} one */
const ageLine = (one) => (one.timestamp ? t("no_value_since", { t: moment(epoch(one.timestamp), now()) }) : t("no_value"));

/** @param {Tile} one @param {boolean} past */
function limitLine(one, past) {
  const threshold = one.threshold;
  if (!threshold || threshold.value == null) return t("no_threshold");
  const lower = threshold.direction === "lower";
  const v = limitWithUnit(one.name, threshold.value, one.unit);
  if (past) return html`<b>${t(lower ? "below" : "above", { v })}</b>`;
  return [t(lower ? "threshold_lower" : "threshold_upper", { v }), threshold.mode === "warming" ? html` <span class="is-calc">${t("learning")}</span>` : nothing];
}

/** The worst host where there are hosts, else what is usual. @param {Tile} one */
function placeLine(one) {
  if (one.group === "system" && one.worst?.instance) return one.worst.instance;
  if (one.expected) return t("expected", { a: limit(one.name, one.expected.lower), b: limit(one.name, one.expected.upper) });
  return one.worst?.instance ?? "";
}

function startSection() {
  const tiles = /** @type {Tile[]} */ (state.overview.tiles);
  const of = (/** @type {string} */ group) => tiles.filter((one) => one.group === group);
  const arrived = (/** @type {Tile[]} */ some) => some.filter((one) => one.value != null).length;
  const limits = tiles.filter((one) => one.threshold?.value != null);
  const warming = limits.filter((one) => one.threshold.mode === "warming").length;
  const counted = (/** @type {Tile[]} */ some) => (arrived(some) ? t("start_values", { n: arrived(some), m: some.length }) : t("start_waiting"));
  const steps = [
    { done: arrived(of("system")) > 0, name: t("start_hosts"), text: counted(of("system")) },
    { done: arrived(of("application")) > 0, name: t("start_application"), text: counted(of("application")) },
    { done: state.patternsTotal > 0, name: t("start_logs"), text: state.patternsTotal ? t("start_patterns", { n: number(state.patternsTotal) }) : t("start_no_patterns") },
    { done: limits.length > 0, name: t("start_thresholds"), text: limits.length ? t("start_thresholds_some", { n: limits.length, w: warming }) : t("start_thresholds_none") },
  ];
  if (silent().length || (steps[0].done && steps[1].done && steps[3].done)) return nothing;
  return section(t("start"), html`<ol class="steps-done">${steps.map((step) => html`<li>${step.done ? shape("OK", 20) : icon("clock", 20, "is-ink")}<div><b>${step.name}</b><p>${step.text}</p></div></li>`)}</ol>`, { name: "start" });
}

function patternSection() {
  if (!state.analyzerLoaded) return nothing;
  const newest = [...state.patterns].sort(byNovelty).slice(0, 8);
  const body = newest.length ? patternRows(newest) : html`<p class="mut">${t("patterns_empty")}</p>`;
  const sub = newest.length ? t("patterns_count", { n: number(state.patternsTotal) }) : nothing;
  const end = html`<a href=${address({ view: "logs" })}>${t("all_patterns")}</a>`;
  return section(t("newest_patterns"), body, { sub, end, name: "patterns" });
}
