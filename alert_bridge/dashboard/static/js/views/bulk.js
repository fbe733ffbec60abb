// @ts-check
/* One action on many alerts: those that are ticked, or all that the filters find. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { actOnMany, chooseNone } from "../actions.js";
import { rows, total, wanted } from "../finder.js";
import { icon } from "../icons.js";
import { t } from "../strings.js";
import { state, update } from "../store.js";
import { number } from "../text.js";
import { assignForm, sending, snoozeForm } from "./forms.js";

/** What the action is for, and how many that are. */
const target = () => (state.chosen.all ? { filter: wanted() } : { ids: [...state.chosen.ids] });
const count = () => (state.chosen.all ? total() : state.chosen.ids.size);

/** Everything that the filters find is asked about once, with its number; what was ticked one by one is not. @param {string} action @param {Record<string, unknown>} [body] */
function act(action, body = {}) {
  if (!state.chosen.all) void actOnMany(target(), action, body);
  else update((s) => Object.assign(s.chosen, { form: "", asking: JSON.stringify([action, body]) }));
}

/** @param {string} form */
const show = (form) => () => update((s) => Object.assign(s.chosen, { form: s.chosen.form === form ? "" : form, asking: "" }));

const cancel = () => html`<button type="button" class="button" @click=${() => update((s) => Object.assign(s.chosen, { form: "", asking: "" }))}>${t("cancel")}</button>`;

/** @param {string} key @param {() => void} press @param {string} [kind] */
const button = (key, press, kind = "") =>
  html`<button type="button" class="button ${kind}" ?disabled=${Boolean(state.chosen.busy)} @click=${press}>${t(state.chosen.busy === key && key === "acknowledge" ? "acknowledging" : key)}</button>`;

/** Appears with the first choice; what went wrong stays until it is closed. */
export function bulkBar() {
  const { ids, all, form, asking, problem } = state.chosen;
  if (!ids.size && !all && !problem) return nothing;
  const more = !all && total() > ids.size;
  return html`<div class="bulk" role="region" aria-label=${t("bulk")}>
    <div class="line wrap"><b>${t("chosen", { n: number(count()) })}</b>
      ${button("acknowledge", () => act("acknowledge"), "primary")}${button("snooze", show("snooze"))}${button("assign", show("assign"))}${button("comment", show("comment"))}${button("resolve", () => act("resolve"))}
      ${more ? html`<button type="button" class="button bare" @click=${() => update((s) => Object.assign(s.chosen, { all: true, ids: new Set(rows().map((one) => one.id)) }))}>${t("choose_all", { n: number(total()) })}</button>` : nothing}
      <span class="grow"></span><button type="button" class="button bare square" aria-label=${t("choose_none")} title=${t("choose_none")} @click=${chooseNone}>${icon("close")}</button></div>
    ${problem ? html`<p class="refused" role="alert">${problem}</p>` : nothing}
    ${asking ? question(JSON.parse(asking)) : nothing}
    ${form === "snooze" ? snoozeForm((seconds) => act("snooze", { seconds: Math.round(seconds) }), cancel()) : nothing}
    ${form === "assign" ? assignForm((assignee) => act("assign", { assignee }), cancel()) : nothing}
    ${form === "comment" ? commentForm() : nothing}
  </div>`;
}

/** @param {[string, Record<string, unknown>]} asked */
const question = ([action, body]) =>
  html`<div class="line wrap" role="alertdialog" aria-label=${t("bulk_ask", { action: t(action), n: number(count()) })}><b>${t("bulk_ask", { action: t(action), n: number(count()) })}</b>
    <button type="button" class="button primary" @click=${() => void actOnMany(target(), action, body)}>${t("bulk_yes", { n: number(count()) })}</button>${cancel()}</div>`;

const commentForm = () =>
  html`<form class="drawer-form" @submit=${sending(({ text }) => text && act("comment", { text }))}><label>${t("comment_label")}<textarea class="input" name="text" rows="2" maxlength="2000" required></textarea></label>
    <div class="line"><button class="button primary">${t("save")}</button>${cancel()}</div></form>`;
