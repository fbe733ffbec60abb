// @ts-check
/* The alerts: filter bar, table, cards on narrow screens. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { LEVELS, byEnd, byUrgency, isHeld, isOpen, isQuiet, levelOf, matches, owner } from "../alerts.js";
import { icon } from "../icons.js";
import { address, go, route } from "../route.js";
import { t } from "../strings.js";
import { now, openAlerts, resolvedAlerts, state, update } from "../store.js";
import { epoch, folded, moment, number } from "../text.js";
import { byId, cardIn, narrow, steady, tableRowIn, waitingBar } from "./rows.js";
import { empty } from "./sections.js";
import { note } from "./summary.js";

const FILTERS = ["open", "nobody", "mine", "quiet", "resolved"];

/** @type {Record<string, (alert: import("../alerts.js").Alert) => boolean>} */
const KEEPS = {
  open: isOpen,
  nobody: (alert) => isOpen(alert) && !isHeld(alert),
  mine: (alert) => isOpen(alert) && owner(alert) === state.overview?.identity?.name,
  quiet: isQuiet,
  resolved: (alert) => !isOpen(alert),
};

/** The filters of the address. */
function filters() {
  const query = route().query;
  const status = query.get("status") ?? "open";
  return { status: FILTERS.includes(status) ? status : "open", severity: query.get("severity") ?? "", text: query.get("q") ?? "" };
}

/** The alerts that the filters of the address keep, in the order of the list. */
export function visible() {
  const { status, severity, text } = filters();
  const wanted = folded(text.trim());
  return [...state.alerts.values()]
    .filter((alert) => KEEPS[status](alert))
    .filter((alert) => !severity || levelOf(alert.severity) === severity)
    .filter((alert) => !wanted || matches(alert, wanted))
    .sort(status === "resolved" ? byEnd : byUrgency);
}

/** The list as it stands on the screen: what `j` and `k` walk. */
export const walked = () => steady(listKey(), visible()).rows;

const listKey = () => `alerts ${JSON.stringify(filters())}`;

/** @param {import("./summary.js").Whole} all @param {string} chosen */
export function alertList(all, chosen) {
  const { rows, waiting } = steady(listKey(), visible());
  const { status } = filters();
  const total = status === "resolved" ? resolvedAlerts().length : Math.max(state.openTotal, all.open.length);
  return html`<div class="view-head"><h1>${t("alerts")}</h1>
      <span class="mut" data-shown>${state.alertsLoaded ? t("shown", { n: number(rows.length), m: number(total) }) : nothing}</span></div>
    ${note(all, false)}${filterBar()}${waitingBar(waiting)}${body(rows, chosen)}`;
}

/** @param {import("../alerts.js").Alert[]} rows @param {string} chosen */
function body(rows, chosen) {
  if (!state.alertsLoaded && state.problems.alerts) return empty("UNKNOWN", t("error_alerts", { problem: state.problems.alerts }), "", nothing);
  if (!state.alertsLoaded) return html`<div class="skeletons" aria-busy="true"><span class="hidden">${t("loading")}</span>${[1, 2, 3, 4, 5].map(() => html`<div><div class="skeleton long"></div><div class="skeleton short"></div></div>`)}</div>`;
  if (!rows.length) return nothingShown();
  const shown = rows.slice(0, state.shown);
  const rest = rows.length - shown.length;
  const more = rest > 0 ? html`<p class="rest"><button type="button" class="button" @click=${() => update((s) => (s.shown += 200))}>${t("show_more", { n: Math.min(200, rest) })}</button></p>` : nothing;
  if (narrow()) return html`<ul class="cards" data-steady=${listKey()}>${repeat(shown, byId, cardIn("alerts"))}</ul>${more}`;
  return html`<div class="table" data-steady=${listKey()}><table>
      <caption class="hidden">${t("alerts")}</caption>
      <thead><tr><th scope="col">${t("severity")}</th><th scope="col">${t("alert")}</th><th scope="col" class="wide-1">${t("value")}</th><th scope="col">${t("since")}</th><th scope="col">${t("who")}</th><th scope="col" class="wide-2">${t("status_next")}</th><th scope="col" class="wide-2"><span class="hidden">${t("actions")}</span></th></tr></thead>
      <tbody>${repeat(shown, byId, tableRowIn(chosen))}</tbody>
    </table></div>${more}`;
}

function nothingShown() {
  const { status, severity, text } = filters();
  const open = openAlerts().length;
  const clear = html`<button type="button" class="button primary" @click=${() => go(address({ view: "alerts" }))}>${t("clear_filters")}</button>`;
  if (severity || text || (status !== "open" && status !== "resolved" && open)) return empty("", t("empty_filter"), t("empty_filter_sub", { n: number(open) }), clear);
  if (status === "resolved") return empty("", t("empty_resolved"), "", nothing);
  const last = Math.max(...resolvedAlerts().map((alert) => epoch(alert.resolved_at)));
  const sub = Number.isFinite(last) ? t("empty_open_sub", { t: moment(last, now()) }) : "";
  const show = html`<button type="button" class="button" @click=${() => go(address({ view: "alerts", query: { status: "resolved" } }))}>${t("show_resolved")}</button>`;
  return empty("OK", t("empty_open"), sub, Number.isFinite(last) ? show : nothing);
}

/** Filters replace the address: back leaves the list, not each letter of a search. @param {Record<string, string>} query */
const filter = (query) => go(address({ view: "alerts", id: route().id, keep: true, query }), true);

function filterBar() {
  const { status, severity, text } = filters();
  return html`<div class="filters">
    <div class="find">${icon("find", 14)}<input class="input" type="search" aria-label=${t("search")} placeholder=${t("search")} .value=${live(text)} @input=${(/** @type {any} */ event) => filter({ q: event.target.value })}><kbd>/</kbd></div>
    <select class="input" aria-label=${t("severity")} @change=${(/** @type {any} */ event) => filter({ severity: event.target.value })}>
      <option value="" ?selected=${!severity}>${t("any_severity")}</option>
      ${LEVELS.map((level) => html`<option value=${level} ?selected=${level === severity}>${t(level)}</option>`)}
    </select>
    <div class="scroll"><div class="segments" role="group" aria-label=${t("status")}>
      ${FILTERS.map((one) => html`<button type="button" aria-pressed=${one === status} @click=${() => filter({ status: one === "open" ? "" : one })}>${t(`filter_${one}`)}</button>`)}
    </div></div>
  </div>`;
}
