// @ts-check
/* Notifications of the browser, if the reader asked for them: new alerts that are high or critical. */
import { description, levelOf, place, title } from "./alerts.js";
import { address, go } from "./route.js";
import { t } from "./strings.js";
import { remember, state, update } from "./store.js";
import { number } from "./text.js";

/** More new alerts than these within a moment are one notification. */
const MOST = 3;
const MOMENT_MS = 500;

/** Browsers know notifications only on https and on this machine. */
export const possible = () => "Notification" in window && window.isSecureContext;

/** What stands in the way: the browser cannot, or the reader forbade it there; "" for nothing. */
export const obstacle = () => (!possible() ? "notify_impossible" : Notification.permission === "denied" ? "notify_denied" : "");

/** @param {boolean} on */
export async function setNotify(on) {
  const allowed = on && possible() && (await Notification.requestPermission()) === "granted";
  remember("notify", allowed ? "on" : "off");
  update((s) => (s.notify = allowed));
}

/** @type {import("./alerts.js").Alert[]} */
let waiting = [];

/** Tell of a new alert, together with those that come in the same moment. @param {import("./alerts.js").Alert} alert */
export function announce(alert) {
  if (!state.notify || !possible() || alert.status !== "firing" || !["CRITICAL", "HIGH"].includes(levelOf(alert.severity))) return;
  waiting.push(alert);
  if (waiting.length === 1) setTimeout(tell, MOMENT_MS);
}

function tell() {
  const alerts = waiting;
  waiting = [];
  if (alerts.length > MOST) {
    show(t("notify_many", { n: number(alerts.length) }), alerts.slice(0, MOST).map(title).join("\n"), "many", address({ view: "alerts" }));
  } else {
    for (const alert of alerts) {
      const text = [place(alert), description(alert)].filter(Boolean).join("\n");
      show(`${t(levelOf(alert.severity))}: ${title(alert)}`, text, alert.id, address({ view: "alerts", id: alert.id }));
    }
  }
}

/** @param {string} heading @param {string} body @param {string} tag one notification a tag @param {string} target */
function show(heading, body, tag, target) {
  const notification = new Notification(heading, { body, tag: `newswatch-${tag}`, lang: state.language, icon: "icons/critical.svg" });
  notification.onclick = () => {
    window.focus();
    go(target);
    notification.close();
  };
}
