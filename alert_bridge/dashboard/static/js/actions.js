// @ts-check
/* What the reader does to an alert: shown at once, taken back with the reason if the server refuses. */
import { call, Refusal } from "./api.js";
import { title } from "./alerts.js";
import { refreshPart } from "./live.js";
import { readHistory } from "./reading.js";
import { t } from "./strings.js";
import { keep, now, put, state, update } from "./store.js";
import { clock, number, stamp } from "./text.js";

/** @typedef {import("./alerts.js").Alert} Alert */

const me = () => state.overview?.identity?.name || "";

/** What the page shows until the server has answered. @type {Record<string, (body: any) => Partial<Alert>>} */
const EXPECTED = {
  acknowledge: () => ({ status: "acknowledged", acknowledged_by: me() || t("somebody") }),
  unacknowledge: () => ({ status: "firing", acknowledged_by: null }),
  snooze: () => ({ status: "snoozed" }),
  assign: (body) => ({ assignee: body.assignee }),
  comment: (body) => ({ comment: body.text }),
  acknowledgement: (body) => ({ comment: body.comment ?? null, acknowledge_expires_at: stamp(now() + body.expires_in_seconds) }),
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
    put({ ...alert, ...EXPECTED[action](body) });
  });
  try {
    const method = action === "acknowledgement" ? "PATCH" : "POST";
    const answer = await call(`alerts/${encodeURIComponent(alert.id)}/${action}`, body, method);
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
      put(alert);
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

/** Say more about an acknowledgement: why, and how long it holds. @param {Alert} alert @param {string} text @param {number} seconds */
export async function editAcknowledgement(alert, text, seconds) {
  update((s) => (s.drawer.form = ""));
  if (await act(alert, "acknowledgement", { ...(text ? { comment: text } : {}), expires_in_seconds: seconds })) toast(t("toast_commented"));
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

/**
 * Do one thing to many alerts: those of `target.ids`, or all that `target.filter` finds.
 * @param {{ids: string[]}|{filter: Record<string, unknown>}} target @param {string} action @param {Record<string, unknown>} [body]
 */
export async function actOnMany(target, action, body = {}) {
  update((s) => Object.assign(s.chosen, { busy: action, form: "", asking: "", problem: "" }));
  try {
    const { results } = await call("alerts/actions", { ...target, action, ...body }, "POST", 120);
    const done = results.filter((/** @type {any} */ one) => one.ok).map((/** @type {any} */ one) => one.id);
    const failed = results.filter((/** @type {any} */ one) => !one.ok);
    update((s) => Object.assign(s.chosen, { ids: new Set(failed.map((/** @type {any} */ one) => one.id)), all: false, busy: "", problem: failed.length ? t("bulk_failed", { n: number(failed.length), problem: failed[0].error }) : "" }));
    const back = ["acknowledge", "snooze"].includes(action) && done.length ? () => void actOnMany({ ids: done }, "unacknowledge") : null;
    toast(t("bulk_done", { action: t(action), n: number(done.length) }), back);
  } catch (error) {
    update((s) => Object.assign(s.chosen, { busy: "", problem: t("failed", { problem: error instanceof Refusal ? error.message : String(error) }) }));
  }
  state.groups.at = 0;
  refreshPart("alerts");
}

export const choose = (/** @type {string[]} */ ids, /** @type {boolean} */ on) =>
  update((s) => {
    const kept = new Set(s.chosen.ids);
    for (const id of ids) on ? kept.add(id) : kept.delete(id);
    Object.assign(s.chosen, { ids: kept, all: false, asking: "", problem: "" });
  });

export const chooseNone = () => update((s) => Object.assign(s.chosen, { ids: new Set(), all: false, form: "", asking: "", problem: "" }));

/** Send a test over a channel and say what came of it. @param {string} name */
export async function testChannel(name) {
  const say = (/** @type {any} */ said) => update((s) => (s.health[`test ${name}`] = said));
  say({ busy: true });
  try {
    const answer = await call(`channels/${encodeURIComponent(name)}/test`, {}, "POST", 60);
    const failed = answer?.ok === false;
    const wrong = (answer?.results ?? []).filter((/** @type {any} */ one) => !one.ok);
    const problem = wrong.map((/** @type {any} */ one) => [one.target, one.detail, one.remedy].filter(Boolean).join(" · ")).join("; ");
    say({ ok: !failed, text: failed ? t("test_failed", { problem }) : t("test_sent", { t: clock(now()) }) });
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) update((s) => (s.health.untestable = true));
    say({ ok: false, text: t("test_failed", { problem: error instanceof Refusal ? error.message : String(error) }) });
  }
}
