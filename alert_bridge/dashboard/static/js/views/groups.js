// @ts-check
/* Alerts by what they have in common: headings over the rows, or the groups alone where there are too many rows. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { actOnMany } from "../actions.js";
import { began, isHeld, levelOf, owner, serviceOf } from "../alerts.js";
import { wanted } from "../finder.js";
import { severityMark } from "../icons.js";
import { address } from "../route.js";
import { has, t } from "../strings.js";
import { mayAct, now, state } from "../store.js";
import { duration, epoch, listed, moment, number } from "../text.js";

/** @typedef {import("../alerts.js").Alert} Alert */

/** What an alert is grouped under. @param {string} by @param {Alert} alert @returns {string} */
export function groupOf(by, alert) {
  if (by === "name") return alert.name;
  if (by === "service") return serviceOf(alert);
  return by === "severity" ? levelOf(alert.severity) : (alert.labels?.instance ?? "");
}

/** @param {string} by @param {string} value */
export const groupName = (by, value) => (by === "severity" && has(value) ? t(value) : value || t("group_none"));

/** Rows under their groups, in the order in which the groups first come. @param {string} by @param {Alert[]} alerts @returns {[string, Alert[]][]} */
export function grouped(by, alerts) {
  const found = new Map();
  for (const alert of alerts) {
    const value = groupOf(by, alert);
    found.set(value, [...(found.get(value) ?? []), alert]);
  }
  return [...found];
}

/** @param {Alert[]} alerts */
export const nobodyHas = (alerts) => alerts.filter((alert) => !isHeld(alert) && !owner(alert)).length;

/** The address of the alerts of one group. @param {string} by @param {string} value */
const within = (by, value) => address({ view: "alerts", keep: true, query: by === "instance" ? { group: "list", q: `instance=${value}` } : { group: "list", [by]: value } });

/** The same as a filter of the server. @param {string} by @param {string} value @returns {Record<string, unknown>} */
function filterOf(by, value) {
  /** @type {Record<string, any>} */
  const filter = { ...wanted(), status: "firing" };
  return by === "instance" ? { ...filter, label: [...(filter.label ?? []), `instance=${value}`] } : { ...filter, [by]: value };
}

/** What most of a group share, as one sentence. @param {any} group @param {string} by */
function shared(group, by) {
  const ignored = new Set(["alertname", "severity", by]);
  const all = Object.entries(group.shared_labels ?? {}).filter(([name]) => !ignored.has(name)).slice(0, 3).map(([name, value]) => `${name}=${value}`);
  const most = (group.common_labels ?? []).find((/** @type {any} */ one) => !ignored.has(one.name));
  return [
    all.length && group.count > 1 ? t("group_share", { labels: listed(all) }) : "",
    most && group.count > 1 && most.count < group.count ? t("group_common", { n: number(most.count), m: number(group.count), label: `${most.name}=${most.value}` }) : "",
  ].filter(Boolean).join(" · ");
}

/** The groups alone, as the server counts them. @param {string} by */
export function groupList(by) {
  const { items, problem } = state.groups;
  if (problem) return html`<p class="mut">${t("error_alerts", { problem })}</p>`;
  if (!items) return html`<div class="skeletons" aria-busy="true">${[1, 2, 3].map(() => html`<div class="skeleton long"></div>`)}</div>`;
  return html`<ul class="groups">${items.map((group) => groupRow(group, by))}</ul>`;
}

/** @param {any} group @param {string} by */
function groupRow(group, by) {
  const value = group.by[by] ?? "";
  const firing = group.statuses?.firing ?? 0;
  const name = groupName(by, value);
  const press = () => void actOnMany({ filter: filterOf(by, value) }, "acknowledge");
  return html`<li class="group">${severityMark(levelOf(group.severity), !firing)}
    <div><a class="name" href=${within(by, value)}>${name}</a> <b>× ${number(group.count)}</b><div class="sub">${shared(group, by)}</div></div>
    <span>${group.unowned ? html`<b>${t("group_nobody", { n: number(group.unowned) })}</b>` : t("group_held")}</span>
    <span class="nw"><b>${moment(epoch(group.oldest), now())}</b><div class="sub">${duration(now() - epoch(group.oldest))}</div></span>
    <div class="acts">${mayAct() && firing ? html`<button type="button" class="button" ?disabled=${Boolean(state.chosen.busy)} aria-label=${t("action_of", { action: t("acknowledge_n", { n: number(firing) }), alert: name })} @click=${press}>${t("acknowledge_n", { n: number(firing) })}</button>` : nothing}</div></li>`;
}

/** The heading over the rows of a group. @param {string} by @param {string} value @param {Alert[]} alerts */
export const groupHeading = (by, value, alerts) =>
  html`<b>${groupName(by, value)} · ${number(alerts.length)}</b>${nobodyHas(alerts) ? html` <span class="mut">${listed([t("group_nobody", { n: number(nobodyHas(alerts)) }), moment(Math.min(...alerts.map(began)), now())])}</span>` : nothing}`;
