// @ts-check
/* Where the data comes from: the feed while it speaks, else polling. Both run here and nowhere else. */
import { call, query, Refusal } from "./api.js";
import { isOpen } from "./alerts.js";
import { route } from "./route.js";
import { locale } from "./strings.js";
import { connectionState, keep, now, state, update } from "./store.js";
import { epoch, stamp } from "./text.js";

const DAY = 86_400;

/** Seconds between two readings: while the feed speaks, and while it does not. */
const PERIOD = { overview: [15, 5], alerts: [30, 5], analyzer: [30, 30] };

/** How many values of the feed are kept for the line of a tile: it goes on to now between two readings. */
const RECENT = 60;

/** @type {Record<"overview"|"alerts"|"analyzer", number>} epoch seconds of the next reading */
const due = { overview: 0, alerts: 0, analyzer: 0 };

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

async function readAlerts() {
  const open = await call(query("alerts", { limit: 1000 }));
  const resolved = await call(query("alerts", { status: "resolved", sort: "-updated_at", limit: 200 }));
  update((s) => {
    const answered = new Set(open.items.map((/** @type {any} */ alert) => alert.id));
    for (const [id, alert] of s.alerts) {
      if (isOpen(alert) && !answered.has(id) && open.next_cursor == null && !s.busy.has(id)) s.alerts.delete(id);
    }
    for (const alert of [...open.items, ...resolved.items]) if (!s.busy.has(alert.id)) keep(alert);
    s.openTotal = open.total ?? open.items.length;
    s.alertsLoaded = s.resolvedLoaded = true;
    s.problems.alerts = "";
  });
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

/** @param {unknown} error */
const sentence = (error) => (error instanceof Refusal ? error.message : String(error));

/** Read one part if it is time. @param {"overview"|"alerts"|"analyzer"} part @param {() => Promise<void>} read */
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
    else update((s) => (s.problems[part] = sentence(error)));
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

/** Read the log patterns at once: a view needs more of them. */
export function refreshAnalyzer() {
  due.analyzer = 0;
  tick();
}

/** Read everything at once: after a log-in, on "Try now", when the feed has come back. */
export function refresh() {
  due.overview = due.alerts = due.analyzer = 0;
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
  else if (message.type === "new_alert" || message.type === "alert_update") takeAlert(message.data);
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

/** @param {any} alert */
function takeAlert(alert) {
  if (!alert?.id || state.busy.has(alert.id)) return;
  if (alert.labels && alert.created_at) update(() => keep(alert));
  else due.alerts = 0;
}

/** Begin, and go on for as long as the page is open. */
export function start() {
  tick();
  setInterval(() => {
    if (!socket && !failures && state.overview && clock() >= socketDue && !state.login.needed) openFeed();
    tick();
  }, 1000);
}
