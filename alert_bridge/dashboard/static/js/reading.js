// @ts-check
/* What the drawer shows beside the alert itself: history, chart, thresholds, what else began then. */
import { call, query, Refusal } from "./api.js";
import { began, metricOf } from "./alerts.js";
import { emptyDrawer, keep, now, state, update } from "./store.js";
import { epoch, stamp } from "./text.js";

/** @typedef {import("./alerts.js").Alert} Alert */

/** How many changes of a threshold are read. */
const LIMITS = 100;

/** @param {unknown} error */
const sentence = (error) => (error instanceof Refusal ? error.message : String(error));

/** Change the drawer if it still shows what was asked for. @param {string} id @param {(drawer: typeof state.drawer) => void} change */
const into = (id, change) => update((s) => (s.drawer.id === id ? change(s.drawer) : undefined));

/** @param {string} id of an alert */
export async function readHistory(id) {
  if (state.drawer.id !== id) return;
  try {
    const answer = await call(`alerts/${encodeURIComponent(id)}/history`);
    into(id, (drawer) => {
      drawer.history = answer.items;
      drawer.historyProblem = "";
    });
  } catch (error) {
    into(id, (drawer) => (drawer.historyProblem = sentence(error)));
  }
}

/**
 * What the chart of a drawer shows, as its alert or its tile says it.
 * @typedef {{name: string, instance: string, severity?: string, direction?: string, from: number, to: number}} Shown
 */

/** @param {string} id of the drawer @param {Shown} shown */
async function readSeries(id, { name, instance, severity, direction, from, to }) {
  const step = Math.max(5, Math.ceil((to - from) / 240 / 5) * 5);
  const range = { from: Math.floor(from), to: Math.ceil(to), step };
  try {
    const series = await call(query("series", { name, instance, severity, direction, language: state.language, ...range }));
    into(id, (drawer) => {
      drawer.series = series;
      drawer.seriesProblem = "";
    });
    if (series.threshold) await readLimits(id, name, instance, series.threshold);
  } catch (error) {
    into(id, (drawer) => (drawer.seriesProblem = sentence(error)));
  }
}

/** What the threshold of a chart was, newest first. @param {string} id @param {string} name @param {string} instance @param {any} threshold */
async function readLimits(id, name, instance, threshold) {
  const { direction, severity } = threshold;
  const ofPlace = (/** @type {any} */ row) => !row.labels?.instance || !instance || row.labels.instance === instance;
  try {
    const answer = await call(query(`thresholds/${encodeURIComponent(name)}/history`, { direction, severity, limit: LIMITS }));
    into(id, (drawer) => {
      drawer.limits = answer.items.filter(ofPlace);
      drawer.limitsProblem = "";
    });
  } catch (error) {
    into(id, (drawer) => (drawer.limitsProblem = sentence(error)));
  }
}

/** @param {Alert} alert */
async function readNear(alert) {
  const at = began(alert);
  const range = { from: stamp(at - 900), to: stamp(at + 900), limit: 100 };
  const read = (/** @type {string} */ what) => call(query(what, range)).then((answer) => answer.items, () => []);
  const [patterns, anomalies] = await Promise.all([read("patterns"), read("anomalies")]);
  into(alert.id, (drawer) => (drawer.near = { patterns, anomalies }));
}

/** An alert's chart: 27 minutes before its beginning until now or a little after its end. @param {Alert} alert @returns {Shown} */
const chartOf = (alert) => ({
  name: metricOf(alert), instance: alert.labels.instance ?? "", severity: alert.severity, direction: alert.labels.direction,
  from: began(alert) - 27 * 60, to: alert.resolved_at ? epoch(alert.resolved_at) + 600 : now(),
});

/** Open the alert of the address; called on every draw, does its work once. @param {string} id */
export async function openAlert(id) {
  if (state.drawer.id === id) return;
  update((s) => (s.drawer = emptyDrawer(id)));
  if (!id) return;
  let alert = state.alerts.get(id);
  if (!alert) {
    try {
      const found = await call(`alerts/${encodeURIComponent(id)}`);
      update(() => keep(found));
      alert = found;
    } catch (error) {
      into(id, (drawer) => (drawer.missing = sentence(error)));
      return;
    }
  }
  if (!alert) return;
  void readHistory(id);
  void readNear(alert);
  if (metricOf(alert)) void readSeries(id, chartOf(alert));
}

/** Open the chart of a metric, of its worst host. @param {string} name @param {number} seconds @param {string} instance */
export async function openMetric(name, seconds, instance) {
  const id = name ? `metric:${name}:${seconds}` : "";
  if (state.drawer.id === id) return;
  update((s) => (s.drawer = { ...emptyDrawer(id), instance }));
  if (name) await readSeries(id, { name, instance, from: now() - seconds, to: now() });
}

/** Bring an open chart up to now. */
export function refreshSeries() {
  const { id, series } = state.drawer;
  if (!series) return;
  const alert = state.alerts.get(id);
  if (alert) {
    if (!alert.resolved_at) void readSeries(id, chartOf(alert));
  } else if (id.startsWith("metric:")) {
    const seconds = Number(id.split(":").at(-1));
    void readSeries(id, { name: series.name, instance: state.drawer.instance, from: now() - seconds, to: now() });
  }
}
