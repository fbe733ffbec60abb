// @ts-check
/* The keyboard. Single keys can be turned off, are ignored in inputs and with modifiers, and act on the open alert alone. */
import { acknowledge, choose } from "./actions.js";
import { safeLink } from "./alerts.js";
import { address, go, route } from "./route.js";
import { mayAct, state, update } from "./store.js";
import { close } from "./views/drawer.js";
import { setLanguage, setTheme } from "./views/frame.js";
import { walked } from "./views/list.js";
import { RANGES } from "./views/sections.js";

let leader = -Infinity;

/** Open the next or previous alert of the list. @param {number} by */
export function walk(by) {
  const rows = walked();
  if (!rows.length) return;
  const at = rows.findIndex((alert) => alert.id === route().id);
  const next = rows[at < 0 ? 0 : (at + by + rows.length) % rows.length];
  go(address({ view: "alerts", id: next.id, keep: true }), at >= 0);
}

/** @param {number} by */
function changeRange(by) {
  const { view, query } = route();
  if (view !== "overview" && view !== "logs") return;
  const key = query.get("metric") ? "span" : "range";
  const at = RANGES.indexOf(query.get(key) ?? "3600");
  go(address({ keep: true, query: { [key]: RANGES[Math.max(0, Math.min(RANGES.length - 1, at + by))] } }), true);
}

/** @param {string} form */
const showForm = (form) => () => {
  if (state.drawer.id && mayAct()) update((s) => (s.drawer.form = form));
};

const current = () => state.alerts.get(route().id);

/** @type {Record<string, () => void>} */
const KEYS = {
  j: () => route().view === "alerts" && walk(1),
  k: () => route().view === "alerts" && walk(-1),
  a: () => {
    const alert = current();
    if (alert && mayAct()) void acknowledge(alert);
  },
  x: () => {
    const alert = route().view === "alerts" ? current() : undefined;
    if (alert && mayAct() && alert.status !== "resolved") choose([alert.id], !state.chosen.ids.has(alert.id));
  },
  s: showForm("snooze"),
  i: showForm("assign"),
  c: showForm("comment"),
  r: () => {
    const link = safeLink(current()?.runbook_url);
    if (link) open(link, "_blank", "noopener");
  },
  "/": () => {
    if (!document.querySelector("input[type=search]")) go(address({ view: "alerts" }));
    requestAnimationFrame(() => requestAnimationFrame(() => /** @type {HTMLElement|null} */ (document.querySelector("input[type=search]"))?.focus()));
  },
  "-": () => changeRange(-1),
  "+": () => changeRange(1),
  t: () => setTheme(getComputedStyle(document.documentElement).colorScheme === "dark" ? "light" : "dark"),
  e: () => setLanguage(state.language === "ja" ? "en" : "ja"),
  "?": () => update((s) => (s.keysOpen = true)),
};

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]") || state.login.needed) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches("input, textarea, select")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (event.key === "Escape") {
    escape();
    return;
  }
  if (!state.singleKeys) return;
  if (performance.now() - leader < 1200) {
    leader = -Infinity;
    const view = { o: "overview", a: "alerts", l: "logs", s: "health" }[event.key];
    if (view) go(address({ view }));
    return;
  }
  if (event.key === "g") leader = performance.now();
  else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function escape() {
  if (state.drawer.form) update((s) => (s.drawer.form = ""));
  else if (state.drawer.id) close();
}

export const listen = () => document.addEventListener("keydown", onKey);
