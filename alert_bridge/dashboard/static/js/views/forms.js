// @ts-check
/* What can be done with the open alert: the buttons at the foot of its drawer and their forms. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import * as actions from "../actions.js";
import { safeLink } from "../alerts.js";
import { icon } from "../icons.js";
import { t } from "../strings.js";
import { now, state, update } from "../store.js";
import { clock, duration } from "../text.js";
import { ackButton } from "./rows.js";

/** @typedef {import("../alerts.js").Alert} Alert */

/** @param {string} form */
const show = (form) => () => update((s) => (s.drawer.form = s.drawer.form === form ? "" : form));

/** @param {string} key @param {() => void} press @param {Alert} alert @param {string} [kind] */
const actionButton = (key, press, alert, kind = "") =>
  html`<button type="button" class="button ${kind}" ?disabled=${state.busy.has(alert.id)} @click=${press}>${t(key)}</button>`;

/** @param {Alert} alert @param {string} kind */
function runbookButton(alert, kind) {
  const link = safeLink(alert.runbook_url);
  return link ? html`<a class="button ${kind}" href=${link} target="_blank" rel="noopener noreferrer">${icon("book", 14)}${t("runbook")}</a>` : nothing;
}

/** @param {Alert} alert */
export function footer(alert) {
  const runbook = runbookButton(alert, "desk");
  if (alert.status === "resolved") return html`<footer class="drawer-acts">${actionButton("comment", show("comment"), alert)}${runbook}</footer>`;
  const taken = alert.status === "acknowledged" || alert.status === "snoozed";
  return html`<footer class="drawer-acts">
    ${taken ? actionButton("comment", show("comment"), alert, "primary") : ackButton(alert, "primary")}
    ${taken ? actionButton("unacknowledge", () => void actions.takeBack(alert.id), alert) : actionButton("snooze", show("snooze"), alert)}
    ${actionButton("assign", show("assign"), alert, "desk")}
    ${runbook}<span class="grow desk"></span>${actionButton("more_actions", show("more"), alert)}
  </footer>`;
}

/** @param {Alert} alert */
export function formOf(alert) {
  const form = state.drawer.form;
  if (form === "acknowledged" && alert.status === "acknowledged") return acknowledgedForm(alert);
  if (form === "comment") return commentForm(alert);
  if (form === "snooze") return snoozeForm((seconds) => void actions.snooze(alert, seconds), cancelButton());
  if (form === "assign") return assignForm((name) => void actions.assign(alert, name), cancelButton());
  if (form === "more") return moreForm(alert);
  return nothing;
}

const cancelButton = () => html`<button type="button" class="button" @click=${() => update((s) => (s.drawer.form = ""))}>${t("cancel")}</button>`;

/** A handler that gives the form's fields as texts. @param {(fields: Record<string, string>) => void} send */
export const sending = (send) => (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const fields = new FormData(/** @type {HTMLFormElement} */ (event.target));
  send(Object.fromEntries([...fields].map(([name, value]) => [name, String(value).trim()])));
};

/** How long an acknowledgement holds, in seconds; the first is the server's own. */
const EXPIRIES = [14_400, 3600, 28_800, 86_400];

/** Comment and expiry after the one tap that acknowledged. @param {Alert} alert */
const acknowledgedForm = (alert) =>
  html`<form class="drawer-form" @submit=${sending(({ text, expiry }) => void actions.editAcknowledgement(alert, text, Number(expiry)))}><b>${t("acknowledged_you")}</b>
    <label>${t("comment_optional")}<textarea class="input" name="text" rows="2" maxlength="2000"></textarea></label>
    <label>${t("expiry")}<select class="input" name="expiry">${EXPIRIES.map((seconds) => html`<option value=${seconds}>${t("expiry_for", { d: duration(seconds), t: clock(now() + seconds) })}</option>`)}<option value=${untilNine()}>${t("snooze_until", { t: "09:00" })}</option></select></label>
    <p class="mut">${t("comment_hint")}</p>
    <div class="line"><button class="button primary">${t("save")}</button>${cancelButton()}</div></form>`;

/** @param {Alert} alert */
const commentForm = (alert) =>
  html`<form class="drawer-form" @submit=${sending(({ text }) => void actions.comment(alert, text))}><b>${t("comment")}</b>
    <label>${t("comment_label")}<textarea class="input" name="text" rows="2" maxlength="2000"></textarea></label>
    <div class="line"><button class="button primary">${t("save")}</button>${cancelButton()}</div></form>`;

/** @param {Alert} alert */
const moreForm = (alert) =>
  html`<div class="drawer-form" role="group" aria-label=${t("more_actions")}><div class="line wrap">
    ${alert.status === "firing" || alert.status === "suppressed" ? actionButton("comment", show("comment"), alert) : actionButton("snooze", show("snooze"), alert)}
    ${actionButton("assign", show("assign"), alert)}${actionButton("resolve", () => void actions.resolve(alert), alert)}
    ${runbookButton(alert, "")}${cancelButton()}</div></div>`;

/** Seconds until nine o'clock next, in the zone of the page. */
function untilNine() {
  const [hour, minute] = clock(now()).split(":").map(Number);
  const left = (9 * 60 - (hour * 60 + minute) + 1440) % 1440;
  return (left || 1440) * 60;
}

/** @param {(seconds: number) => void} send @param {unknown} cancel */
export const snoozeForm = (send, cancel) =>
  html`<div class="drawer-form" role="group" aria-label=${t("snooze_for")}><b>${t("snooze_for")}</b><div class="line wrap">
    ${[1800, 3600, 14_400].map((seconds) => html`<button type="button" class="button" @click=${() => send(seconds)}>${duration(seconds)}</button>`)}
    <button type="button" class="button" @click=${() => send(untilNine())}>${t("snooze_until", { t: "09:00" })}</button>${cancel}</div></div>`;

/** @param {(name: string) => void} send @param {unknown} cancel */
export function assignForm(send, cancel) {
  const me = state.overview?.identity?.name;
  return html`<form class="drawer-form" @submit=${sending(({ assignee }) => assignee && send(assignee))}><label>${t("assignee_label")}<input class="input" name="assignee" required maxlength="200" autocomplete="off"></label>
    <div class="line wrap"><button class="button primary">${t("assign")}</button>${me ? html`<button type="button" class="button" @click=${() => send(me)}>${t("assign_me")}</button>` : nothing}${cancel}</div></form>`;
}
