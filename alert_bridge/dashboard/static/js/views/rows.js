// @ts-check
/* One alert in a list: as a row, as a table row, as a card; and the pieces they share. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { acknowledge, choose, retry } from "../actions.js";
import { began, description, figures, isHeld, isQuiet, lasts, levelOf, metricOf, owner, place, suppressor, title, valueOf } from "../alerts.js";
import { severityMark, statusMark } from "../icons.js";
import { address, go } from "../route.js";
import { gauge } from "../spark.js";
import { t } from "../strings.js";
import { mayAct, now, state, tileOf, update } from "../store.js";
import { channelName, duration, epoch, initials, listed, moment, number } from "../text.js";

/** @typedef {import("../alerts.js").Alert} Alert */

/** What comes next by itself, as words and as a time. @param {Alert} alert @returns {{at: number, text: string, sentence: string}|null} */
export function nextStep(alert) {
  const step = alert.next_step;
  if (!step || alert.status !== "firing") return null;
  const at = epoch(step.at);
  const text = stepWords(step);
  const wait = Number.isFinite(at) ? t("in_time", { d: duration(at - now()) }) : "";
  return { at, text, sentence: [text, wait].filter(Boolean).join(" ") };
}

/** What a step of the escalation does: who is told, who gets it, how bad it is from then on. @param {any} step @returns {string} */
export function stepWords(step) {
  const words = (step.actions ?? []).map((/** @type {unknown} */ action) => {
    const [, kind, what] = /^(severity_increase|assign_to) (.+)$/.exec(String(action)) ?? [];
    return kind ? t(`step_${kind}`, { what: kind === "assign_to" ? what : t(levelOf(what)) }) : "";
  });
  const told = [...(step.on_call ?? []).map((/** @type {string} */ one) => t("step_on_call", { schedule: one })), ...(step.channels ?? []).map(channelName)];
  return [listed(told), ...words].filter(Boolean).join(" · ") || t("step");
}

/** Until when an acknowledgement or a snooze holds. @param {Alert} alert */
const until = (alert) => {
  const at = epoch(alert.status === "snoozed" ? alert.snoozed_until : alert.acknowledge_expires_at);
  return Number.isFinite(at) && at > 0 && isHeld(alert) && alert.status !== "resolved" ? t("snooze_until", { t: moment(at, now()) }) : "";
};

/** @param {Alert} alert */
export const statusLine = (alert) => until(alert) || nextStep(alert)?.sentence || suppressor(alert.suppressed_by) || (alert.status === "firing" ? t("no_next") : "");

/** @param {Alert} alert */
export function whoHasIt(alert) {
  const who = owner(alert);
  if (who) return html`<span class="who"><span class="avatar" aria-hidden="true">${initials(who)}</span>${who}</span>`;
  return isHeld(alert) ? html`<span class="mut">–</span>` : html`<span class="who nobody">${t("nobody")}</span>`;
}

/** The value against its limit in words, or what the alert says. @param {Alert} alert */
export function inWords(alert) {
  const found = figures(alert, tileOf(metricOf(alert)));
  if (!found) return description(alert) || numbers(alert);
  if (!found.threshold) return found.value;
  return t(found.lower ? "value_lower" : "value_threshold", { v: found.value, t: found.threshold });
}

/** The numbers that a source gave, of no metric of ours. @param {Alert} alert */
function numbers({ value, threshold }) {
  if (value == null) return "";
  return threshold == null ? number(value, 0, 2) : t("value_threshold", { v: number(value, 0, 2), t: number(threshold, 0, 2) });
}

/** @param {Alert} alert @param {string} action */
const spoken = (alert, action) => t("action_of", { action: t(action), alert: title(alert) });

/** @param {Alert} alert @param {string} kind @param {() => void} [press] */
export function ackButton(alert, kind, press = () => void acknowledge(alert)) {
  const busy = state.busy.get(alert.id) === "acknowledge";
  return html`<button type="button" class="button ${kind}" ?disabled=${state.busy.has(alert.id)} aria-label=${spoken(alert, "acknowledge")} @click=${press}>${t(busy ? "acknowledging" : "acknowledge")}</button>`;
}

/** @param {Alert} alert @param {string} form */
const formButton = (alert, form) =>
  html`<button type="button" class="button bare" aria-label=${spoken(alert, form)} @click=${() => openForm(alert, form)}>${t(form)}</button>`;

/** @param {Alert} alert @param {string} form */
function openForm(alert, form) {
  go(address({ view: "alerts", id: alert.id }));
  requestAnimationFrame(() => update((s) => (s.drawer.form = form)));
}

/** Why an action was not done, in the row it belongs to. @param {Alert} alert */
export function refusal(alert) {
  const refused = state.refused.get(alert.id);
  if (!refused) return nothing;
  return html`<div class="refused" role="alert">${t("failed", { problem: refused.problem })} <button type="button" class="button bare" @click=${() => retry(alert)}>${t("try_again")}</button></div>`;
}

/** @param {Alert} alert @param {string} view */
const nameLink = (alert, view) =>
  html`<a class="name" data-alert=${alert.id} href=${view === "alerts" ? address({ view, id: alert.id, keep: true }) : address({ view: "alerts", id: alert.id })}>${title(alert)}</a>`;

/** @param {Alert} alert */
const since = (alert) => html`<b>${moment(began(alert), now())}</b><div class="sub">${duration(lasts(alert, now()))}</div>`;

/** @param {Alert} alert */
function measure(alert) {
  const tile = tileOf(metricOf(alert));
  const value = valueOf(alert, tile);
  const drawn = alert.status === "firing" && metricOf(alert) && value != null && alert.threshold != null;
  return html`<div class="why">${inWords(alert)}</div>${drawn ? gauge(Number(value), Number(alert.threshold), tile?.expected ?? null, levelOf(alert.severity)) : nothing}`;
}

/** @param {Alert} alert */
function rowActions(alert) {
  if (!mayAct() || alert.status === "resolved") return nothing;
  return alert.status === "firing" ? ackButton(alert, levelOf(alert.severity) === "CRITICAL" ? "primary" : "") : formButton(alert, "comment");
}

/** One alert on the overview. @param {Alert} alert */
export const row = (alert) =>
  html`<li class="row ${isQuiet(alert) ? "quiet" : ""}">
    ${severityMark(levelOf(alert.severity), isHeld(alert))}
    <div>${nameLink(alert, "overview")}<span class="sub">${place(alert)}</span>${refusal(alert)}</div>
    <div>${measure(alert)}</div>
    <div class="since">${since(alert)}</div>
    <div>${whoHasIt(alert)}<div class="sub">${isHeld(alert) ? t(alert.status) : nothing}</div></div>
    <div class="acts">${rowActions(alert)}</div>
  </li>`;

/** One alert in the table. @param {string} chosen id of the open one @returns {(alert: Alert) => unknown} */
export const tableRowIn = (chosen) => (alert) =>
  html`<tr class="${alert.id === chosen ? "chosen" : ""} ${isQuiet(alert) ? "quiet" : ""}">
    <td class="tick">${mayAct() && alert.status !== "resolved" ? html`<label class="tick"><input type="checkbox" aria-label=${t("choose", { alert: title(alert) })} .checked=${live(state.chosen.ids.has(alert.id))} @change=${() => choose([alert.id], !state.chosen.ids.has(alert.id))}></label>` : nothing}</td>
    <td>${severityMark(levelOf(alert.severity), isHeld(alert))}</td>
    <td>${nameLink(alert, "alerts")}<div class="sub">${place(alert)}</div>${refusal(alert)}</td>
    <td class="wide-1">${inWords(alert)}</td>
    <td class="nw">${since(alert)}</td>
    <td>${whoHasIt(alert)}</td>
    <td class="wide-2">${statusMark(alert.status)}<div class="sub">${statusLine(alert)}</div></td>
    <td class="acts wide-2">${rowActions(alert)}</td>
  </tr>`;

/** One alert on a narrow screen: the whole card opens it. @param {string} view @returns {(alert: Alert) => unknown} */
export const cardIn = (view) => (alert) =>
  html`<li class="card is-${levelOf(alert.severity)} ${isHeld(alert) ? "held" : ""}">
    <div class="top">${severityMark(levelOf(alert.severity), isHeld(alert))}<span class="mut">${moment(began(alert), now())} · ${duration(lasts(alert, now()))}</span></div>
    ${nameLink(alert, view)}
    <div class="why">${inWords(alert)}</div>
    <div class="top"><span class="sub">${place(alert)}</span>${isHeld(alert) ? html`<span class="sub">${listed([t(alert.status), owner(alert) ?? ""].filter(Boolean))}</span>` : html`<span class="who nobody">${t("nobody")}</span>`}</div>
    ${refusal(alert)}
    ${alert.status === "firing" && mayAct() ? html`<div class="acts">${ackButton(alert, levelOf(alert.severity) === "CRITICAL" ? "primary" : "")}<button type="button" class="button" aria-label=${spoken(alert, "snooze")} @click=${() => openForm(alert, "snooze")}>${t("snooze")}</button></div>` : nothing}
  </li>`;

/** @type {Map<string, string[]>} order of each list as it was last settled */
const settled = new Map();

/**
 * Rows never move under the hand: while a list is hovered or focused it keeps its order, and new rows wait; what
 * follows its last row may come.
 * @param {string} key list and filter @param {Alert[]} wanted
 */
export function steady(key, wanted) {
  const before = settled.get(key);
  if (!before || !before.length || !held(key)) {
    settled.clear();
    settled.set(key, wanted.map(byId));
    return { rows: wanted, waiting: 0 };
  }
  const known = new Set(before);
  const last = wanted.findLastIndex((alert) => known.has(alert.id));
  const after = wanted.slice(last + 1);
  if (after.length) settled.set(key, [...before, ...after.map(byId)]);
  const rows = [...before.flatMap((id) => state.alerts.get(id) ?? []), ...after];
  return { rows, waiting: wanted.slice(0, last + 1).filter((alert) => !known.has(alert.id)).length };
}

/** @param {string} key */
function held(key) {
  const list = document.querySelector("[data-steady]");
  return list instanceof HTMLElement && list.dataset.steady === key && (list.matches(":hover") || list.contains(document.activeElement));
}

/** @param {number} waiting */
export const waitingBar = (waiting) =>
  waiting
    ? html`<p class="waiting"><button type="button" class="button" @click=${() => update(() => settled.clear())}>${t("waiting", { n: waiting })}</button></p>`
    : nothing;

/** The key by which a list's rows keep their nodes. @param {Alert} alert */
export const byId = (alert) => alert.id;

/** Which lists become cards. */
export const narrow = () => matchMedia("(max-width: 63.99rem)").matches;
export const phone = () => matchMedia("(max-width: 39.99rem)").matches;
