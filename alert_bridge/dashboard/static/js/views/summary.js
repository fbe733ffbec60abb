// @ts-check
/* Is all well: the state of the whole, as the headline, as one short line, as the tab's title. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { acknowledge } from "../actions.js";
import { began, byUrgency, isHeld, isQuiet, lasts, levelOf, owner, tally, title } from "../alerts.js";
import { shape } from "../icons.js";
import { refresh } from "../live.js";
import { address, go } from "../route.js";
import { connectionState, lastHeard, mayAct, now, openAlerts, resolvedAlerts, state } from "../store.js";
import { has, t } from "../strings.js";
import { clockSeconds, duration, epoch, listed, moment, number, rich, sentences } from "../text.js";
import { ackButton, nextStep } from "./rows.js";

/**
 * The whole in one word and the alerts that make it so.
 * kind: loading, disconnected, alerts (open ones), no-alerts (their list fails), sources, novalues, well
 */
export function whole() {
  const connection = connectionState();
  const loud = openAlerts().filter((alert) => !isQuiet(alert));
  const n = tally(state.complete ? openAlerts().map(({ severity, status }) => ({ severity, status, count: 1 })) : state.counts);
  const known = { n, loud, top: n.top, worst: loud.filter((alert) => levelOf(alert.severity) === n.top) };
  const unknown = (/** @type {string} */ kind) => ({ ...known, level: "UNKNOWN", kind });
  if (connection === "off") return unknown("disconnected");
  if (!state.overview || !(state.alertsLoaded || state.problems.alerts)) return unknown("loading");
  if (n.loud && known.worst.length) return { ...known, level: n.top, kind: "alerts" };
  if (state.problems.alerts) return unknown("no-alerts");
  const { tiles } = state.overview;
  if (silent().length) return unknown("sources");
  if (tiles.every((/** @type {any} */ tile) => tile.value == null)) return unknown("novalues");
  return { ...known, level: "OK", kind: "well" };
}

/** @typedef {ReturnType<typeof whole>} Whole */

/** @param {Whole} all */
export function shortLine(all) {
  if (all.level === "OK") return t("short_well");
  if (all.kind === "loading") return t("loading");
  if (all.level === "UNKNOWN") return t("short_unknown");
  const { worst, unowned } = all.n;
  const single = unowned ? "short_one" : "short_one_held";
  const several = unowned === 0 ? "short_held" : unowned === worst ? "short_all" : "short_bad";
  return t(worst === 1 ? single : several, { n: number(worst), u: number(unowned), severity: t(all.level).toLowerCase() });
}

/** @param {Whole} all */
function sentence(all) {
  switch (all.kind) {
    case "loading":
      return t("loading");
    case "disconnected":
      return t("unknown_disconnected");
    case "no-alerts":
      return t("unknown_alerts");
    case "novalues":
      return t("unknown_novalues");
    case "sources":
      return t("unknown_sources", { n: silent().length, m: state.overview.sources.length });
    case "well":
      return t("well");
    default:
      return counted(all);
  }
}

/** How many of the worst there are, and how many of them nobody has. @param {Whole} all */
function counted(all) {
  const { worst, unowned } = all.n;
  const values = { n: number(worst), u: number(unowned), severity: t(`alerts_${all.top}`) };
  if (worst === 1) return t(unowned ? "headline_one" : "headline_one_held", values);
  return t(unowned === 0 ? "headline_held" : unowned === worst ? "headline_all" : "headline_some", values);
}

/** Sources that do not report. @returns {any[]} */
export const silent = () => (state.overview?.sources ?? []).filter((/** @type {any} */ source) => !source.up);

/** What the programs said, for whoever has to mend it. @param {string[]} problems */
const fold = (problems) =>
  html`<details class="problem"><summary>${t("details")}</summary>${problems.map((problem) => html`<p class="mono">${problem}</p>`)}</details>`;

/** @param {any} source */
export const sourceName = (source) => (has(`source_${source.name}`) ? t(`source_${source.name}`) : source.name);

/** Who is silent, since when or why, and what goes on. */
function silence() {
  const down = silent();
  const problems = down.filter((source) => source.problem);
  if (problems.length) {
    const said = problems.map((source) => html`<b>${t("note_source_problem", { name: sourceName(source) })}</b>`);
    return [sentences([...said, t("note_source_goes_on")]), fold(problems.map((source) => source.problem))];
  }
  const last = Math.max(...down.map((source) => epoch(source.last) || 0));
  const names = listed(down.map(sourceName));
  const what = last > 0 ? t("note_source", { names, t: moment(last, now()) }) : t("note_source_never", { names });
  return sentences([html`<b>${what}</b>`, t("note_source_goes_on")]);
}

/** @param {Whole} all */
function proof(all) {
  switch (all.kind) {
    case "loading":
      return Date.now() / 1000 - state.started > 5 ? t("loading_slow") : nothing;
    case "disconnected":
      return sentences([lastKnown(all), retrying()]);
    case "no-alerts":
      return state.problems.alerts;
    case "novalues":
      return t("unknown_novalues_sub");
    case "sources":
      return silence();
    case "well":
      return calm(all);
    default:
      return trouble(all);
  }
}

/** @param {Whole} all */
function lastKnown(all) {
  if (!state.overview) return t("unknown_last_never");
  const heard = lastHeard();
  const what = all.n.loud ? counted(all) : t("last_none");
  return rich("unknown_last", { t: clockSeconds(heard), age: duration(now() - heard), what });
}

export function retrying() {
  const left = state.connection.retryAt - Date.now() / 1000;
  return state.connection.trying || left < 0.5 ? t("unknown_trying") : t("unknown_retry", { d: duration(left) });
}

/** @param {Whole} all */
function calm(all) {
  const ends = resolvedAlerts().map((alert) => epoch(alert.resolved_at));
  const sources = state.overview.sources;
  const up = sources.filter((/** @type {any} */ source) => source.up).length;
  const values = state.overview.tiles.map((/** @type {any} */ tile) => epoch(tile.timestamp)).filter(Number.isFinite);
  const age = duration(values.length ? now() - Math.max(...values) : now() - lastHeard());
  return sentences([
    ends.length ? rich("well_since", { d: duration(now() - Math.max(...ends)) }) : rich("well_ever"),
    t("well_proof", { n: up, m: sources.length, age }),
    all.n.quiet ? t("well_quiet", { n: number(all.n.quiet) }) : nothing,
  ]);
}

/** @param {Whole} all */
export const worstUnowned = (all) => all.worst.filter((alert) => !isHeld(alert)).sort(byUrgency)[0];

/** @param {Whole} all */
function trouble(all) {
  const alert = worstUnowned(all) ?? all.worst[0];
  const values = { alert: title(alert), since: moment(began(alert), now()), d: duration(lasts(alert, now())), who: owner(alert) ?? "" };
  if (isHeld(alert)) return sentences([rich(owner(alert) ? "headline_has" : "headline_nobody", values), t("headline_paused")]);
  const next = nextStep(alert);
  return sentences([rich("headline_nobody", values), next ? rich("headline_next", { step: next.sentence }) : t("headline_no_next")]);
}

/** The sentence of the whole with its proof; its button acknowledges exactly the alert it names. @param {Whole} all */
export function headline(all) {
  const alert = all.kind === "alerts" ? (worstUnowned(all) ?? all.worst[0]) : null;
  const bad = all.kind === "alerts";
  return html`<div class="headline is-${all.level}" data-level=${all.level}>
    ${shape(all.level, 40, bad && !all.n.unowned)}
    <h1><span role=${bad ? "alert" : "status"}>${sentence(all)}</span></h1>
    <div class="sub">${proof(all)}</div>
    <div class="do">
      ${alert && !isHeld(alert) && mayAct() ? ackButton(alert, "primary", () => void acknowledge(alert)) : nothing}
      ${alert ? html`<button type="button" class="button" @click=${() => go(address({ view: "alerts", id: alert.id }))}>${t("open_detail")}</button>` : nothing}
      ${all.kind === "disconnected" ? html`<button type="button" class="button" @click=${refresh}>${t("try_now")}</button>` : nothing}
    </div>
  </div>`;
}

/** One bar, the most serious of what does not work. @param {Whole} all @param {boolean} underHeadline */
export function note(all, underHeadline) {
  if (all.kind === "disconnected") {
    return underHeadline ? nothing : bar("UNKNOWN", sentences([html`<b>${t("note_offline")}</b>`, lastKnown(all), retrying()]), refresh);
  }
  if (silent().length) return underHeadline && all.kind === "sources" ? nothing : bar("HIGH", silence());
  if (state.problems.alerts && all.kind === "alerts") return bar("HIGH", t("error_alerts", { problem: state.problems.alerts }), refresh);
  if (state.problems.analyzer) {
    return bar("MEDIUM", [sentences([html`<b>${t("note_analyzer")}</b>`, t("note_analyzer_goes_on")]), fold([state.problems.analyzer])]);
  }
  return nothing;
}

/** @param {string} level @param {unknown} content @param {(() => void)|null} [again] */
const bar = (level, content, again = null) =>
  html`<div class="note" role="status">${shape(level, 18)}<div>${content}</div>${again ? html`<div class="end"><button type="button" class="button" @click=${again}>${t("try_now")}</button></div>` : nothing}</div>`;
