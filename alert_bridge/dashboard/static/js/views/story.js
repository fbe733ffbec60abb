// @ts-check
/* What happened to an alert and what comes next: who was told what, when, with what result; then the escalation's next step. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { suppressor } from "../alerts.js";
import { has, t } from "../strings.js";
import { now, state } from "../store.js";
import { channelName, clock, duration, epoch, moment, number } from "../text.js";
import { stepWords } from "./rows.js";

/** @param {import("../alerts.js").Alert} alert */
export function storyOf(alert) {
  const { history, historyProblem } = state.drawer;
  if (historyProblem) return html`<p class="mut">${t("history_failed", { problem: historyProblem })}</p>`;
  if (!history) return html`<div class="skeleton long"></div>`;
  const past = [...history].sort((a, b) => epoch(a.timestamp) - epoch(b.timestamp));
  return html`<ol class="story">${past.map(pastRow)}${alert.status === "resolved" ? nothing : future(alert)}</ol>`;
}

/** Now, and the next step; while somebody has the alert it comes only if that ends. @param {import("../alerts.js").Alert} alert */
function future(alert) {
  const step = alert.next_step;
  const stands = alert.status !== "firing";
  const at = epoch(step?.at);
  const ahead = Number.isFinite(at);
  const hint = stands ? (step ? "history_stands" : "") : step ? "history_stops" : "no_next";
  const policy = step?.policy ? html` <span class="mut">${t("history_policy", { policy: step.policy, n: step.step ?? 1 })}</span>` : nothing;
  return html`<li class="now"><span class="when">${clock(now())}</span><span class="knot"><i></i></span><span>${t("now")}${hint ? html`: <span class="mut">${t(hint)}</span>` : nothing}</span><span></span></li>
    ${step ? html`<li class="next ${stands ? "stands" : ""}"><span class="when">${ahead ? moment(at, now()) : nothing}</span><span class="knot"><i></i></span><span>${stepWords(step)}${policy}</span><span class="result">${ahead ? t("in_time", { d: duration(at - now()) }) : nothing}</span></li>` : nothing}`;
}

/** @param {any} item */
function pastRow(item) {
  const [what, detail] = said(item);
  return html`<li data-what=${item.what}><span class="when">${moment(epoch(item.timestamp), now())}</span><span class="knot"><i></i></span><span>${detail ? t("with_detail", { what, detail }) : what}</span><span class="result">${result(item.result)}</span></li>`;
}

/** What happened, and the words that belong to it. @param {any} item @returns {[string, string]} */
function said(item) {
  const detail = String(item.detail ?? "");
  const over = /^(acknowledged|snoozed) ran out$/.exec(detail);
  if (over) return [t(`history_over_${over[1]}`), ""];
  if (item.what === "notified" || item.what === "held") return told(item, detail);
  const freed = /^(.+) ended$/.exec(detail);
  if (item.what === "firing" && freed) return [t("history_freed"), suppressor(freed[1])];
  if (item.what === "suppressed" || item.what === "unsuppressed") return [t(`history_${item.what}`), suppressor(detail.replace(/ ended$/, ""))];
  const key = `history_${item.what}`;
  const name = item.channel ? channelName(item.channel) : "";
  return [has(key) ? t(key, { who: item.who || t("somebody"), channel: name }) : String(item.what), detail];
}

/** Whom a notification went to, and about what. @param {any} item @param {string} detail @returns {[string, string]} */
function told(item, detail) {
  const [, event = "", bundled] = /^(\w*)(?: \(in a message about (\d+) alerts\))?/.exec(detail) ?? [];
  const words = [has(`event_${event}`) ? t(`event_${event}`) : event, bundled ? t("bundled", { n: number(Number(bundled)) }) : ""];
  const channel = channelName(item.channel || "");
  if (item.what === "notified") return [t("history_notified", { channel }), words.filter(Boolean).join(" ")];
  const [, by = "", until = ""] = /^([\w ]+): until (.+)$/.exec(detail) ?? [];
  return [t("history_held", { channel }), until ? t("held_until", { by: has(`held_${by}`) ? t(`held_${by}`) : by, t: moment(epoch(until), now()) }) : detail];
}

/** What came of a notification, in the reader's language. @param {string|null|undefined} text */
function result(text) {
  if (!text) return nothing;
  const sent = /^sent in ([\d.]+) s(?: \((.+)\))?$/.exec(text);
  if (sent) return [t("result_sent", { s: number(Number(sent[1]), 1) }), sent[2] ? html`<br>${sent[2]}` : nothing];
  const [, state, why] = /^(retry|dead|cancelled): (.*)$/s.exec(text) ?? [];
  return state ? html`<span class=${state === "dead" ? "is-HIGH" : ""}>${t(`result_${state}`, { why })}</span>` : text;
}
