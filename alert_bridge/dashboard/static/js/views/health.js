// @ts-check
/* How the parts are: who is on call, channels, sources and peers, maintenance windows, thresholds, this browser. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { testChannel } from "../actions.js";
import { icon, shape } from "../icons.js";
import { address } from "../route.js";
import { has, t } from "../strings.js";
import { mayAct, now, state } from "../store.js";
import { channelName, epoch, initials, limit, listed, metricName, moment, number } from "../text.js";
import { modeName } from "./chartpart.js";
import { browserSection } from "./frame.js";
import { section } from "./sections.js";
import { note, sourceName } from "./summary.js";

/** @param {import("./summary.js").Whole} all */
export const health = (all) => html`<div class="view-head"><h1>${t("health")}</h1><span class="mut">${t("health_sub")}</span></div>
  ${note(all, false)}
  <div class="halves"><div class="stack">${onCallSection()}${channelSection()}${maintenanceSection()}${browserSection()}</div>
  <div class="stack">${partSection()}${thresholdSection()}</div></div>`;

/** The rows of a route's answer; none where the server has no such route. @param {string} name @returns {any[]|null} */
function items(name) {
  const answer = state.health[name];
  return !answer || answer.problem ? null : Array.isArray(answer) ? answer : (answer.items ?? null);
}

/** A section as soon as its route answers; what went wrong in its place. @param {string} name @param {string} heading @param {(rows: any[]) => unknown} body @param {string} none */
function answered(name, heading, body, none) {
  const problem = state.health[name]?.problem;
  if (problem) return section(heading, html`<p class="refused">${t("failed_to_read", { problem })}</p>`, { name });
  const rows = items(name);
  if (!rows) return nothing;
  return section(heading, rows.length ? body(rows) : html`<p class="mut">${none}</p>`, { name });
}

// ---- on call

const onCallSection = () => answered("oncall", t("on_call"), (rows) => html`<ul class="facts-list">${rows.map(onCallRow)}</ul>`, t("on_call_none"));

/** @param {any} row */
function onCallRow(row) {
  const until = epoch(row.until);
  const next = Number.isFinite(until) ? t("on_call_next", { t: moment(until, now()), who: row.next || t("nobody") }) : t("on_call_always");
  return html`<li>${row.on_call ? html`<span class="avatar" aria-hidden="true">${initials(row.on_call)}</span>` : shape("HIGH", 16)}
    <div><b>${row.on_call || t("on_call_nobody")}</b> <span class="mut">${row.schedule}</span><div class="sub">${next}${row.channels?.length ? ` · ${listed(row.channels.map(channelName))}` : nothing}</div></div></li>`;
}

/** Who is on call, for the bar: "" where no schedule is known. */
export const onCallNow = () => listed([...new Set((items("oncall") ?? []).map((row) => row.on_call).filter(Boolean))]);

// ---- channels

function channelSection() {
  const answer = state.health.health;
  if (!answer || answer.problem || !answer.channels) return nothing;
  const body = answer.channels.length ? html`<ul class="facts-list">${answer.channels.map(channelRow)}</ul>` : html`<p class="mut">${t("channels_none")}</p>`;
  return section(t("channels"), body, { name: "channels" });
}

/** @type {Record<string, string>} */
const LEVEL = { ok: "OK", failing: "HIGH", idle: "UNKNOWN" };

/** @param {any} channel */
function channelRow(channel) {
  const known = channel.state ?? (channel.dead ? "failing" : channel.sent ? "ok" : "idle");
  const said = state.health[`test ${channel.name}`];
  const facts = [
    channel.last_success ? t("channel_success", { t: moment(epoch(channel.last_success), now()) }) : "",
    channel.pending ? t("channel_pending", { n: number(channel.pending) }) : "",
    channel.held ? t("channel_held", { n: number(channel.held) }) : "",
    channel.dead ? t("channel_dead", { n: number(channel.dead) }) : "",
  ].filter(Boolean);
  const failed = known === "failing" && channel.last_error ? html`<div class="sub is-HIGH">${moment(epoch(channel.last_error.at), now())} ${channel.last_error.text}</div>` : nothing;
  const test = mayAct() && !state.health.untestable
    ? html`<button type="button" class="button" ?disabled=${said?.busy} aria-label=${t("action_of", { action: t("test"), alert: channel.name })} @click=${() => void testChannel(channel.name)}>${t(said?.busy ? "testing" : "test")}</button>` : nothing;
  return html`<li data-channel=${channel.name}>${shape(LEVEL[known] ?? "UNKNOWN", 16)}
    <div><b>${channelName(channel.name)}</b> <span class="mut">${listed([channel.type && channel.type !== channel.name ? channel.type : "", t(`channel_is_${has(`channel_is_${known}`) ? known : "idle"}`)].filter(Boolean))}</span>
      ${facts.length ? html`<div class="sub">${facts.join(" · ")}</div>` : nothing}${failed}
      ${said?.text ? html`<div class="sub ${said.ok ? "is-OK" : "is-HIGH"}" role="status">${said.text}</div>` : nothing}</div>${test}</li>`;
}

// ---- maintenance

const maintenanceSection = () => answered("maintenance", t("maintenance"), (rows) => html`<ul class="facts-list">${rows.map(windowRow)}</ul>`, t("maintenance_none"));

/** @param {any} span */
const spanOf = (span) => t("span", { from: moment(epoch(span.begins_at), now()), to: moment(epoch(span.ends_at), now()) });

/** @param {any} row */
function windowRow(row) {
  const match = Object.entries(row.match ?? {}).map(([name, values]) => `${name}=${[values].flat().join("|")}`);
  const times = row.active && row.now ? t("maintenance_now", { span: spanOf(row.now) }) : row.next ? t("maintenance_next", { span: spanOf(row.next) }) : t("maintenance_over");
  return html`<li>${icon(row.active ? "mute" : "clock", 16, "is-ink")}<div><b>${row.name}</b> <span class="mut">${times}</span>
    <div class="sub">${match.length ? listed(match) : t("maintenance_all")}</div></div></li>`;
}

// ---- parts

function partSection() {
  const answer = state.health.health;
  if (!answer) return nothing;
  if (answer.problem) return section(t("parts"), html`<p class="refused">${t("failed_to_read", { problem: answer.problem })}</p>`, { name: "parts" });
  const rows = (answer.parts ?? []).filter((/** @type {any} */ part) => part.kind !== "channel");
  return section(t("parts"), html`<ul class="facts-list">${rows.map(partRow)}</ul>`, { name: "parts" });
}

/** @type {Record<string, string>} */
const PART_LEVEL = { ok: "OK", degraded: "MEDIUM", failed: "HIGH" };

/** @param {any} part */
function partRow(part) {
  const name = part.kind === "prometheus" ? sourceName({ name: "series" }) : part.kind === "analyzer" ? sourceName({ name: "analyzer" }) : part.kind === "peer" ? t("peer", { url: part.name === "alertmanager" ? "" : part.name }) : t(`part_${part.kind}`);
  const letters = part.kind === "inbox" && part.state !== "ok" ? html` <a href="/api/v1/inbox?state=refused" target="_blank" rel="noopener">${t("open_detail")}</a>` : nothing;
  return html`<li>${shape(PART_LEVEL[part.state] ?? "UNKNOWN", 16)}<div><b>${name}</b> <span class="mut">${t("part_since", { t: moment(epoch(part.since), now()) })}</span><div class="sub">${part.text}${letters}</div></div></li>`;
}

// ---- thresholds

const thresholdSection = () =>
  answered("thresholds", t("thresholds"), (rows) => html`<ul class="facts-list">${rows.slice(0, 200).map(thresholdRow)}</ul>`, t("start_thresholds_none"));

/** @param {any} row */
const thresholdRow = (row) =>
  html`<li class="plain"><div><a href=${address({ view: "overview", query: { metric: row.metric_name } })}>${metricName(row.metric_name)}</a> <b>${row.direction === "lower" ? "≥" : "≤"} ${limit(row.metric_name, row.value)}</b>
    <span class="mut">${listed([t(row.severity), modeName(row.mode), row.labels?.instance ?? ""].filter(Boolean))}</span><div class="sub">${row.reason}</div></div></li>`;
