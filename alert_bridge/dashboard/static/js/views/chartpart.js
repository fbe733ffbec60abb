// @ts-check
/* The chart in a drawer with what is said around it: what the pointed moment was, why the threshold was what it was. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { began, isLower, levelOf, metricOf } from "../alerts.js";
import "../chart.js";
import { has, japanese, locale, t } from "../strings.js";
import { now, state, tileOf, update } from "../store.js";
import { clock, epoch, limit, limitWithUnit, measured, metricName, moment, number, sentences, withUnit } from "../text.js";
import { part } from "./sections.js";

/** @typedef {import("../alerts.js").Alert} Alert */
/** @typedef {import("../chart.js").ChartData} ChartData */

/** The last value of the open chart: sentence and picture say the same number. @returns {number|null} */
export const latestValue = () => state.drawer.series?.series[0]?.values.findLast((/** @type {number|null} */ value) => value != null) ?? null;

/** @type {{key: unknown, anomalies: unknown, look: string, data: ChartData|null}} the last one made: the same data keeps its chart */
let made = { key: null, anomalies: null, look: "", data: null };

/** @param {Partial<ChartData>} extra @returns {ChartData|null} */
export function chartData(extra) {
  const series = state.drawer.series;
  const look = `${document.documentElement.dataset.theme ?? matchMedia("(prefers-color-scheme: dark)").matches} ${locale.language}`;
  if (!series) return null;
  if (made.key === series && made.anomalies === state.anomalies && made.look === look) return made.data;
  const first = Math.max(0, (series.series[0]?.values ?? []).findIndex((/** @type {any} */ value) => value != null)); // nothing was watched before
  const times = series.timestamps.slice(first);
  const line = (/** @type {any} */ values) => (values?.length ? values.slice(first) : times.map(() => null));
  const values = line(series.series[0]?.values);
  const known = values.filter((/** @type {any} */ value) => value != null);
  const say = (/** @type {number} */ value) => withUnit(series.name, value, series.unit);
  const spoken = known.length
    ? t("chart_spoken", { name: metricName(series.name), from: clock(times[0]), to: clock(times.at(-1)), v: say(known.at(-1)), lo: say(Math.min(...known)), hi: say(Math.max(...known)) })
    : t("chart_empty");
  made = { key: series, anomalies: state.anomalies, look, data: {
    name: series.name, unit: series.unit, times, values, lower: line(series.expected?.lower), upper: line(series.expected?.upper),
    threshold: line(series.threshold?.values), direction: series.threshold?.direction ?? "upper", mode: series.threshold?.mode ?? "",
    severity: levelOf(series.threshold?.severity), anomalies: anomaliesOf(series.name), changes: [], span: null, look, spoken, now: now(), ...extra,
  } };
  return made.data;
}

/** @param {string} name */
const anomaliesOf = (name) => state.anomalies.filter((anomaly) => anomaly.series === name).map((anomaly) => epoch(anomaly.timestamp));

/** @param {Alert} alert */
export function alertChart(alert) {
  const lower = isLower(alert, tileOf(metricOf(alert)));
  const span = /** @type {[number, number]} */ ([began(alert), epoch(alert.resolved_at) || now()]);
  const changes = (alert.changes ?? []).map((change) => epoch(change.timestamp)).filter(Number.isFinite);
  return chartData({ changes, severity: levelOf(alert.severity), direction: lower ? "lower" : "upper", span });
}

/** @param {ChartData|null} data */
export function chartPart(data) {
  const said = (/** @type {unknown} */ body) => part(t("chart"), body, nothing, "chart");
  if (state.drawer.seriesProblem) return said(html`<p class="mut">${t("chart_failed", { problem: state.drawer.seriesProblem })}</p>`);
  if (!data) return said(html`<div class="skeleton chart"></div>`);
  if (data.values.every((value) => value == null)) return said(html`<p class="mut">${t("chart_empty")}</p>`);
  const last = data.values.findLastIndex((value) => value != null);
  const read = (/** @type {CustomEvent<number|null>} */ event) => update((s) => (s.drawer.readout = event.detail == null ? "" : String(event.detail)));
  const pointed = state.drawer.readout !== "";
  const index = pointed ? Math.min(Number(state.drawer.readout), data.times.length - 1) : last;
  const body = html`<nw-chart .data=${data} @readout=${read}></nw-chart>${basis(data, index, pointed)}${table(data)}${limits(data)}`;
  return part(t("chart"), body, readout(data, index, pointed), "chart");
}

/** @param {ChartData} data @param {number} i @param {boolean} pointed */
function readout(data, i, pointed) {
  const value = data.values[i];
  const lower = data.lower[i];
  const upper = data.upper[i];
  const threshold = data.threshold[i];
  return [
    pointed ? clock(data.times[i]) : t("now"), html` <b>${value == null ? t("no_value") : withUnit(data.name, value, data.unit)}</b>`,
    lower != null && upper != null ? ` · ${t("readout_expected", { a: measured(data.name, lower), b: measured(data.name, upper) })}` : nothing,
    threshold != null ? ` · ${t("readout_threshold", { t: limit(data.name, threshold) })}` : nothing,
  ];
}

// ---- the threshold: its mode and its reason at a moment, and what it was before

/** Which mode a reason belongs to; any other reason is of a learned threshold. @type {Record<string, string>} */
const MODE_OF = { no_values: "warming", warming: "warming", silent: "static", factor_zero: "static" };

/** @param {any} row of a threshold's history */
const modeOf = (row) => MODE_OF[row.reason_key] ?? "adaptive";

/** @param {any} row of a threshold's history @returns {string} */
const reasonOf = (row) => (japanese() ? row.reason_ja : row.reason_en) || row.reason || "";

/** @param {string} mode */
export const modeName = (mode) => (has(`mode_${mode}`) ? t(`mode_${mode}`) : mode);

/** Mode and reason of the threshold at the pointed moment, else now. @param {ChartData} data @param {number} i @param {boolean} pointed */
function basis(data, i, pointed) {
  const threshold = state.drawer.series?.threshold;
  if (!threshold) return nothing;
  const row = pointed ? state.drawer.limits?.find((one) => epoch(one.calculated_at) <= data.times[i]) : null;
  const [mode, reason] = row ? [modeOf(row), reasonOf(row)] : [threshold.mode, threshold.reason];
  return html`<p class="basis mut" data-mode=${mode}>${inForce(mode, reason)}</p>`;
}

/** @param {string} mode @param {string} reason */
const inForce = (mode, reason) => (reason ? sentences([t("basis", { mode: modeName(mode) }), reason]) : t("basis_alone", { mode: modeName(mode) }));

/** What the threshold was and why, newest first. @param {ChartData} data */
function limits(data) {
  const { limits, limitsProblem } = state.drawer;
  if (limitsProblem) return html`<p class="mut">${t("limits_failed", { problem: limitsProblem })}</p>`;
  if (!limits?.length) return nothing;
  return html`<details class="figures" data-limits><summary>${t("limits", { n: number(limits.length) })}</summary>
    <ol class="limits">${limits.map((row) => html`<li><span class="when">${moment(epoch(row.calculated_at), data.now)}</span>
      <b>${limitWithUnit(data.name, row.threshold_value, data.unit)}</b><span>${inForce(modeOf(row), reasonOf(row))}</span></li>`)}</ol></details>`;
}

/** The chart in figures, for those who read rather than look. @param {ChartData} data */
function table(data) {
  const every = Math.max(1, Math.ceil(data.times.length / 12));
  const picked = data.times.map((_, i) => i).filter((i) => (data.times.length - 1 - i) % every === 0);
  const cell = (/** @type {number|null|undefined} */ value) => (value == null ? "–" : measured(data.name, value));
  return html`<details class="figures"><summary>${t("figures")}</summary><table><caption class="hidden">${data.spoken}</caption>
    <thead><tr><th scope="col">${t("time")}</th><th scope="col">${t("value")}</th><th scope="col">${t("expected_range")}</th><th scope="col">${t("threshold")}</th></tr></thead>
    <tbody>${picked.map((i) => html`<tr><td>${moment(data.times[i], data.now)}</td><td>${cell(data.values[i])}</td><td>${data.lower[i] == null ? "–" : `${cell(data.lower[i])}–${cell(data.upper[i])}`}</td><td>${cell(data.threshold[i])}</td></tr>`)}</tbody></table></details>`;
}
