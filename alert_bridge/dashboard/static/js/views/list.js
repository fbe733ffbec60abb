// @ts-check
/* The alerts: filter bar, groups, a table of any length, cards on narrow screens. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { choose } from "../actions.js";
import { LEVELS, owner, serviceOf } from "../alerts.js";
import { GROUPS, STATUSES, filters, grouping, look, narrowed, rows, total } from "../finder.js";
import { icon } from "../icons.js";
import { address, go, route } from "../route.js";
import { t } from "../strings.js";
import { mayAct, now, openAlerts, resolvedAlerts, state } from "../store.js";
import { epoch, moment, number } from "../text.js";
import { bulkBar } from "./bulk.js";
import { groupHeading, groupList, grouped } from "./groups.js";
import { byId, cardIn, narrow, steady, tableRowIn, waitingBar } from "./rows.js";
import { empty } from "./sections.js";
import { note } from "./summary.js";

/** @typedef {import("../alerts.js").Alert} Alert */

/** Rows that come and go together: what is far from the screen is but its height. */
const PIECE = 50;
const ROW_PX = 57;
const COLUMNS = 8;

/** The list as it stands on the screen: what `j` and `k` walk. */
export const walked = () => steady(listKey(), rows()).rows;

const listKey = () => `alerts ${JSON.stringify(filters())}`;

/** @param {import("./summary.js").Whole} all @param {string} chosen */
export function alertList(all, chosen) {
  look();
  const { rows: shown, waiting } = steady(listKey(), rows());
  const by = grouping();
  const groupsAlone = by !== "list" && !state.complete;
  return html`<div class="view-head"><h1>${t("alerts")}</h1>
      <span class="mut" data-shown>${state.alertsLoaded ? (groupsAlone && state.groups.items ? t("groups_shown", { g: number(state.groups.items.length), n: number(total()) }) : t("shown", { n: number(shown.length), m: number(Math.max(total(), shown.length)) })) : nothing}</span></div>
    ${note(all, false)}${filterBar()}${mayAct() ? bulkBar() : nothing}${groupsAlone ? groupList(by) : [waitingBar(waiting), body(shown, chosen, by)]}`;
}

/** @param {Alert[]} shown @param {string} chosen @param {string} by */
function body(shown, chosen, by) {
  const { loaded, problem } = state.found;
  const refused = state.problems.alerts || problem;
  if (!state.alertsLoaded && refused) return empty("UNKNOWN", t("error_alerts", { problem: refused }), "", nothing);
  if (!state.alertsLoaded || (!shown.length && !loaded && !problem)) return html`<div class="skeletons" aria-busy="true"><span class="hidden">${t("loading")}</span>${[1, 2, 3, 4, 5].map(() => html`<div><div class="skeleton long"></div><div class="skeleton short"></div></div>`)}</div>`;
  if (!shown.length) return nothingShown();
  const failed = problem ? html`<p class="refused">${t("error_alerts", { problem })}</p>` : nothing;
  if (narrow()) return html`<div data-steady=${listKey()}>${by === "list" ? pieces(shown, cardPiece) : grouped(by, shown).map(([value, some]) => html`<h2 class="group-head">${groupHeading(by, value, some)}</h2><ul class="cards">${repeat(some, byId, cardIn("alerts"))}</ul>`)}</div>${failed}`;
  const row = tableRowIn(chosen);
  return html`<div class="table" data-steady=${listKey()}><table>
      <caption class="hidden">${t("alerts")}</caption>${head(shown)}
      ${by === "list" ? pieces(shown, tablePiece(row)) : grouped(by, shown).map(([value, some]) => html`<tbody><tr class="group-head"><th scope="rowgroup" colspan=${COLUMNS}>${groupHeading(by, value, some)}</th></tr>${repeat(some, byId, row)}</tbody>`)}
    </table></div>${failed}`;
}

/** A long list in pieces, of which those near the screen are drawn. @param {Alert[]} shown @param {(some: Alert[], piece: number) => unknown} piece */
function pieces(shown, piece) {
  const found = [];
  for (let at = 0; at < shown.length; at += PIECE) found.push(piece(shown.slice(at, at + PIECE), at / PIECE));
  return found;
}

/** @param {number} rows */
const blank = (rows) => html`<svg class="blank" width="1" height=${rows * ROW_PX} aria-hidden="true"></svg>`;

/** @param {(alert: Alert) => unknown} row @returns {(some: Alert[], piece: number) => unknown} */
const tablePiece = (row) => (some, piece) =>
  html`<tbody data-piece=${piece}>${state.pieces.has(piece) ? repeat(some, byId, row) : html`<tr><td colspan=${COLUMNS}>${blank(some.length)}</td></tr>`}</tbody>`;

/** @param {Alert[]} some @param {number} piece */
const cardPiece = (some, piece) =>
  html`<ul class="cards" data-piece=${piece}>${state.pieces.has(piece) ? repeat(some, byId, cardIn("alerts")) : html`<li>${blank(some.length * 3)}</li>`}</ul>`;

/** @param {Alert[]} shown */
function head(shown) {
  const { newest, status } = filters();
  const ids = shown.map(byId);
  const all = ids.length > 0 && ids.every((id) => state.chosen.ids.has(id));
  const tick = mayAct() ? html`<label class="tick"><input type="checkbox" aria-label=${t("choose_shown")} .checked=${live(all)} @change=${() => choose(ids, !all)}></label>` : nothing;
  const sorted = (/** @type {boolean} */ on) => (status === "resolved" ? nothing : on ? "descending" : "none");
  const sort = (/** @type {string} */ text, /** @type {boolean} */ on, /** @type {string} */ value) =>
    status === "resolved" ? text : html`<button type="button" class="sort" @click=${() => filter({ sort: value })}>${text}${on ? icon("down", 12) : nothing}</button>`;
  return html`<thead><tr><th class="tick">${tick}</th><th scope="col" aria-sort=${sorted(!newest)}>${sort(t("severity"), !newest, "")}</th><th scope="col">${t("alert")}</th><th scope="col" class="wide-1">${t("value")}</th><th scope="col" aria-sort=${sorted(newest)}>${sort(t("since"), newest, "newest")}</th><th scope="col">${t("who")}</th><th scope="col" class="wide-2">${t("status_next")}</th><th scope="col" class="wide-2"><span class="hidden">${t("actions")}</span></th></tr></thead>`;
}

function nothingShown() {
  const { status } = filters();
  const open = openAlerts().length;
  const clear = html`<button type="button" class="button primary" @click=${() => go(address({ view: "alerts" }))}>${t("clear_filters")}</button>`;
  if (narrowed() || (status !== "open" && status !== "resolved" && open)) return empty("", t("empty_filter"), t("empty_filter_sub", { n: number(open) }), clear);
  if (status === "resolved") return empty("", t("empty_resolved"), "", nothing);
  const last = Math.max(...resolvedAlerts().map((alert) => epoch(alert.resolved_at)));
  const sub = Number.isFinite(last) ? t("empty_open_sub", { t: moment(last, now()) }) : "";
  const show = html`<button type="button" class="button" @click=${() => go(address({ view: "alerts", query: { status: "resolved" } }))}>${t("show_resolved")}</button>`;
  return empty("OK", t("empty_open"), sub, Number.isFinite(last) ? show : nothing);
}

// ---- filters

/** Filters replace the address: back leaves the list, not each letter of a search. @param {Record<string, string>} query */
const filter = (query) => go(address({ view: "alerts", id: route().id, keep: true, query }), true);

/** What the open alerts have of a thing, for a choice of it. @param {"service"|"owner"} key @param {string} chosen */
function offered(key, chosen) {
  const known = openAlerts().map((alert) => (key === "service" ? serviceOf(alert) : (owner(alert) ?? "")));
  const names = new Set([...known, chosen].filter(Boolean));
  return [...names].sort((a, b) => a.localeCompare(b)).slice(0, 200);
}

/** @param {string} label @param {string} key @param {string} any @param {[string, string][]} choices @param {string} chosen */
const pick = (label, key, any, choices, chosen) =>
  html`<select class="input" aria-label=${label} @change=${(/** @type {any} */ event) => filter({ [key]: event.target.value })}>
    ${any ? html`<option value="" ?selected=${!chosen}>${any}</option>` : nothing}
    ${choices.map(([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`)}
  </select>`;

/** @param {string} one @returns {[string, string]} */
const itself = (one) => [one, one];

function filterBar() {
  const { status, severity, service, owner: who, name, text } = filters();
  return html`<div class="filters">
    <div class="find">${icon("find", 14)}<input class="input" type="search" aria-label=${t("search")} placeholder=${t("search")} .value=${live(text)} @input=${(/** @type {any} */ event) => filter({ q: event.target.value })}><kbd>/</kbd></div>
    ${pick(t("severity"), "severity", t("any_severity"), LEVELS.map((level) => [level, t(level)]), severity)}
    ${pick(t("service"), "service", t("any_service"), offered("service", service).map(itself), service)}
    ${pick(t("who"), "owner", t("any_owner"), offered("owner", who).map(itself), who)}
    ${pick(t("group"), "group", "", GROUPS.map((one) => [one, t(`group_by_${one}`)]), grouping())}
    <div class="scroll"><div class="segments" role="group" aria-label=${t("status")}>
      ${STATUSES.map((one) => html`<button type="button" aria-pressed=${one === status} @click=${() => filter({ status: one === "open" ? "" : one })}>${t(`filter_${one}`)}</button>`)}
    </div></div>
    ${name ? html`<button type="button" class="button" aria-label=${t("unfilter", { name })} @click=${() => filter({ name: "" })}>${name} ${icon("close", 12)}</button>` : nothing}
  </div>`;
}
