// @ts-check
/* The log patterns: what is new, bursting or rare first; each with its masked examples, its family and its reason. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { LEVELS, levelOf, title } from "../alerts.js";
import { icon, severityMark } from "../icons.js";
import { chips, familyName, kindOf, patternText, patternTitle, severityReason } from "../patterns.js";
import { address, go, route } from "../route.js";
import { bars } from "../spark.js";
import { t } from "../strings.js";
import { now, openAlerts, state, update } from "../store.js";
import { epoch, folded, moment, number, rich } from "../text.js";
import { empty, section, timelineSection } from "./sections.js";
import { note } from "./summary.js";

const KINDS = ["new", "bursting", "rare", "usual"];

/** New before bursting before rare, the gravest first, then the latest. @param {any} a @param {any} b */
export const byNovelty = (a, b) =>
  KINDS.indexOf(kindOf(a)) - KINDS.indexOf(kindOf(b)) ||
  LEVELS.indexOf(levelOf(a.severity)) - LEVELS.indexOf(levelOf(b.severity)) ||
  epoch(b.first_seen) - epoch(a.first_seen);

/** The filters of the address. */
function filters() {
  const query = route().query;
  const kind = query.get("kind") ?? "";
  return { kind: KINDS.includes(kind) ? kind : "", severity: query.get("severity") ?? "", family: query.get("family") ?? "", text: query.get("q") ?? "" };
}

/** Filters replace the address: back leaves the list, not each letter of a search. @param {Record<string, string>} query */
const filter = (query) => go(address({ view: "logs", keep: true, query }), true);

/** @param {any} pattern @param {string} wanted folded */
const says = (pattern, wanted) =>
  [pattern.description, pattern.description_ja, pattern.source, pattern.category, familyName(pattern.family), ...(pattern.examples ?? [])].some((text) => folded(String(text ?? "")).includes(wanted));

/** What every filter but the kind keeps: the counts of the kinds are of these. */
function kept() {
  const { severity, family, text } = filters();
  const wanted = folded(text.trim());
  return state.patterns
    .filter((pattern) => !severity || levelOf(pattern.severity) === severity)
    .filter((pattern) => !family || pattern.family?.id === family)
    .filter((pattern) => !wanted || says(pattern, wanted));
}

/** @param {import("./summary.js").Whole} all */
export function logs(all) {
  const found = kept();
  const { kind } = filters();
  const shown = found.filter((pattern) => !kind || kindOf(pattern) === kind).sort(byNovelty);
  return html`<div class="view-head"><h1>${t("logs")}</h1><span class="mut" data-shown>${state.analyzerLoaded ? extentLine() : nothing}</span></div>
    ${note(all, false)}${filterBar(found)}
    ${state.patterns.length ? timelineSection(all) : nothing}
    ${state.analyzerLoaded ? (shown.length ? listSection(shown) : nothingShown()) : html`<div class="skeletons" aria-busy="true"><div class="skeleton long"></div><div class="skeleton short"></div></div>`}`;
}

function extentLine() {
  const [n, m] = [state.patterns.length, state.patternsTotal];
  if (m > n) return t("logs_most", { n: number(n), m: number(m) });
  const lines = state.patterns.reduce((sum, pattern) => sum + (pattern.frequency ?? 0), 0);
  return n ? t("logs_count", { n: number(n), m: number(lines) }) : nothing;
}

/** @param {any[]} found */
function filterBar(found) {
  const { kind, severity, family, text } = filters();
  const count = (/** @type {string} */ one) => found.filter((pattern) => kindOf(pattern) === one).length;
  const choice = (/** @type {string} */ one, /** @type {string} */ word) => html`<button type="button" aria-pressed=${one === kind} @click=${() => filter({ kind: one })}>${word}</button>`;
  const families = familiesOf(state.patterns);
  return html`<div class="filters">
    <div class="find">${icon("find", 14)}<input class="input" type="search" aria-label=${t("logs_search")} placeholder=${t("logs_search")} .value=${live(text)} @input=${(/** @type {any} */ event) => filter({ q: event.target.value })}><kbd>/</kbd></div>
    <div class="scroll"><div class="segments" role="group" aria-label=${t("logs_kind")}>
      ${choice("", t("kind_all"))}${KINDS.map((one) => choice(one, one === "usual" ? t("kind_usual") : t("kind_count", { kind: t(`kind_${one}`), n: count(one) })))}
    </div></div>
    ${families.length ? html`<select class="input" aria-label=${t("family")} @change=${(/** @type {any} */ event) => filter({ family: event.target.value })}>
      <option value="" ?selected=${!family}>${t("any_family")}</option>
      ${families.map((one) => html`<option value=${one.id} ?selected=${one.id === family}>${t("family_count", { name: familyName(one), n: one.size })}</option>`)}
    </select>` : nothing}
    <select class="input" aria-label=${t("severity")} @change=${(/** @type {any} */ event) => filter({ severity: event.target.value })}>
      <option value="" ?selected=${!severity}>${t("any_severity")}</option>
      ${LEVELS.map((level) => html`<option value=${level} ?selected=${level === severity}>${t(level)}</option>`)}
    </select>
  </div>`;
}

/** The families of some patterns, the largest first. @param {any[]} patterns @returns {any[]} */
const familiesOf = (patterns) =>
  [...new Map(patterns.filter((pattern) => pattern.family).map((pattern) => [pattern.family.id, pattern.family])).values()].sort((a, b) => b.size - a.size);

/** @param {any[]} shown */
function listSection(shown) {
  const rows = shown.slice(0, state.shown);
  const rest = shown.length - rows.length;
  const more = rest > 0 ? html`<p class="rest"><button type="button" class="button" @click=${() => update((s) => (s.shown += 200))}>${t("show_more", { n: Math.min(200, rest) })}</button></p>` : nothing;
  return section(t("lane_patterns"), [patternRows(rows), more], { sub: t("shown", { n: number(shown.length), m: number(state.patterns.length) }), name: "patterns" });
}

function nothingShown() {
  if (!state.patterns.length) return empty("", t("logs_empty"), t("logs_empty_sub"), nothing);
  const clear = html`<button type="button" class="button primary" @click=${() => go(address({ view: "logs" }))}>${t("clear_filters")}</button>`;
  return empty("", t("logs_none"), t("logs_none_sub", { n: number(state.patterns.length) }), clear);
}

/** @param {any} pattern @returns {string} */
const patternId = (pattern) => pattern.pattern_id;

/** Patterns as rows; the one that the address names is open. @param {any[]} patterns */
export const patternRows = (patterns) => html`<ul class="patterns">${repeat(patterns, patternId, patternRowIn(route().query.get("pattern") ?? ""))}</ul>`;

/** @param {string} chosen id of the open one @returns {(pattern: any) => unknown} */
const patternRowIn = (chosen) => (pattern) => {
  const open = pattern.pattern_id === chosen;
  const kind = kindOf(pattern);
  const level = levelOf(pattern.severity);
  const toggle = () => go(address({ keep: true, query: { pattern: open ? "" : pattern.pattern_id } }));
  return html`<li class=${open ? "chosen" : ""} data-pattern=${pattern.pattern_id} data-kind=${kind}>
    <span class="kind">${icon(kind === "usual" ? "pattern" : `pattern_${kind}`, 14)}${t(`kind_${kind}`)}</span>
    <div class="grow"><button type="button" class="pattern" aria-expanded=${open} @click=${toggle}>${patternText(pattern)}</button>
      <div class="sub">${[pattern.source, familyName(pattern.family)].filter(Boolean).join(" · ")}</div></div>
    ${severityMark(level)}
    <span class="count">${rich(pattern.frequency === 1 ? "line" : "lines", { n: number(pattern.frequency) })}</span>
    ${bars(pattern.trend ?? [], kind === "usual" ? "calm" : level)}
    <span class="nw mut" title=${t("first_seen")}>${moment(epoch(pattern.first_seen), now())}</span>
    ${open ? html`<div class="opened">${examples(pattern)}${reason(pattern)}${links(pattern)}</div>` : nothing}
  </li>`;
};

/** @param {any} pattern */
function examples(pattern) {
  const lines = pattern.examples?.length ? pattern.examples.slice(0, 3).map(String) : [patternTitle(pattern)];
  return html`<div class="examples"><p class="mut">${t("examples")}</p>${lines.map((/** @type {string} */ line) => html`<p class="mono">${chips(line)}</p>`)}</div>`;
}

/** @param {any} pattern */
function reason(pattern) {
  const [v, e] = [pattern.rate_per_hour, pattern.expected_per_hour];
  const rate = v == null ? "" : e == null ? t("rate_only", { v: number(v, v < 10 ? 1 : 0) }) : t("rate_usual", { v: number(v, v < 10 ? 1 : 0), e: number(e, e < 10 ? 1 : 0) });
  const [first, last] = [pattern.first_seen, pattern.last_seen].map((one) => moment(epoch(one), now()));
  const facts = [rate, t("first_seen_at", { t: first }), t("last_seen_at", { t: last })];
  return html`<p>${severityReason(pattern)}</p><p class="mut">${facts.filter(Boolean).join(" · ")}</p>`;
}

/** What the log analysis itself alerts of this source stands first. @param {any} pattern @returns {(a: any, b: any) => number} */
const byCause = (pattern) => (a, b) => Number(b.labels?.source === pattern.source) - Number(a.labels?.source === pattern.source);

/** The alerts that name the pattern, and the patterns that say similar things. @param {any} pattern */
function links(pattern) {
  const alerts = openAlerts().filter((alert) => alert.log_patterns?.some((/** @type {any} */ one) => one.pattern_id === pattern.pattern_id)).sort(byCause(pattern)).slice(0, 3);
  const family = pattern.family;
  if (!alerts.length && !family) return nothing;
  return html`<p class="line wrap">${alerts.map((alert) => html`<a href=${address({ view: "alerts", id: alert.id })}>${t("related_alert", { alert: title(alert) })}</a>`)}
    ${family ? html`<a href=${address({ view: "logs", query: { family: family.id } })}>${t("same_family", { name: familyName(family), n: family.size })}</a>` : nothing}</p>`;
}
