// @ts-check
/* What the reader does to an alert: shown at once, taken back with the reason if the server refuses. */
import { call, query, Refusal } from "./api.js";
import { began, metricOf, title } from "./alerts.js";
import { t } from "./strings.js";
import { emptyDrawer, keep, now, state, update } from "./store.js";
import { clock, epoch, stamp } from "./text.js";

/** @typedef {import("./alerts.js").Alert} Alert */

const me = () => state.overview?.identity?.name || "";

/** What the page shows until the server has answered. @type {Record<string, (body: any) => Partial<Alert>>} */
const EXPECTED = {
  acknowledge: () => ({ status: "acknowledged", acknowledged_by: me() || t("somebody") }),
  unacknowledge: () => ({ status: "firing", acknowledged_by: null }),
  snooze: () => ({ status: "snoozed" }),
  assign: (body) => ({ assignee: body.assignee }),
  comment: (body) => ({ comment: body.text }),
  resolve: () => ({ status: "resolved", resolved_at: stamp(now()) }),
};

/**
 * Do one thing to one alert.
 * @param {Alert} alert
 * @param {string} action one of the keys above
 * @param {Record<string, unknown>} [body]
 * @returns {Promise<boolean>} true if the server agreed
 */
export async function act(alert, action, body = {}) {
  if (state.busy.has(alert.id)) return false;
  update((s) => {
    s.busy.set(alert.id, action);
    s.refused.delete(alert.id);
    s.alerts.set(alert.id, { ...alert, ...EXPECTED[action](body) });
  });
  try {
    const answer = await call(`alerts/${encodeURIComponent(alert.id)}/${action}`, body);
    const fresh = answer?.id === alert.id ? answer : await call(`alerts/${encodeURIComponent(alert.id)}`);
    update((s) => {
      s.busy.delete(alert.id);
      keep(fresh);
    });
    void readHistory(alert.id);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const problem = error.status === 403 && !error.message ? t("problem_role") : error.message;
    update((s) => {
      s.busy.delete(alert.id);
      s.alerts.set(alert.id, alert);
      s.refused.set(alert.id, { action, body, problem });
    });
    return false;
  }
}

let toastTimer = 0;

/** Ten seconds of one sentence, with the way back where there is one. @param {string} text @param {(() => void)|null} [undo] */
export function toast(text, undo = null) {
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => update((s) => (s.toast = null)), 10_000);
  update((s) => (s.toast = { text, undo }));
}

export function dismissToast() {
  clearTimeout(toastTimer);
  update((s) => (s.toast = null));
}

/** @param {string} id @returns {Alert|undefined} */
const current = (id) => state.alerts.get(id);

/** One tap, no form before; undo afterwards. @param {Alert} alert */
export async function acknowledge(alert) {
  if (alert.status !== "firing") return;
  if (!(await act(alert, "acknowledge"))) return;
  if (state.drawer.id === alert.id) update((s) => (s.drawer.form = "acknowledged"));
  toast(t("toast_acknowledged", { alert: title(alert) }), () => void takeBack(alert.id));
}

/** @param {string} id */
export async function takeBack(id) {
  dismissToast();
  const alert = current(id);
  if (!alert) return;
  if (state.drawer.id === id) update((s) => (s.drawer.form = ""));
  if (await act(alert, "unacknowledge")) toast(t("toast_unacknowledged", { alert: title(alert) }));
}

/** @param {Alert} alert @param {number} seconds */
export async function snooze(alert, seconds) {
  update((s) => (s.drawer.form = ""));
  const until = t("snooze_until", { t: clock(now() + seconds) });
  if (!(await act(alert, "snooze", { seconds: Math.round(seconds) }))) return;
  toast(t("toast_snoozed", { alert: title(alert), until }), () => void takeBack(alert.id));
}

/** @param {Alert} alert @param {string} assignee */
export async function assign(alert, assignee) {
  update((s) => (s.drawer.form = ""));
  if (await act(alert, "assign", { assignee })) toast(t("toast_assigned", { alert: title(alert), who: assignee }));
}

/** @param {Alert} alert @param {string} text */
export async function comment(alert, text) {
  update((s) => (s.drawer.form = ""));
  if (text.trim() && (await act(alert, "comment", { text: text.trim() }))) toast(t("toast_commented"));
}

/** @param {Alert} alert */
export async function resolve(alert) {
  if (await act(alert, "resolve")) toast(t("toast_resolved", { alert: title(alert) }));
}

/** Do again what was refused. @param {Alert} alert */
export function retry(alert) {
  const refused = state.refused.get(alert.id);
  if (refused) void act(alert, refused.action, refused.body);
}

/** @param {unknown} error */
const sentence = (error) => (error instanceof Refusal ? error.message : String(error));

/** Change the drawer if it still shows what was asked for. @param {string} id @param {(drawer: typeof state.drawer) => void} change */
const into = (id, change) => update((s) => (s.drawer.id === id ? change(s.drawer) : undefined));

/** @param {string} id */
async function readHistory(id) {
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

/** @param {string} id of the drawer @param {string} name @param {string} instance @param {number} from @param {number} to */
async function readSeries(id, name, instance, from, to) {
  const step = Math.max(5, Math.ceil((to - from) / 240 / 5) * 5);
  const range = { from: Math.floor(from), to: Math.ceil(to), step };
  try {
    const series = await call(query("series", { name, instance, language: state.language, ...range }));
    into(id, (drawer) => {
      drawer.series = series;
      drawer.seriesProblem = "";
    });
  } catch (error) {
    into(id, (drawer) => (drawer.seriesProblem = sentence(error)));
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

/** The window of an alert's chart: 27 minutes before its beginning until now or a little after its end. @param {Alert} alert */
const windowOf = (alert) => [began(alert) - 27 * 60, alert.resolved_at ? epoch(alert.resolved_at) + 600 : now()];

/** Open the alert of the address; called on every draw, does its work once. @param {string} id */
export async function openAlert(id) {
  if (state.drawer.id === id) return;
  update((s) => (s.drawer = emptyDrawer(id)));
  if (!id) return;
  let alert = current(id);
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
  const [from, to] = windowOf(alert);
  if (metricOf(alert)) void readSeries(id, metricOf(alert), alert.labels.instance ?? "", from, to);
}

/** Open the chart of a tile, of its worst host. @param {string} name @param {number} seconds @param {string} instance */
export async function openMetric(name, seconds, instance) {
  const id = name ? `metric:${name}:${seconds}` : "";
  if (state.drawer.id === id) return;
  update((s) => (s.drawer = { ...emptyDrawer(id), instance }));
  if (name) await readSeries(id, name, instance, now() - seconds, now());
}

/** Bring an open chart up to now. */
export function refreshSeries() {
  const { id, series } = state.drawer;
  if (!series) return;
  const alert = current(id);
  if (alert) {
    const [from, to] = windowOf(alert);
    if (!alert.resolved_at) void readSeries(id, series.name, alert.labels.instance ?? "", from, to);
  } else if (id.startsWith("metric:")) {
    const seconds = Number(id.split(":").at(-1));
    void readSeries(id, series.name, state.drawer.instance, now() - seconds, now());
  }
}
