// @ts-check
/* What stands beside the list: one alert, in the order in which a person asks. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { toast } from "../actions.js";
import { began, description, figures, firstSteps, isHeld, lasts, levelOf, metricOf, owner, place, reason, safeLink, title } from "../alerts.js";
import { severityMark, statusMark } from "../icons.js";
import { codes } from "../patterns.js";
import { address, leave, route } from "../route.js";
import { t } from "../strings.js";
import { mayAct, now, state, tileOf } from "../store.js";
import { duration, limit, limitWithUnit, moment, rich } from "../text.js";
import { alertChart, chartPart, latestValue } from "./chartpart.js";
import { footer, formOf } from "./forms.js";
import { sameTime } from "./near.js";
import { nextStep, refusal, statusLine } from "./rows.js";
import { iconButton, part } from "./sections.js";
import { storyOf } from "./story.js";

/** @typedef {import("../alerts.js").Alert} Alert */

/** Close what stands beside the list. */
export function close() {
  const here = route();
  leave(address({ keep: true, query: { metric: "" }, view: here.view }));
}

export function copyLink() {
  navigator.clipboard?.writeText(location.href).then(() => toast(t("toast_copied")), () => {});
}

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
  part(t("todo"), todo(alert), runbookLink(alert), "todo"),
  part(t("history"), storyOf(alert), nothing, "history"),
  part(t("labels"), html`<div class="tags">${Object.entries(alert.labels ?? {}).map(([key, value]) => html`<span class="tag">${key}=${value}</span>`)}</div>`, nothing, "labels"),
];

/** @param {Alert} alert */
function why(alert) {
  const tile = tileOf(metricOf(alert));
  const found = figures(alert, tile, alert.status === "resolved" ? null : latestValue());
  const because = reason(alert);
  const comment = alert.comment ? html`<p class="said">${t("said", { who: alert.acknowledged_by || t("comment"), text: alert.comment })}</p>` : nothing;
  const basis = [because ? html`<p class="mut">${t("why_reason", { reason: because })}</p>` : nothing, comment];
  if (!found) return html`<p class="why">${description(alert) || title(alert)}</p>${basis}`;
  const range = tile?.expected;
  const key = !found.threshold ? "why_value" : `why_${found.lower ? "lower" : "upper"}${range ? "_expected" : ""}`;
  const values = {
    name: found.name, v: found.value, t: found.threshold,
    lo: range ? limit(metricOf(alert), range.lower) : "", hi: range ? limitWithUnit(metricOf(alert), range.upper, tile?.unit) : "",
  };
  return html`<p class="why">${rich(key, values)}</p>${basis}`;
}

/** @param {Alert} alert */
function runbookLink(alert) {
  const link = safeLink(alert.runbook_url);
  return link ? html`<a href=${link} target="_blank" rel="noopener noreferrer">${t("open_runbook")}</a>` : nothing;
}

/** @param {Alert} alert */
function todo(alert) {
  const steps = firstSteps(alert);
  if (!steps.length) return safeLink(alert.runbook_url) ? nothing : html`<p class="mut">${t("todo_none")}</p>`;
  return html`<ol class="steps">${steps.map((step) => html`<li><span>${codes(step)}</span></li>`)}</ol>`;
}
