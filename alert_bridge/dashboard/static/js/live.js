// @ts-check
/* Where the data comes from: the feed while it speaks, else polling. Both run here and nowhere else. */
import { call, query, Refusal } from "./api.js";
import { byUrgency, isOpen, isQuiet } from "./alerts.js";
import { lookAgain } from "./finder.js";
import { announce } from "./notify.js";
import { route } from "./route.js";
import { locale } from "./strings.js";
import { connectionState, drop, keep, now, state, update } from "./store.js";
import { epoch, stamp } from "./text.js";

/** @typedef {"overview"|"alerts"|"analyzer"|"health"} Part */

const DAY = 86_400;

/** Seconds between two readings: while the feed speaks, and while it does not. */
const PERIOD = { overview: [15, 5], alerts: [30, 5], analyzer: [30, 30], health: [15, 15] };

/** How many alerts are read at once. */
const PAGE = 200;

/** Seconds after which what the feed brought is counted again, where not every alert is known. */
const RECOUNT = 3;

/** How many values of the feed are kept for the line of a tile: it goes on to now between two readings. */
const RECENT = 60;

/** @type {Record<Part, number>} epoch seconds of the next reading */
const due = { overview: 0, alerts: 0, analyzer: 0, health: 0 };

let failures = 0;
/** @type {WebSocket|null} */
let socket = null;
let socketFailures = 0;
let socketDue = 0;

const clock = () => Date.now() / 1000;

async function readOverview() {
  const overview = await call(query("overview", { language: state.language }));
  locale.timezone = overview.timezone || "UTC";
  update((s) => {
    s.overview = overview;
    s.ahead = epoch(overview.now) - clock() || 0;
    s.connection.poll = clock();
    s.login.needed = false;
  });
}

/**
 * Read what is open, the most urgent first, and what ended last. If more is open than one page holds: also the most
 * urgent of those that are not quiet, and how many there are of what.
 */
async function readAlerts() {
  const asked = now();
  const [open, resolved] = await Promise.all([
    call(query("alerts", { limit: PAGE })),
    call(query("alerts", { status: "resolved", sort: "-updated_at", limit: PAGE })),
  ]);
  const complete = open.next_cursor == null;
  const loud = complete ? null : await call(query("alerts", { status: "firing,acknowledged", limit: PAGE }));
  const counts = loud ? await readCounts(loud, open.total) : [];
  update((s) => {
    forget(open, isOpen, asked);
    if (loud) forget(loud, (alert) => isOpen(alert) && !isQuiet(alert), asked);
    for (const alert of [...open.items, ...(loud?.items ?? []), ...resolved.items]) if (!s.busy.has(alert.id)) keep(alert);
    Object.assign(s, { complete, counts, alertsLoaded: true });
    s.problems.alerts = "";
  });
  if (route().view === "alerts") lookAgain();
}

/**
 * How many alerts there are of what the headline names, from the totals of lists: cheap however many there are.
 * @param {any} loud the list of those that are not quiet @param {number} open how many are open in all
 */
async function readCounts(loud, open) {
  const severity = loud.items[0]?.severity;
  if (!severity) return [{ severity: "LOW", status: "snoozed", count: open }];
  const total = async (/** @type {string} */ status) => (await call(query("alerts", { status, severity, limit: 1 }))).total;
  const [firing, taken] = await Promise.all([total("firing"), total("acknowledged")]);
  return [
    { severity, status: "firing", count: firing },
    { severity, status: "acknowledged", count: taken },
    ...(severity === "LOW" ? [] : [{ severity: "LOW", status: "acknowledged", count: loud.total - firing - taken }]),
    { severity: "LOW", status: "snoozed", count: open - loud.total },
  ].filter((row) => row.count > 0);
}

/**
 * Forget alerts that an answer of the server should hold and does not: they ended while nobody told this page.
 * @param {any} answer @param {(alert: import("./alerts.js").Alert) => boolean} belongs @param {number} asked server's time, epoch seconds
 */
function forget(answer, belongs, asked) {
  const there = new Set(answer.items.map((/** @type {any} */ alert) => alert.id));
  const last = answer.next_cursor == null ? null : answer.items.at(-1);
  for (const [id, alert] of state.alerts) {
    if (there.has(id) || state.busy.has(id) || id === state.drawer.id || !belongs(alert) || epoch(alert.updated_at) > asked) continue;
    if (!last || byUrgency(alert, last) < 0) drop(id);
  }
}

async function readAnalyzer() {
  const range = { from: stamp(now() - DAY), to: stamp(now()) };
  const [frequent, fresh, anomalies] = await Promise.all([
    call(query("patterns", { ...range, limit: route().view === "logs" ? 1000 : 100 })),
    call(query("patterns", { ...range, limit: 100, new: "true" })),
    call(query("anomalies", { ...range, limit: 200 })),
  ]);
  update((s) => {
    const patterns = new Map([...frequent.items, ...fresh.items].map((pattern) => [pattern.pattern_id, pattern]));
    s.patterns = [...patterns.values()];
    s.patternsTotal = frequent.total ?? s.patterns.length;
    s.anomalies = anomalies.items;
    s.analyzerLoaded = true;
    s.problems.analyzer = "";
  });
}

/** Who is on call, for the bar; on the health view everything that it shows. A route that the server has not is null. */
async function readHealth() {
  const names = route().view === "health" ? ["health", "oncall", "maintenance", "thresholds"] : ["oncall"];
  const read = async (/** @type {string} */ name) => {
    try {
      return await call(query(name, name === "thresholds" || name === "health" ? { language: state.language } : {}));
    } catch (error) {
      return error instanceof Refusal && error.status === 404 ? null : { problem: sentence(error) };
    }
  };
  const answers = await Promise.all(names.map(read));
  update((s) => names.forEach((name, i) => (s.health[name] = answers[i])));
}

/** @param {unknown} error */
const sentence = (error) => (error instanceof Refusal ? error.message : String(error));

/** Read one part if it is time. @param {Part} part @param {() => Promise<void>} read */
async function when(part, read) {
  if (clock() < due[part]) return;
  due[part] = Infinity; // until this reading has ended
  const wait = PERIOD[part][connectionState() === "live" ? 0 : 1];
  try {
    await read();
    due[part] = clock() + wait;
    if (part === "overview") {
      settled(true);
      tick(); // what waited for the first overview
    }
  } catch (error) {
    due[part] = clock() + wait;
    if (error instanceof Refusal && error.status === 401) return; // the log-in is asked for
    if (part === "overview") settled(false);
    else if (part !== "health") update((s) => (s.problems[part] = sentence(error)));
  }
}

/** @param {boolean} answered */
function settled(answered) {
  failures = answered ? 0 : failures + 1;
  if (!answered) due.overview = due.alerts = clock() + Math.min(15, 5 * failures);
  update((s) => {
    s.connection.trying = false;
    s.connection.retryAt = answered ? 0 : due.overview;
  });
  if (answered && !socket && clock() >= socketDue) openFeed();
}

/** Read one part at once: a view needs it, or many of it were changed. @param {Part} part */
export function refreshPart(part) {
  due[part] = 0;
  tick();
}

/** Read everything at once: after a log-in, on "Try now", when the feed has come back. */
export function refresh() {
  due.overview = due.alerts = due.analyzer = due.health = 0;
  socketDue = 0;
  update((s) => (s.connection.trying = connectionState() === "off"));
  tick();
}

function tick() {
  update(); // ages and countdowns move
  if (state.login.needed) return;
  void when("overview", readOverview);
  if (!state.overview) return;
  void when("alerts", readAlerts);
  void when("analyzer", readAnalyzer);
  void when("health", readHealth);
}

function openFeed() {
  const url = state.overview?.feed_url;
  if (!url) return;
  socketDue = Infinity;
  socket = new WebSocket(url);
  socket.onopen = () => {
    socket?.send(JSON.stringify({ action: "subscribe", system_chart: false }));
    if (socketFailures) due.alerts = 0; // what happened meanwhile
    socketFailures = 0;
  };
  socket.onmessage = (event) => receive(JSON.parse(event.data));
  socket.onclose = () => {
    socket = null;
    socketFailures += 1;
    socketDue = clock() + Math.min(30, 2 ** socketFailures);
    update((s) => (s.connection.feed = 0));
    if (!failures) due.overview = Math.min(due.overview, clock() + 1);
  };
}

/** @param {any} message */
function receive(message) {
  update((s) => {
    s.connection.feed = clock();
    s.connection.beats += 1;
  });
  if (message.type === "metrics_update") takeValues(message);
  else if (message.type === "new_alert" || message.type === "alert_update") takeAlert(message.data, message.type === "new_alert");
}

/** @param {any} message */
function takeValues(message) {
  const values = { ...message.data?.system_metrics, ...message.data?.application_metrics };
  update((s) => {
    for (const tile of s.overview?.tiles ?? []) {
      if (typeof values[tile.name] !== "number") continue;
      tile.value = values[tile.name];
      tile.timestamp = epoch(message.timestamp_utc) || now();
      s.recent.set(tile.name, [...(s.recent.get(tile.name) ?? []).slice(1 - RECENT), [tile.timestamp, tile.value]]);
    }
  });
}

/** @param {any} alert @param {boolean} fresh */
function takeAlert(alert, fresh) {
  if (!alert?.id || state.busy.has(alert.id)) return;
  if (!alert.labels || !alert.created_at) due.alerts = 0;
  else {
    update(() => keep(alert));
    if (fresh) announce(alert);
    if (!state.complete) due.alerts = Math.min(due.alerts, clock() + RECOUNT);
  }
}

/** Begin, and go on for as long as the page is open. */
export function start() {
  tick();
  setInterval(() => {
    if (!socket && !failures && state.overview && clock() >= socketDue && !state.login.needed) openFeed();
    tick();
  }, 1000);
}
