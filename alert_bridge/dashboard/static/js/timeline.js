// @ts-check
/* What happened, in order: alerts, anomalies and log patterns on one clock, as a picture and as a list. */
import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { began, isHeld, isQuiet, levelOf, title } from "./alerts.js";
import { OUTLINE, icon, shape } from "./icons.js";
import { address } from "./route.js";
import { t } from "./strings.js";
import { state } from "./store.js";
import { clock, duration, epoch, metricName, moment } from "./text.js";
import { explanationOf, patternText, patternTitle } from "./patterns.js";

const ROW = 16;
const LANE = 30;
const SAFE_TICKS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/**
 * What began within a range.
 * @param {import("./alerts.js").Alert[]} alerts @param {number} from @param {number} to
 */
export function eventsIn(alerts, from, to) {
  const within = (/** @type {number} */ at) => at >= from && at <= to;
  return {
    alerts: alerts
      .filter((alert) => !isQuiet(alert) && began(alert) <= to && (epoch(alert.resolved_at) || to) >= from)
      .sort((a, b) => began(a) - began(b)),
    anomalies: state.anomalies.filter((anomaly) => within(epoch(anomaly.timestamp))),
    patterns: state.patterns.filter((pattern) => pattern.new && within(epoch(pattern.first_seen))),
  };
}

/** @typedef {ReturnType<typeof eventsIn>} Events */

/** @param {Events} events @returns {number[]} */
const starts = (events) =>
  [
    ...events.alerts.map(began),
    ...events.anomalies.map((anomaly) => epoch(anomaly.timestamp)),
    ...events.patterns.map((pattern) => epoch(pattern.first_seen)),
  ].sort((a, b) => a - b);

/** The densest ten minutes, if four things or more began in them. @param {number[]} times */
export function cluster(times) {
  let best = { from: 0, to: 0, n: 0 };
  times.forEach((from, i) => {
    const inside = times.slice(i).filter((at) => at - from <= 600);
    if (inside.length > best.n) best = { from, to: inside[inside.length - 1], n: inside.length };
  });
  return best.n >= 4 ? best : null;
}

/** @param {Events} events @param {number} from @param {number} to */
export function picture(events, from, to) {
  const width = state.width;
  const label = 104;
  const x = (/** @type {number} */ at) => label + ((Math.max(from, at) - from) / (to - from)) * (width - label - 14);
  const dense = cluster(starts(events).filter((at) => at >= from));
  const shown = events.alerts.slice(-12);
  const top = dense ? 18 : 6;
  const alertsHeight = Math.max(1, shown.length) * ROW + 10;
  const anomalyY = top + alertsHeight + 15;
  const patternY = anomalyY + LANE;
  const height = patternY + 36;
  const step = SAFE_TICKS.find((seconds) => (width - label) / ((to - from) / seconds) > 72) ?? 86_400;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return html`<svg height=${height} viewBox="0 0 ${width} ${height}" role="group" aria-label=${t("timeline")}>
    ${dense ? shaded(dense, x, width, height) : nothing}
    ${ticks.map((at) => svg`<line class="c-grid" x1=${x(at)} x2=${x(at)} y1=${top} y2=${height - 18}/><text class="c-text" x=${x(at)} y=${height - 5} text-anchor="middle">${clock(at)}</text>`)}
    ${lane(t("lane_alerts"), top + 11, width, true)}
    ${lane(t("lane_anomalies"), anomalyY + 4, width)}
    ${lane(t("lane_patterns"), patternY + 4, width)}
    ${shown.map((alert, i) => alertBar(alert, top + i * ROW + 4, x, label, to))}
    ${events.anomalies.map((anomaly) => anomalyMark(anomaly, x, anomalyY))}
    ${events.patterns.map((pattern) => patternMark(pattern, x, patternY))}
    ${events.anomalies.length ? nothing : none(label, anomalyY)}${events.patterns.length ? nothing : none(label, patternY)}
    <line class="c-now" x1=${x(to)} x2=${x(to)} y1=${top} y2=${height - 18}/>
  </svg>`;
}

/** Its words go to the side where there is room. @param {{from: number, to: number, n: number}} dense @param {(at: number) => number} x @param {number} width @param {number} height */
const shaded = (dense, x, width, height) => {
  const left = x(dense.from) > width / 2;
  return svg`<rect class="c-cluster" x=${x(dense.from) - 6} y="2" width=${x(dense.to) - x(dense.from) + 12} height=${height - 20}/>
    <text class="c-limit-text" x=${left ? x(dense.to) + 4 : x(dense.from) - 2} y="13" text-anchor=${left ? "end" : "start"}>${t("cluster", { n: dense.n, d: duration(Math.max(60, dense.to - dense.from)) })}</text>`;
};

/** @param {string} name @param {number} y @param {number} width @param {boolean} [first] */
const lane = (name, y, width, first = false) =>
  svg`<text class="lane" x="0" y=${y}>${name}</text>${first ? nothing : svg`<line class="c-grid" x1="0" x2=${width} y1=${y - 19} y2=${y - 19}/>`}`;

/** @param {number} x @param {number} y */
const none = (x, y) => svg`<text class="c-text" x=${x} y=${y + 4}>${t("none")}</text>`;

/** @param {import("./alerts.js").Alert} alert @param {number} y @param {(at: number) => number} x @param {number} label @param {number} to */
function alertBar(alert, y, x, label, to) {
  const left = x(began(alert));
  const length = Math.max(6, x(epoch(alert.resolved_at) || to) - left);
  const level = levelOf(alert.severity);
  const before = left - label > 230;
  const held = isHeld(alert) ? "held" : "";
  return svg`<a href=${address({ view: "alerts", id: alert.id })} aria-label="${t(level)} ${shorten(title(alert))} ${clock(began(alert))}">
    <rect x=${before ? left - 230 : left} y=${y - 5} width=${length + 230} height=${ROW} fill="transparent"/>
    <rect class="c-span is-${level} ${held}" x=${left} y=${y} width=${length} height="6"/>
    <path class="c-mark is-${level} ${held}" d=${OUTLINE[level]} transform="translate(${left - 6} ${y - 3}) scale(.75)"/>
    ${before ? nothing : svg`<rect class="c-ground" x=${left + 9} y=${y - 4} width=${widthOf(shorten(title(alert)))} height="14"/>`}
    <text class="c-name" x=${before ? left - 10 : left + 12} y=${y + 6.5} text-anchor=${before ? "end" : "start"}>${shorten(title(alert))}</text>
  </a>`;
}

/** About how wide a text is at 11 px: enough to lay a ground under it. @param {string} text */
const widthOf = (text) => [...text].reduce((sum, letter) => sum + (/[\u2e80-\uffef]/.test(letter) ? 11 : 5.3), 8);

/** A name that fits beside its bar; the whole is in the list, the row and the spoken name. @param {string} text */
const shorten = (text) => (text.length > 38 ? `${text.slice(0, 37)}…` : text);

/** @param {any} anomaly @param {(at: number) => number} x @param {number} y */
function anomalyMark(anomaly, x, y) {
  const at = epoch(anomaly.timestamp);
  const name = `${clock(at)} ${metricName(anomaly.series)}: ${explanationOf(anomaly)}`;
  return svg`<a href=${address({ keep: true, query: { metric: anomaly.series } })} aria-label=${name}><title>${name}</title>
    <path class="c-anomaly" d="M${x(at)} ${y - 6}l6 6-6 6-6-6z"/></a>`;
}

/** @param {any} pattern @param {(at: number) => number} x @param {number} y */
function patternMark(pattern, x, y) {
  const at = epoch(pattern.first_seen);
  const name = `${clock(at)} ${t("kind_new")}: ${patternTitle(pattern)}`;
  return svg`<a href=${address({ view: "logs", keep: true, query: { pattern: pattern.pattern_id } })} aria-label=${name}><title>${name}</title>
    <rect x=${x(at) - 8} y=${y - 8} width="16" height="16" fill="transparent"/>
    <path class="c-new" d="M${x(at) - 5} ${y}h10M${x(at)} ${y - 5}v10M${x(at) - 3.5} ${y - 3.5}l7 7M${x(at) + 3.5} ${y - 3.5}l-7 7"/></a>`;
}

/** The same as text, newest first. @param {Events} events @param {number} now @param {number} most */
export function list(events, now, most) {
  const rows = [
    ...events.alerts.map((alert) => ({
      at: began(alert),
      mark: shape(levelOf(alert.severity), 14, isHeld(alert)),
      text: html`<a href=${address({ view: "alerts", id: alert.id })}>${title(alert)}</a>`,
      lane: t("lane_alerts"),
    })),
    ...events.anomalies.map((anomaly) => ({
      at: epoch(anomaly.timestamp),
      mark: icon("anomaly", 14, "is-calc"),
      text: html`<a href=${address({ keep: true, query: { metric: anomaly.series } })}>${metricName(anomaly.series)}</a> ${explanationOf(anomaly)}`,
      lane: t("lane_anomalies"),
    })),
    ...events.patterns.map((pattern) => ({
      at: epoch(pattern.first_seen),
      mark: icon("pattern_new", 14, "is-ink"),
      text: html`<a href=${address({ view: "logs", keep: true, query: { pattern: pattern.pattern_id } })}>${patternText(pattern)}</a>`,
      lane: t("lane_patterns"),
    })),
  ].sort((a, b) => b.at - a.at);
  if (!rows.length) return html`<p class="mut">${t("timeline_empty")}</p>`;
  return html`<ol class="events">${rows.slice(0, most).map((row) => html`<li><span class="mut nw">${moment(row.at, now)}</span>${row.mark}<span>${row.text}</span><span class="mut">${row.lane}</span></li>`)}</ol>`;
}
