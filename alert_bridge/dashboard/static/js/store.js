// @ts-check
/* The state of the page and the one place that changes it. */
import { byUrgency, isOpen } from "./alerts.js";

const memory = {
  /** @param {string} key @param {string} fallback */
  get(key, fallback) {
    try {
      return localStorage.getItem(`newswatch.${key}`) ?? fallback;
    } catch {
      return fallback; // storage may be forbidden: the page works without remembering
    }
  },
  /** @param {string} key @param {string} value */
  set(key, value) {
    try {
      localStorage.setItem(`newswatch.${key}`, value);
    } catch {
      // as above
    }
  },
};

const asked = new URLSearchParams(location.search);
const spoken = (navigator.language || "en").toLowerCase().startsWith("ja") ? "ja" : "en";

export const state = {
  language: asked.get("lang") || memory.get("language", spoken),
  theme: asked.get("theme") || memory.get("theme", "auto"),
  singleKeys: memory.get("keys", "on") === "on",
  notify: memory.get("notify", "off") === "on",
  asList: memory.get("list", "off") === "on",
  started: Date.now() / 1000,
  /** Seconds that the server's clock is ahead of this one. */
  ahead: 0,
  width: 1000,

  /** @type {any} the last answer of /api/v1/overview */
  overview: null,
  /** @type {Map<string, import("./alerts.js").Alert>} every alert that is known, open and resolved; changed by keep and drop */
  alerts: new Map(),
  /** Counts the changes of `alerts`. */
  revision: 0,
  alertsLoaded: false,
  /** Every open alert is known; else `counts` says how many there are of what. */
  complete: true,
  /** @type {{severity: string, status: string, count: number}[]} */
  counts: [],
  found: emptyFound(""),
  /** @type {{key: string, items: any[]|null, problem: string, at: number}} at: epoch seconds of the question */
  groups: { key: "", items: null, problem: "", at: 0 },
  /** What is chosen in the list: ids, or everything that the filters find; `asking`: an action that waits for a yes. */
  chosen: { /** @type {Set<string>} */ ids: new Set(), all: false, form: "", asking: "", busy: "", problem: "" },
  /** @type {Set<number>} pieces of a long list that are on or near the screen */
  pieces: new Set([0]),
  /** What the health view shows, by the name of its route; null where the server has no such route. @type {Record<string, any>} */
  health: {},
  /** @type {Map<string, [number, number][]>} values that the feed brought: epoch seconds and value, by metric */
  recent: new Map(),
  /** @type {any[]} */
  patterns: [],
  patternsTotal: 0,
  /** @type {any[]} */
  anomalies: [],
  analyzerLoaded: false,
  /** What does not answer, and why. @type {{alerts: string, analyzer: string}} */
  problems: { alerts: "", analyzer: "" },

  connection: {
    /** epoch seconds of the last feed message and of the last answered poll */
    feed: 0,
    poll: 0,
    beats: 0,
    retryAt: 0,
    trying: false,
  },
  login: { needed: false, problem: "", busy: false },
  /** @type {Map<string, string>} alert id -> what is being done to it */
  busy: new Map(),
  /** @type {Map<string, {action: string, body: any, problem: string}>} alert id -> what was refused */
  refused: new Map(),
  /** @type {{text: string, undo: (() => void)|null}|null} */
  toast: null,
  keysOpen: false,
  /** How many log patterns are drawn. */
  shown: 200,

  /** @type {{id: string, form: string, history: any[]|null, historyProblem: string, series: any, seriesProblem: string,
   *   limits: any[]|null, limitsProblem: string,
   *   near: {patterns: any[], anomalies: any[]}|null, instance: string, missing: string, readout: string}} */
  drawer: emptyDrawer(""),
};

/**
 * The answer to the filters of the address. cursor: where it goes on, null at its end.
 * @param {string} key what was asked
 */
export function emptyFound(key) {
  return { key, /** @type {Set<string>} */ ids: new Set(), /** @type {string|null} */ cursor: "", total: 0, loading: false, loaded: false, problem: "" };
}

/** @param {string} id */
export function emptyDrawer(id) {
  return {
    id, form: "", history: null, historyProblem: "", series: null, seriesProblem: "", limits: null, limitsProblem: "", near: null, instance: "", missing: "", readout: "",
  };
}

/** @type {() => void} */
let redraw = () => {};
let asleep = true;

/** @param {() => void} draw called at most once a frame after a change */
export function onChange(draw) {
  redraw = draw;
}

/** Change the state and draw the page again. @param {(s: typeof state) => void} [change] */
export function update(change) {
  change?.(state);
  if (!asleep) return;
  asleep = false;
  requestAnimationFrame(() => {
    asleep = true;
    redraw();
  });
}

/** Keep a choice of this browser. @param {"language"|"theme"|"keys"|"list"|"notify"} key @param {string} value */
export const remember = (key, value) => memory.set(key, value);

/** Now on the server's clock, epoch seconds. */
export const now = () => Date.now() / 1000 + state.ahead;

/** Take in one alert unless a newer state of it is known. @param {import("./alerts.js").Alert} alert */
export function keep(alert) {
  const known = state.alerts.get(alert.id);
  if (!known || !(known.version > alert.version)) put(alert);
}

/** Show this state of an alert, whatever is known. @param {import("./alerts.js").Alert} alert */
export function put(alert) {
  state.alerts.set(alert.id, alert);
  state.revision += 1;
}

/** @param {string} id */
export function drop(id) {
  state.alerts.delete(id);
  state.revision += 1;
}

/** What is worked out of the alerts, once a change. @template T @param {() => T} make @returns {() => T} */
export function remembered(make) {
  let at = -1;
  /** @type {any} */
  let made;
  return () => {
    if (at !== state.revision) [at, made] = [state.revision, make()];
    return made;
  };
}

export const openAlerts = remembered(() => [...state.alerts.values()].filter(isOpen).sort(byUrgency));

export const resolvedAlerts = remembered(() => [...state.alerts.values()].filter((alert) => !isOpen(alert)));

/** @param {string} name @returns {import("./alerts.js").Tile|undefined} */
export const tileOf = (name) => state.overview?.tiles.find((/** @type {any} */ tile) => tile.name === name);

export const mayAct = () => (state.overview?.identity?.role ?? "operator") !== "viewer";

/** live: the feed speaks; polling: only HTTP answers; off: neither; connecting: not yet known. */
export function connectionState() {
  const at = Date.now() / 1000;
  if (at - state.connection.feed < 15) return "live";
  if (at - state.connection.poll < 12) return "polling";
  return state.overview || at - state.started > 12 || state.connection.retryAt ? "off" : "connecting";
}

/** Epoch seconds (server's clock) of the last sign of life. */
export const lastHeard = () => Math.max(state.connection.feed, state.connection.poll) + state.ahead;
