// @ts-check
/* What an alert means to the reader: its names, its order, the state of the whole. Plain functions, no page. */
import { has, japanese, t } from "./strings.js";
import { epoch, folded, limitWithUnit, metricName, withUnit } from "./text.js";

/**
 * @typedef {{id: string, name: string, severity: string, status: string, message: string,
 *   reason_texts: Record<string, string>, acknowledge_expires_at: string|null, snoozed_until: string|null,
 *   labels: Record<string, string>, annotations: Record<string, string>, created_at: string, updated_at: string,
 *   resolved_at: string|null, acknowledged_by: string|null, comment: string|null, assignee: string|null,
 *   escalation_level: number, suppressed_by: string|null, reason: string|null, log_patterns: any[], changes: any[],
 *   runbook_url: string|null, first_steps: string[], usual_duration_seconds: number|null, next_step: any,
 *   value: number|null, threshold: number|null, version: number}} Alert
 * @typedef {{name: string, group: string, unit: string, value: number|null, timestamp: any, worst: any,
 *   threshold: any, expected: any, spark: any}} Tile
 */

export const LEVELS = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];

/** @type {Record<string, string>} */
const LEVEL_OF = {
  critical: "CRITICAL", page: "CRITICAL", high: "HIGH", error: "HIGH", medium: "MEDIUM", warning: "MEDIUM",
  low: "LOW", info: "LOW",
};

/** The severity in the words of the interface, whatever spelling came in. @param {unknown} word */
export const levelOf = (word) => LEVEL_OF[String(word).toLowerCase()] ?? "HIGH";

/** @param {Alert} alert */
export const isOpen = (alert) => alert.status !== "resolved";

/** Somebody has it, or it is over: drawn hollow. @param {Alert} alert */
export const isHeld = (alert) => alert.status !== "firing";

/** Snoozed or suppressed. @param {Alert} alert */
export const isQuiet = (alert) => alert.status === "snoozed" || alert.status === "suppressed";

/** @param {Alert} alert @returns {string|null} */
export const owner = (alert) => alert.acknowledged_by || alert.assignee;

/** @type {WeakMap<object, number>} */
const beginnings = new WeakMap();

/** Epoch seconds of its beginning; worked out once, for lists are sorted by it. @param {Alert} alert */
export function began(alert) {
  let at = beginnings.get(alert);
  if (at === undefined) beginnings.set(alert, (at = epoch(alert.created_at)));
  return at;
}

/** How long it lasts or lasted, in seconds. @param {Alert} alert @param {number} now */
export const lasts = (alert, now) => (alert.resolved_at ? epoch(alert.resolved_at) : now) - began(alert);

/** The order of every list, the server's own: severity, nobody has it, oldest. @param {Alert} a @param {Alert} b */
export const byUrgency = (a, b) =>
  LEVELS.indexOf(levelOf(a.severity)) - LEVELS.indexOf(levelOf(b.severity)) ||
  Number(isHeld(a)) - Number(isHeld(b)) ||
  began(a) - began(b) ||
  (a.id < b.id ? -1 : 1);

/** @param {Alert} a @param {Alert} b */
export const byNewest = (a, b) => began(b) - began(a) || (a.id < b.id ? 1 : -1);

/** @param {Alert} a @param {Alert} b */
export const byEnd = (a, b) => epoch(b.resolved_at ?? b.updated_at) - epoch(a.resolved_at ?? a.updated_at);

/** An annotation in the reader's language, if the rule has one. @param {Alert} alert @param {string} key */
const annotation = (alert, key) => (japanese() && alert.annotations?.[`${key}_ja`]) || alert.annotations?.[key] || "";

/** The sentence that names the alert; a threshold of a known metric is named in the page's own words. @param {Alert} alert */
export function title(alert) {
  const side = /(Above|Below)Threshold$/.exec(alert.name);
  const metric = metricOf(alert);
  if (side && has(`metric_${metric}`)) return t(side[1] === "Above" ? "title_above" : "title_below", { name: metricName(metric) });
  return annotation(alert, "summary") || alert.message || alert.name;
}

/** @param {Alert} alert */
export function description(alert) {
  const { summary, summary_ja: japaneseSummary } = alert.annotations ?? {};
  const said = [title(alert), summary, japaneseSummary].includes(alert.message);
  return annotation(alert, "description") || (said ? "" : alert.message);
}

/** Why the threshold is what it is, in the reader's language. @param {Alert} alert */
export const reason = (alert) => alert.reason_texts?.[japanese() ? "ja" : "en"] || alert.reason || "";

/** What to do first, in the reader's language where the rule or the runbook has it. @param {Alert} alert @returns {string[]} */
export function firstSteps(alert) {
  const own = (japanese() && alert.annotations?.action_ja) || "";
  return own ? own.split("\n").map((line) => line.trim()).filter(Boolean) : (alert.first_steps ?? []);
}

/**
 * Where the runbook is: an address of the web, or one of the product's own runbooks; nothing else may be opened.
 * @param {string|null|undefined} url
 */
export function safeLink(url) {
  if (url && /^https?:\/\//i.test(url)) return url;
  const own = /^(?:docs)?\/?runbooks\/([\w-]+)(?:\.md)?$/.exec(url ?? "");
  return own ? `/runbooks/${own[1]}` : "";
}

/** What keeps an alert silent, in words. @param {string|null|undefined} by such as `silence:<id>`, several with commas */
export const suppressor = (by) =>
  (by ?? "").split(", ").filter(Boolean).map((one) => {
    const [kind, name = ""] = one.split(/:(.*)/s);
    return has(`by_${kind}`) ? t(`by_${kind}`, { name }) : one;
  }).join(" · ");

/** Service and host. @param {Alert} alert */
export const place = (alert) =>
  [serviceOf(alert), alert.labels?.instance || alert.labels?.host || alert.labels?.source]
    .filter(Boolean)
    .join(" · ");

/** Name of the metric behind the alert, "" where there is none. @param {Alert} alert */
export const metricOf = (alert) => alert.labels?.metric || "";

/** @param {Alert} alert @param {Tile|undefined} tile */
export const isLower = (alert, tile) => (alert.labels?.direction || tile?.threshold?.direction) === "lower";

/** The value now, where the tile shows that very series; else the one that the alert came with. @param {Alert} alert @param {Tile|undefined} tile */
export const valueOf = (alert, tile) =>
  alert.status !== "resolved" && tile?.value != null && tile.worst?.instance === alert.labels?.instance ? tile.value : alert.value;

/**
 * The two numbers of the alert as text; null where it is not about a metric.
 * @param {Alert} alert @param {Tile|undefined} tile @param {number|null} [latest] a later value than those
 */
export function figures(alert, tile, latest = null) {
  const metric = metricOf(alert);
  const value = latest ?? valueOf(alert, tile);
  if (!metric || value == null) return null;
  return {
    name: metricName(metric),
    value: withUnit(metric, value, tile?.unit),
    threshold: alert.threshold == null ? null : limitWithUnit(metric, alert.threshold, tile?.unit),
    lower: isLower(alert, tile),
  };
}

/**
 * How many open alerts there are, as the headline says it: all but the quiet ones, the quiet ones, those of the worst
 * severity, and how many of these nobody has acknowledged.
 * @param {{severity: string, status: string, count: number}[]} rows
 */
export function tally(rows) {
  const sum = (/** @type {(row: any) => boolean} */ of) => rows.filter(of).reduce((n, row) => n + row.count, 0);
  const quiet = (/** @type {any} */ row) => isQuiet(row);
  const loud = rows.filter((row) => !quiet(row));
  const top = LEVELS.find((level) => loud.some((row) => levelOf(row.severity) === level)) ?? "LOW";
  const worst = (/** @type {any} */ row) => !quiet(row) && levelOf(row.severity) === top;
  return { top, loud: sum((row) => !quiet(row)), quiet: sum(quiet), worst: sum(worst), unowned: sum((row) => worst(row) && row.status === "firing") };
}

/** The label by which an alert's service goes. @param {Alert} alert */
export const serviceOf = (alert) => alert.labels?.service || alert.labels?.job || "";

/** @param {Alert} alert @param {string} query already folded */
export function matches(alert, query) {
  const labels = Object.entries(alert.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const texts = [alert.name, title(alert), alert.message, ...labels, owner(alert) ?? "", ...Object.values(alert.annotations ?? {})];
  return texts.some((text) => folded(String(text)).includes(query));
}

/** A tile's value is beyond its threshold. @param {Tile} tile */
export function isPast(tile) {
  const threshold = tile.threshold;
  if (!threshold || tile.value == null || threshold.value == null) return false;
  return threshold.direction === "lower" ? tile.value < threshold.value : tile.value > threshold.value;
}

/**
 * The start of what goes on now: back from the newest open alert over gaps of less than an hour.
 * @param {Alert[]} open @returns {number} epoch seconds, NaN where nothing is open
 */
export function incidentStart(open) {
  const starts = open.map(began).sort((a, b) => b - a);
  let start = starts[0] ?? NaN;
  for (const at of starts) if (start - at < 3600) start = at;
  return start;
}
