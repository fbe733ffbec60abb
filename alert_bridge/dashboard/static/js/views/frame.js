// @ts-check
/* What stands around every view: rail, bar, tabs of the phone, toasts, the list of keys, the log-in. */
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { dismissToast } from "../actions.js";
import { logIn, Refusal } from "../api.js";
import { began } from "../alerts.js";
import { LOGO, icon, shape } from "../icons.js";
import { refresh } from "../live.js";
import { obstacle, setNotify } from "../notify.js";
import { address, go, route } from "../route.js";
import { t } from "../strings.js";
import { connectionState, lastHeard, now, remember, state, update } from "../store.js";
import { clock, clockSeconds, dateWithZone, duration, moment, number, span } from "../text.js";
import { onCallNow } from "./health.js";
import { RANGES, rangeInForce } from "./sections.js";
import { shortLine } from "./summary.js";

/** @type {[string, string][]} */
const MENU = [
  ["overview", "overview"],
  ["alerts", "bell"],
  ["logs", "pattern"],
  ["health", "health"],
];
/** @type {[string, string][]} the phone has health under More */
const TABS = [...MENU.slice(0, 3), ["more", "more"]];

/** @param {"auto"|"light"|"dark"} theme */
export function setTheme(theme) {
  remember("theme", theme);
  update((s) => (s.theme = theme));
}

/** @param {"en"|"ja"} language */
export function setLanguage(language) {
  remember("language", language);
  update((s) => (s.language = language));
}

/** One of a few: buttons in a row. @param {string} label @param {[string, string][]} choices @param {string} chosen @param {(value: any) => void} pick */
const segments = (label, choices, chosen, pick) =>
  html`<div class="segments" role="group" aria-label=${label}>${choices.map(([value, text]) => html`<button type="button" aria-pressed=${value === chosen} @click=${() => pick(value)}>${text}</button>`)}</div>`;

const themeSwitch = () => segments(t("theme"), [["auto", t("theme_auto")], ["light", t("theme_light")], ["dark", t("theme_dark")]], state.theme, setTheme);
const languageSwitch = () => segments(t("language"), [["en", t("language_en")], ["ja", t("language_ja")]], state.language, setLanguage);

/** @param {[string, string]} entry view and icon @param {import("./summary.js").Whole} all @param {number} size */
function menuLink([view, name], all, size) {
  const count = view === "alerts" && all.n.loud ? html`<span class="n ${all.n.unowned ? "hot" : ""}">${number(all.n.loud)}<span class="hidden"> ${t("filter_open")}</span></span>` : nothing;
  return html`<a href=${address({ view })} aria-current=${route().view === view || (view === "more" && route().view === "health") ? "page" : nothing}>${icon(name, size)}<span>${t(view)}</span>${count}</a>`;
}

function who() {
  const overview = state.overview;
  if (!overview) return nothing;
  if (overview.open) return html`<p>${t("open_local")}</p>`;
  const viewer = overview.identity?.role === "viewer" ? ` ${t("role_viewer")}` : "";
  return overview.identity ? html`<p>${t("signed_in", { name: overview.identity.name })}${viewer}</p>` : nothing;
}

/** @param {import("./summary.js").Whole} all */
const rail = (all) => html`<nav class="rail" aria-label=${t("navigation")}>
  <div class="brand">${LOGO}<span>${t("product")}</span></div>
  <div class="menu">${MENU.map((entry) => menuLink(entry, all, 16))}</div>
  <div class="rail-foot">${who()}${themeSwitch()}${languageSwitch()}
    <button type="button" class="button bare" @click=${() => update((s) => (s.keysOpen = true))}>${icon("keyboard")}${t("shortcuts")} <kbd>?</kbd></button></div>
</nav>`;

/** @param {import("./summary.js").Whole} all */
const tabs = (all) => html`<nav class="tabs" aria-label=${t("navigation_phone")}>${TABS.map((entry) => menuLink(entry, all, 18))}</nav>`;

/** How the data comes: the dot, in words, with the time. */
function liveMark() {
  const connection = connectionState();
  const age = duration(now() - lastHeard());
  const text = { live: t("live", { age }), polling: t("polling"), off: t("offline"), connecting: t("connecting") }[connection];
  const beat = `dot is-${connection} ${state.connection.beats % 2 ? "even" : "odd"}`;
  const time = connection === "off" && state.overview ? clockSeconds(lastHeard()) : clock(now());
  return html`<span class="live" data-connection=${connection}><i class=${beat}></i><span>${text}</span><b>${time}</b></span>`;
}

/** @param {import("./summary.js").Whole} all */
function rangeSwitch(all) {
  const choices = /** @type {[string, string][]} */ ([...(all.n.loud ? [["", t("range_incident")]] : []), ...RANGES.map((one) => [one, span(Number(one))])]);
  return segments(t("range"), choices, rangeInForce(all), (value) => go(address({ keep: true, query: { range: value } }), true));
}

/** @param {import("./summary.js").Whole} all */
function bar(all) {
  const overview = route().view === "overview";
  const ranged = overview || route().view === "logs";
  const oldest = Math.min(...all.worst.map(began));
  const held = all.kind === "alerts" && !all.n.unowned;
  return html`<header class="bar ${overview ? "over" : ""}">
    ${overview ? html`<span class="date"><span class="small">${LOGO}</span><b class="small">${t("product")}</b><span class="mut desk">${state.overview ? dateWithZone(now()) : nothing}${onCallNow() ? ` · ${t("on_call_bar", { who: onCallNow() })}` : nothing}</span></span>` : nothing}
    <a class="state" href=${address({ view: "overview" })}>${shape(all.level, 18, held)}<span>${shortLine(all)}</span>${all.kind === "alerts" ? html`<span class="mut desk">${t("short_since", { t: moment(oldest, now()) })}</span>` : nothing}</a>
    <div class="end">${ranged && state.overview ? html`<span class="desk">${rangeSwitch(all)}</span>` : nothing}${liveMark()}</div>
  </header>`;
}

/** @param {import("./summary.js").Whole} all @param {unknown} view */
export const frame = (all, view) => html`
  <a class="skip" href="#main" @click=${toMain}>${t("skip")}</a>
  <div class="app">${rail(all)}<div class="column">${bar(all)}<main id="main" tabindex="-1">${view}</main></div>${tabs(all)}</div>
  <div class="toasts" role="status" aria-live="polite">${toastBox()}</div>
  ${state.keysOpen ? keysDialog() : nothing}`;

/** @param {Event} event */
function toMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function toastBox() {
  const toast = state.toast;
  if (!toast) return nothing;
  return html`<div class="toast"><span>${toast.text}</span>${toast.undo ? html`<button type="button" class="button" @click=${toast.undo}>${t("undo")}</button>` : nothing}<button type="button" class="button square" aria-label=${t("close")} @click=${dismissToast}>${icon("close", 14)}</button></div>`;
}

// ---- keys

/** @type {[string[], string][]} */
const KEYS = [
  [["g", "o"], "overview"], [["g", "a"], "alerts"], [["g", "l"], "logs"], [["g", "s"], "health"], [["j", "k"], "key_move"], [["Enter"], "key_open"], [["x"], "key_choose"], [["a"], "acknowledge"],
  [["s"], "snooze"], [["i"], "assign"], [["c"], "comment"], [["r"], "open_runbook"], [["/"], "key_search"], [["−", "+"], "key_range"],
  [["←", "→"], "key_cursor"], [["t"], "key_theme"], [["e"], "key_language"], [["?"], "key_help"], [["Esc"], "key_escape"],
];

const closeKeys = () => update((s) => (s.keysOpen = false));

const keysDialog = () => html`<dialog class="dialog" aria-labelledby="keys-title" @close=${closeKeys}>
  <h2 id="keys-title">${t("shortcuts")}</h2>
  <div class="keys">${KEYS.map(([keys, text]) => html`<div><span>${t(text)}</span><span class="nw">${keys.map((key) => html`<kbd>${key}</kbd> `)}</span></div>`)}</div>
  <form method="dialog" class="line"><span class="grow"></span><button class="button primary">${t("close")}</button></form>
</dialog>`;

/** @param {boolean} on */
function setKeys(on) {
  remember("keys", on ? "on" : "off");
  update((s) => (s.singleKeys = on));
}

// ---- more

export const more = () => html`<div class="view-head"><h1>${t("more")}</h1></div>
  <p><a class="button" href=${address({ view: "health" })}>${icon("health")}${t("health")}</a></p>
  ${browserSection()}
  <div class="mut">${who()}</div>`;

/** What this browser remembers. */
export const browserSection = () => html`<section class="section" data-section="browser"><header><h2>${t("this_browser")}</h2></header>
    <ul class="choices"><li><span>${t("notify")}<span class="sub">${t(obstacle() || "notify_sub")}</span></span>${segments(t("notify"), [["on", t("on")], ["off", t("off")]], state.notify ? "on" : "off", (value) => void setNotify(value === "on"))}</li>
    <li><span>${t("language")}</span>${languageSwitch()}</li><li><span>${t("theme")}</span>${themeSwitch()}</li>
    <li><span>${t("single_keys")}</span>${segments(t("single_keys"), [["on", t("on")], ["off", t("off")]], state.singleKeys ? "on" : "off", (value) => setKeys(value === "on"))}</li></ul></section>`;

// ---- log-in

/** @param {SubmitEvent} event */
async function submitLogin(event) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  update((s) => (s.login = { needed: true, problem: "", busy: true }));
  try {
    await logIn(String(form.get("username")), String(form.get("password")));
    update((s) => (s.login = { needed: false, problem: "", busy: false }));
    refresh();
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 0;
    const problem = status === 401 ? t("login_wrong") : status === 429 ? t("login_slow") : t("failed", { problem: String(error instanceof Error ? error.message : error) });
    update((s) => (s.login = { needed: true, problem, busy: false }));
  }
}

export const login = () => html`<main class="login" id="main" tabindex="-1">
  <div class="brand">${LOGO}<span>${t("product")}</span></div>
  <form @submit=${submitLogin}><h1>${t("login")}</h1><p class="mut">${t("login_sub")}</p>
    <label>${t("username")}<input class="input" name="username" autocomplete="username" required autofocus></label>
    <label>${t("password")}<input class="input" name="password" type="password" autocomplete="current-password" required></label>
    <p class="problem" role="alert">${state.login.problem}</p>
    <button class="button primary" ?disabled=${state.login.busy}>${t("login")}</button></form>
  <div class="line wrap">${languageSwitch()}${themeSwitch()}</div></main>`;
