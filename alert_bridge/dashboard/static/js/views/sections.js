// @ts-check
/* What several views are made of: a section under its rule, the time line, the box where there is nothing. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { incidentStart } from "../alerts.js";
import { icon, shape } from "../icons.js";
import { route } from "../route.js";
import { t } from "../strings.js";
import { now, openAlerts, remember, resolvedAlerts, state, update } from "../store.js";
import { eventsIn, list, picture } from "../timeline.js";
import { phone } from "./rows.js";

export const DAY = 86_400;

/** The ranges of the time line in seconds; "" is the incident. */
export const RANGES = ["900", "3600", "10800", "86400"];

/** @param {import("./summary.js").Whole} all @returns {string} */
export const rangeInForce = (all) => route().query.get("range") ?? (all.n.loud ? "" : String(DAY));

/** @param {string} heading @param {unknown} body @param {{sub?: unknown, end?: unknown, name?: string}} [extra] */
export const section = (heading, body, { sub = nothing, end = nothing, name = "" } = {}) =>
  html`<section class="section" data-section=${name}><header><h2>${heading}</h2>${sub === nothing ? nothing : html`<span class="mut">${sub}</span>`}${end === nothing ? nothing : html`<span class="end">${end}</span>`}</header>${body}</section>`;

/** A part of a drawer under its heading. @param {unknown} heading @param {unknown} content @param {unknown} [end] @param {string} [name] */
export const part = (heading, content, end = nothing, name = "") =>
  html`<section class="part" data-part=${name}><h3>${heading}${end === nothing ? nothing : html`<span class="end">${end}</span>`}</h3>${content}</section>`;

/** @param {string} label @param {string} name @param {() => void} press @param {string} [extra] */
export const iconButton = (label, name, press, extra = "") =>
  html`<button type="button" class="button bare square ${extra}" aria-label=${label} title=${label} @click=${press}>${icon(name)}</button>`;

/** Nothing to show, and why. @param {string} level @param {string} heading @param {string} text @param {unknown} action */
export const empty = (level, heading, text, action) =>
  html`<div class="empty">${level ? shape(level, 32) : nothing}<b>${heading}</b>${text ? html`<p>${text}</p>` : nothing}${action}</div>`;

/** @param {import("./summary.js").Whole} all */
export function timelineSection(all) {
  const range = rangeInForce(all);
  const to = now();
  const start = incidentStart(all.loud);
  const from = range === "" && Number.isFinite(start) ? Math.max(to - DAY, start - 720) : to - Number(range || DAY);
  const events = eventsIn([...openAlerts(), ...resolvedAlerts()], from, to);
  const asList = state.asList || phone();
  const toggle = () => {
    remember("list", asList ? "off" : "on");
    update((s) => (s.asList = !asList));
  };
  const end = phone() ? nothing : html`<button type="button" class="button bare" @click=${toggle}>${t(asList ? "as_picture" : "as_list")}</button>`;
  const body = asList ? list(events, to, phone() ? 6 : 20) : html`<div class="timeline">${picture(events, from, to)}</div>`;
  return section(t("timeline"), body, { end, name: "timeline" });
}
