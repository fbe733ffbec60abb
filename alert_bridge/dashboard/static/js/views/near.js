// @ts-check
/* What else began within a quarter of an hour of an alert, by time: changes, log patterns, alerts, anomalies. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { began, byUrgency, isHeld, levelOf, owner, title } from "../alerts.js";
import { icon, shape } from "../icons.js";
import { explanationOf, kindOf, patternText } from "../patterns.js";
import { address } from "../route.js";
import { t } from "../strings.js";
import { state } from "../store.js";
import { epoch, metricName, number, offset } from "../text.js";

/** @typedef {import("../alerts.js").Alert} Alert */
/** @typedef {{at: number, mark: unknown, text: unknown}} Row  at: epoch seconds, NaN for what had begun before */

const WINDOW_SECONDS = 900;

/** @param {Alert} alert */
export function sameTime(alert) {
  if (!state.drawer.near) return html`<div class="skeleton long"></div>`;
  const at = began(alert);
  const rows = [...changes(alert), ...patterns(alert), ...others(alert), ...anomalies(alert)];
  const begun = rows.filter((row) => Number.isFinite(row.at)).sort((a, b) => a.at - b.at);
  const known = rows.filter((row) => !Number.isFinite(row.at));
  if (!rows.length) return html`<p class="mut">${t("same_none")}</p>`;
  const first = begun[0]?.at < at ? begun[0] : null;
  const line = (/** @type {Row} */ row) =>
    html`<li><span class="off">${Number.isFinite(row.at) ? offset(row.at - at) : t("off_before")}</span>${row.mark}<span>${row.text}${row === first ? html` <span class="tag warn">${t("first_change")}</span>` : nothing}</span></li>`;
  return html`<ol class="near">${[...begun, ...known].map(line)}</ol>`;
}

/** @param {number} time @param {Alert} alert */
const close = (time, alert) => Math.abs(time - began(alert)) <= WINDOW_SECONDS;

/** @param {Alert} alert @returns {Row[]} */
const changes = (alert) =>
  (alert.changes ?? []).map((change) => ({
    at: epoch(change.timestamp),
    mark: icon("flag", 14, "is-ink"),
    text: [change.title, change.service, change.version, change.author].filter((one, i, all) => one && (i === 0 || !String(all[0]).includes(one))).join(" · "),
  }));

/** Patterns that began then, and those that the alert kept from its window. @param {Alert} alert @returns {Row[]} */
function patterns(alert) {
  const found = new Map();
  for (const pattern of [...(alert.log_patterns ?? []), ...(state.drawer.near?.patterns ?? []).filter((one) => one.new)]) {
    found.set(pattern.pattern_id, pattern);
  }
  const kept = new Set((alert.log_patterns ?? []).map((one) => one.pattern_id));
  return [...found.values()]
    .map((pattern) => ({ pattern, begun: close(epoch(pattern.first_seen), alert) }))
    .filter(({ pattern, begun }) => begun || kept.has(pattern.pattern_id))
    .map(({ pattern, begun }) => {
      const kind = begun ? "new" : kindOf(pattern) === "new" ? "usual" : kindOf(pattern);
      return {
        at: begun ? epoch(pattern.first_seen) : NaN,
        mark: icon(kind === "usual" ? "pattern" : `pattern_${kind}`, 14, `is-${levelOf(pattern.severity)}`),
        text: html`<a href=${address({ view: "logs", query: { pattern: pattern.pattern_id } })}>${patternText(pattern)}</a> <span class="tag">${t("kind_count", { kind: t(`kind_${kind}`), n: number(pattern.frequency ?? 0) })}</span>`,
      };
    });
}

/** @param {Alert} alert @returns {Row[]} */
const others = (alert) =>
  [...state.alerts.values()]
    .filter((other) => other.id !== alert.id && close(began(other), alert))
    .sort(byUrgency)
    .slice(0, 12)
    .map((other) => ({
      at: began(other),
      mark: shape(levelOf(other.severity), 14, isHeld(other)),
      text: html`<a href=${address({ view: "alerts", id: other.id, keep: true })}>${title(other)}</a>${owner(other) ? ` · ${owner(other)}` : nothing}`,
    }));

/** @param {Alert} alert @returns {Row[]} */
const anomalies = (alert) =>
  (state.drawer.near?.anomalies ?? [])
    .filter((anomaly) => close(epoch(anomaly.timestamp), alert))
    .map((anomaly) => ({
      at: epoch(anomaly.timestamp),
      mark: icon("anomaly", 14, "is-calc"),
      text: html`${metricName(anomaly.series)}: ${explanationOf(anomaly)} <span class="tag calc">${t("confidence", { v: number(anomaly.confidence_score ?? 0, 2) })}</span>`,
    }));
