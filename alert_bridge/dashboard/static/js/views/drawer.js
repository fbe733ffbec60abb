// @ts-check
/* What stands beside the list: one alert in the order a person asks, or the chart of one metric. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import * as actions from "../actions.js";
import { began, byUrgency, description, figures, isHeld, isLower, lasts, levelOf, metricOf, owner, place, reason, safeLink, title } from "../alerts.js";
import "../chart.js";
import { icon, severityMark, shape, statusMark } from "../icons.js";
import { codes, explanationOf, patternText } from "../patterns.js";
import { address, go, leave, route } from "../route.js";
import { has, locale, t } from "../strings.js";
import { mayAct, now, state, tileOf, update } from "../store.js";
import { clock, duration, epoch, limit, limitWithUnit, measured, metricName, moment, number, offset, rich, span, withUnit } from "../text.js";
import { ackButton, historyWord, nextStep, refusal, statusLine } from "./rows.js";

/** @typedef {import("../alerts.js").Alert} Alert */
/** @typedef {import("../chart.js").ChartData} ChartData */

/** Close what stands beside the list. */
export function close() {
  const here = route();
  leave(address({ keep: true, query: { metric: "" }, view: here.view }));
}

/** @param {string} label @param {string} name @param {() => void} press @param {string} [extra] */
const iconButton = (label, name, press, extra = "") =>
  html`<button type="button" class="button bare square ${extra}" aria-label=${label} title=${label} @click=${press}>${icon(name)}</button>`;

/** @param {unknown} heading @param {unknown} content @param {unknown} [end] @param {string} [name] */
const part = (heading, content, end = nothing, name = "") =>
  html`<section class="part" data-part=${name}><h3>${heading}${end === nothing ? nothing : html`<span class="end">${end}</span>`}</h3>${content}</section>`;

/** @param {string} id @param {(by: number) => void} walk */
export function alertDrawer(id, walk) {
  const alert = state.alerts.get(id);
  const name = alert ? title(alert) : t("alert");
  return html`<div class="drawer" role="dialog" aria-label=${name} tabindex="-1">
    <header class="drawer-head">
      <div class="line">${alert ? [severityMark(levelOf(alert.severity), isHeld(alert)), statusMark(alert.status)] : nothing}<span class="grow"></span>
        ${iconButton(t("previous"), "up", () => walk(-1), "desk")}${iconButton(t("following"), "down", () => walk(1), "desk")}
        ${iconButton(t("copy_link"), "link", copyLink)}${iconButton(t("close_esc"), "close", close)}</div>
      <h2>${name}</h2>${alert ? facts(alert) : nothing}
    </header>
    <div class="drawer-body" tabindex="0" role="region" aria-label=${t("details")}>${alert ? parts(alert) : missing()}</div>
    ${alert && mayAct() ? [formOf(alert), footer(alert)] : nothing}
  </div>`;
}

const missing = () => (state.drawer.missing ? html`<p>${t("alert_missing", { problem: state.drawer.missing })}</p>` : html`<div class="skeleton long"></div>`);

function copyLink() {
  navigator.clipboard?.writeText(location.href).then(() => actions.toast(t("toast_copied")), () => {});
}

/** @param {Alert} alert */
function facts(alert) {
  const next = nextStep(alert);
  const over = alert.status === "resolved";
  return html`<div class="facts"><span>${place(alert)}</span><span>${t("began")} <b>${moment(began(alert), now())}</b></span>
    <span>${t(over ? "lasted" : "lasts")} <b>${duration(lasts(alert, now()))}</b></span>
    ${alert.usual_duration_seconds ? html`<span>${t("usually")} <b>${duration(alert.usual_duration_seconds)}</b></span>` : nothing}
    <span><b>${owner(alert) ?? (isHeld(alert) ? nothing : t("nobody"))}</b></span>
    ${next ? html`<span>${t("next_step")} <b>${next.sentence}</b></span>` : isHeld(alert) && statusLine(alert) ? html`<span>${statusLine(alert)}</span>` : nothing}</div>`;
}

/** @param {Alert} alert */
const parts = (alert) => [
  refusal(alert),
  part(t("why"), why(alert), nothing, "why"),
  metricOf(alert) ? chartPart(alertChart(alert)) : nothing,
  part(t("same"), sameTime(alert), t("same_sub"), "same"),
  part(t("todo"), todo(alert), nothing, "todo"),
  part(t("history"), historyOf(alert), nothing, "history"),
  part(t("labels"), html`<div class="tags">${Object.entries(alert.labels ?? {}).map(([key, value]) => html`<span class="tag">${key}=${value}</span>`)}</div>`, nothing, "labels"),
];

/** The last value of the chart: sentence and picture say the same number. */
const latestValue = () => state.drawer.series?.series[0]?.values.findLast((/** @type {number|null} */ value) => value != null) ?? null;

/** @param {Alert} alert */
function why(alert) {
  const tile = tileOf(metricOf(alert));
  const found = figures(alert, tile, alert.status === "resolved" ? null : latestValue());
  const because = reason(alert);
  const basis = because ? html`<p class="mut">${t("why_reason", { reason: because })}</p>` : nothing;
  if (!found) return html`<p class="why">${description(alert) || title(alert)}</p>${basis}`;
  const range = tile?.expected;
  const key = !found.threshold ? "why_value" : `why_${found.lower ? "lower" : "upper"}${range ? "_expected" : ""}`;
  const values = {
    name: found.name, v: found.value, t: found.threshold,
    lo: range ? limit(metricOf(alert), range.lower) : "", hi: range ? limitWithUnit(metricOf(alert), range.upper, tile?.unit) : "",
  };
  return html`<p class="why">${rich(key, values)}</p>${basis}`;
}

// ---- chart

/** @type {{key: unknown, anomalies: unknown, look: string, data: ChartData|null}} the last one made: the same data keeps its chart */
let made = { key: null, anomalies: null, look: "", data: null };

/** @param {Partial<ChartData>} extra @returns {ChartData|null} */
function chartData(extra) {
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
function alertChart(alert) {
  const lower = isLower(alert, tileOf(metricOf(alert)));
  const span = /** @type {[number, number]} */ ([began(alert), epoch(alert.resolved_at) || now()]);
  const changes = (alert.changes ?? []).map((change) => epoch(change.timestamp)).filter(Number.isFinite);
  return chartData({ changes, severity: levelOf(alert.severity), direction: lower ? "lower" : "upper", span });
}

/** @param {ChartData|null} data */
function chartPart(data) {
  if (state.drawer.seriesProblem) return part(t("chart"), html`<p class="mut">${t("chart_failed", { problem: state.drawer.seriesProblem })}</p>`, nothing, "chart");
  if (!data) return part(t("chart"), html`<div class="skeleton chart"></div>`, nothing, "chart");
  if (data.values.every((value) => value == null)) return part(t("chart"), html`<p class="mut">${t("chart_empty")}</p>`, nothing, "chart");
  const last = data.values.findLastIndex((value) => value != null);
  const read = (/** @type {CustomEvent<number|null>} */ event) => update((s) => (s.drawer.readout = event.detail == null ? "" : String(event.detail)));
  const index = state.drawer.readout === "" ? last : Number(state.drawer.readout);
  return part(t("chart"), html`<nw-chart .data=${data} @readout=${read}></nw-chart>${table(data)}`, readout(data, index, index === last && state.drawer.readout === ""), "chart");
}

/** @param {ChartData} data @param {number} i @param {boolean} latest */
function readout(data, i, latest) {
  const value = data.values[i];
  const lower = data.lower[i];
  const upper = data.upper[i];
  const threshold = data.threshold[i];
  const when = latest ? t("now") : clock(data.times[i]);
  return [
    when, html` <b>${value == null ? t("no_value") : withUnit(data.name, value, data.unit)}</b>`,
    lower != null && upper != null ? ` · ${t("readout_expected", { a: measured(data.name, lower), b: measured(data.name, upper) })}` : nothing,
    threshold != null ? ` · ${t("readout_threshold", { t: limit(data.name, threshold) })}` : nothing,
  ];
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

// ---- began at the same time

/** @param {Alert} alert */
function sameTime(alert) {
  const near = state.drawer.near;
  if (!near) return html`<div class="skeleton long"></div>`;
  const at = began(alert);
  const close = (/** @type {number} */ time) => Math.abs(time - at) <= 900;
  const others = [...state.alerts.values()].filter((other) => other.id !== alert.id && close(began(other))).sort(byUrgency).slice(0, 12);
  const rows = [
    ...(alert.changes ?? []).map((change) => ({ at: epoch(change.timestamp), mark: icon("flag", 14, "is-ink"), text: [change.title, change.author].filter(Boolean).join(" · ") })),
    ...near.patterns.filter((pattern) => pattern.new && close(epoch(pattern.first_seen))).map((pattern) => ({
      at: epoch(pattern.first_seen), mark: icon("pattern_new", 14, `is-${levelOf(pattern.severity)}`),
      text: html`<a href=${address({ view: "logs", query: { pattern: pattern.pattern_id } })}>${patternText(pattern)}</a> <span class="tag">${t("kind_new")}, ${number(pattern.frequency)}</span>`,
    })),
    ...others.map((other) => ({
      at: began(other), mark: shape(levelOf(other.severity), 14, isHeld(other)),
      text: html`<a href=${address({ view: "alerts", id: other.id, keep: true })}>${title(other)}</a>${owner(other) ? ` · ${owner(other)}` : nothing}`,
    })),
    ...near.anomalies.filter((anomaly) => close(epoch(anomaly.timestamp))).map((anomaly) => ({
      at: epoch(anomaly.timestamp), mark: icon("anomaly", 14, "is-calc"),
      text: html`${metricName(anomaly.series)}: ${explanationOf(anomaly)} <span class="tag calc">${t("confidence", { v: number(anomaly.confidence_score, 2) })}</span>`,
    })),
  ].filter((row) => Number.isFinite(row.at)).sort((a, b) => a.at - b.at);
  if (!rows.length) return html`<p class="mut">${t("same_none")}</p>`;
  const first = rows[0].at < at ? rows[0] : null;
  return html`<ol class="near">${rows.map((row) => html`<li><span class="off">${offset(row.at - at)}</span>${row.mark}<span>${row.text}${row === first ? html` <span class="tag warn">${t("first_change")}</span>` : nothing}</span></li>`)}</ol>`;
}

// ---- what to do, what happened

/** @param {Alert} alert */
function todo(alert) {
  const link = safeLink(alert.runbook_url);
  const steps = alert.first_steps ?? [];
  if (!link && !steps.length) return html`<p class="mut">${t("todo_none")}</p>`;
  return html`${steps.length ? html`<ol class="steps">${steps.map((step) => html`<li><span>${codes(step)}</span></li>`)}</ol>` : nothing}
    ${link ? html`<p><a href=${link} target="_blank" rel="noopener noreferrer">${t("open_runbook")}</a></p>` : nothing}`;
}

/** @param {Alert} alert */
function historyOf(alert) {
  const drawer = state.drawer;
  if (drawer.historyProblem) return html`<p class="mut">${t("history_failed", { problem: drawer.historyProblem })}</p>`;
  if (!drawer.history) return html`<div class="skeleton long"></div>`;
  const next = nextStep(alert);
  const open = alert.status !== "resolved";
  const past = [...drawer.history].sort((a, b) => epoch(a.timestamp) - epoch(b.timestamp));
  return html`<ol class="story">${past.map(pastRow)}
    ${open ? html`<li class="now"><span class="when">${clock(now())}</span><span class="knot"><i></i></span><span>${t("now")}${next ? html`: <span class="mut">${t("history_stops")}</span>` : nothing}</span><span></span></li>` : nothing}
    ${next ? html`<li class="next"><span class="when">${Number.isFinite(next.at) ? clock(next.at) : nothing}</span><span class="knot"><i></i></span><span>${next.text}</span><span class="result">${Number.isFinite(next.at) ? t("in_time", { d: duration(next.at - now()) }) : nothing}</span></li>` : nothing}</ol>`;
}

/** @param {any} item */
function pastRow(item) {
  const key = historyWord(item.what);
  const what = key ? t(key, { who: item.who || t("somebody"), channel: item.channel || "" }) : String(item.what);
  return html`<li><span class="when">${moment(epoch(item.timestamp), now())}</span><span class="knot"><i></i></span><span>${item.detail ? t("with_detail", { what, detail: item.detail }) : what}</span><span class="result">${item.result ?? nothing}</span></li>`;
}

// ---- actions

/** @param {string} key @param {() => void} press @param {Alert} alert @param {string} [kind] */
const actionButton = (key, press, alert, kind = "") =>
  html`<button type="button" class="button ${kind}" ?disabled=${state.busy.has(alert.id)} @click=${press}>${t(key)}</button>`;

/** @param {string} form */
const show = (form) => () => update((s) => (s.drawer.form = s.drawer.form === form ? "" : form));

/** @param {Alert} alert */
function footer(alert) {
  const link = safeLink(alert.runbook_url);
  const runbook = link ? html`<a class="button desk" href=${link} target="_blank" rel="noopener noreferrer">${icon("book", 14)}${t("runbook")}</a>` : nothing;
  if (alert.status === "resolved") return runbook === nothing ? nothing : html`<footer class="drawer-acts">${runbook}</footer>`;
  const taken = alert.status !== "firing" && alert.status !== "suppressed";
  return html`<footer class="drawer-acts">
    ${alert.status === "firing" ? ackButton(alert, "primary") : actionButton("comment", show("comment"), alert, "primary")}
    ${taken ? actionButton("unacknowledge", () => void actions.takeBack(alert.id), alert) : actionButton("snooze", show("snooze"), alert)}
    ${actionButton("assign", show("assign"), alert, "desk")}
    ${runbook}<span class="grow desk"></span>${actionButton("more_actions", show("more"), alert)}
  </footer>`;
}

/** @param {Alert} alert */
function formOf(alert) {
  const form = state.drawer.form;
  if (form === "acknowledged" && alert.status === "acknowledged") return textForm(alert, "comment_optional", t("acknowledged_you"), t("comment_hint"));
  if (form === "comment") return textForm(alert, "comment_label", t("comment"), "");
  if (form === "snooze") return snoozeForm(alert);
  if (form === "assign") return assignForm(alert);
  if (form === "more") return moreForm(alert);
  return nothing;
}

const cancelButton = () => html`<button type="button" class="button" @click=${() => update((s) => (s.drawer.form = ""))}>${t("cancel")}</button>`;

/** @param {Alert} alert @param {string} label @param {string} heading @param {string} hint */
function textForm(alert, label, heading, hint) {
  const send = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    void actions.comment(alert, String(new FormData(form).get("text") ?? ""));
  };
  return html`<form class="drawer-form" @submit=${send}><b>${heading}</b>
    <label>${t(label)}<textarea class="input" name="text" rows="2" maxlength="2000"></textarea></label>
    ${hint ? html`<p class="mut">${hint}</p>` : nothing}
    <div class="line"><button class="button primary">${t("save")}</button>${cancelButton()}</div></form>`;
}

/** @param {Alert} alert */
function moreForm(alert) {
  const link = safeLink(alert.runbook_url);
  return html`<div class="drawer-form" role="group" aria-label=${t("more_actions")}><div class="line wrap">
    ${alert.status === "firing" || alert.status === "suppressed" ? actionButton("comment", show("comment"), alert) : actionButton("snooze", show("snooze"), alert)}
    ${actionButton("assign", show("assign"), alert)}${actionButton("resolve", () => void actions.resolve(alert), alert)}
    ${link ? html`<a class="button" href=${link} target="_blank" rel="noopener noreferrer">${icon("book", 14)}${t("runbook")}</a>` : nothing}${cancelButton()}</div></div>`;
}

/** Seconds until nine o'clock next, in the zone of the page. */
function untilNine() {
  const [hour, minute] = clock(now()).split(":").map(Number);
  const left = (9 * 60 - (hour * 60 + minute) + 1440) % 1440;
  return (left || 1440) * 60;
}

/** @param {Alert} alert */
const snoozeForm = (alert) =>
  html`<div class="drawer-form" role="group" aria-label=${t("snooze_for")}><b>${t("snooze_for")}</b><div class="line wrap">
    ${[1800, 3600, 14_400].map((seconds) => html`<button type="button" class="button" @click=${() => void actions.snooze(alert, seconds)}>${duration(seconds)}</button>`)}
    <button type="button" class="button" @click=${() => void actions.snooze(alert, untilNine())}>${t("snooze_until", { t: "09:00" })}</button>${cancelButton()}</div></div>`;

/** @param {Alert} alert */
function assignForm(alert) {
  const me = state.overview?.identity?.name;
  const send = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const name = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("assignee") ?? "").trim();
    if (name) void actions.assign(alert, name);
  };
  return html`<form class="drawer-form" @submit=${send}><label>${t("assignee_label")}<input class="input" name="assignee" required maxlength="200" autocomplete="off"></label>
    <div class="line wrap"><button class="button primary">${t("assign")}</button>${me ? html`<button type="button" class="button" @click=${() => void actions.assign(alert, me)}>${t("assign_me")}</button>` : nothing}${cancelButton()}</div></form>`;
}

// ---- the chart of a tile

/** @param {string} name @param {string} seconds */
export function metricDrawer(name, seconds) {
  const tile = tileOf(name);
  const threshold = tile?.threshold;
  const v = tile?.value == null ? t("no_value") : withUnit(name, tile.value, tile.unit);
  const limitText = threshold?.value == null ? "" : limitWithUnit(name, threshold.value, tile?.unit);
  const range = tile?.expected;
  const key = !limitText ? "why_value" : `why_${threshold.direction === "lower" ? "lower" : "upper"}${range ? "_expected" : ""}`;
  const values = { name: metricName(name), v, t: limitText, lo: range ? limit(name, range.lower) : "", hi: range ? limitWithUnit(name, range.upper, tile?.unit) : "" };
  const pick = (/** @type {string} */ one) => () => go(address({ keep: true, query: { span: one } }), true);
  return html`<div class="drawer" role="dialog" aria-label=${metricName(name)} tabindex="-1">
    <header class="drawer-head"><div class="line"><h2>${metricName(name)}</h2><span class="grow"></span>${iconButton(t("copy_link"), "link", copyLink)}${iconButton(t("close_esc"), "close", close)}</div>
      <div class="facts">${tile?.worst?.instance ? html`<span>${t("worst")} <b>${tile.worst.instance}</b></span>` : nothing}${threshold?.mode ? html`<span>${t("threshold")} <b>${has(`mode_${threshold.mode}`) ? t(`mode_${threshold.mode}`) : threshold.mode}</b></span>` : nothing}</div></header>
    <div class="drawer-body" tabindex="0" role="region" aria-label=${t("details")}>
      <section class="part"><p class="why">${rich(key, values)}</p>${threshold?.reason ? html`<p class="mut">${threshold.reason}</p>` : nothing}</section>
      <div class="segments" role="group" aria-label=${t("range")}>${["900", "3600", "10800", "86400"].map((one) => html`<button type="button" aria-pressed=${one === seconds} @click=${pick(one)}>${span(Number(one))}</button>`)}</div>
      ${chartPart(chartData({}))}
    </div></div>`;
}
