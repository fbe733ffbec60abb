// @ts-check
/* Which alerts the filters of the address find: of those that are known at once, the rest from the server by the page. */
import { byEnd, byNewest, byUrgency, isHeld, isOpen, isQuiet, levelOf, matches, owner, serviceOf } from "./alerts.js";
import { call, query, Refusal } from "./api.js";
import { route } from "./route.js";
import { emptyFound, keep, state, update } from "./store.js";
import { folded } from "./text.js";

/** @typedef {import("./alerts.js").Alert} Alert */

export const STATUSES = ["open", "nobody", "mine", "quiet", "resolved"];

/** What groups can be made by; an empty address lets the number of alerts decide. */
export const GROUPS = ["list", "name", "service", "severity", "instance"];

/** From so many open alerts on, a list without a word about it is grouped. */
const MANY = 100;
const PAGE = 100;

/** Seconds between two counts of the groups: each looks at every open alert. */
const REGROUP = 10;

const me = () => state.overview?.identity?.name ?? "";

/** @type {Record<string, (alert: Alert) => boolean>} */
const KEEPS = {
  open: isOpen,
  nobody: (alert) => isOpen(alert) && !isHeld(alert) && !owner(alert),
  mine: (alert) => isOpen(alert) && owner(alert) === me(),
  quiet: isQuiet,
  resolved: (alert) => !isOpen(alert),
};

/** @type {Record<string, Record<string, string>>} the same in the words of the server; `mine` needs a name */
const ASKED = { open: {}, nobody: { status: "firing", owner: "" }, mine: {}, quiet: { status: "snoozed,suppressed" }, resolved: { status: "resolved" } };

/** The filters of the address. */
export function filters() {
  const { query } = route();
  const of = (/** @type {string} */ key) => query.get(key) ?? "";
  const status = STATUSES.includes(of("status")) ? of("status") : "open";
  return { status, severity: of("severity"), service: of("service"), owner: of("owner"), name: of("name"), text: of("q"), newest: of("sort") === "newest" };
}

/** By what the list is grouped; "list" for not at all. */
export function grouping() {
  const asked = route().query.get("group") ?? "";
  if (GROUPS.includes(asked)) return asked;
  const many = !state.complete || state.alerts.size >= MANY && openKnown() >= MANY;
  return many && filters().status === "open" && !narrowed() ? "name" : "list";
}

const openKnown = () => [...state.alerts.values()].filter(isOpen).length;

/** Some filter but the status is set. */
export const narrowed = () => {
  const { severity, service, owner, name, text } = filters();
  return Boolean(severity || service || owner || name || text.trim());
};

/** The filters as the server takes them, in the list's URL as in an action on all of them. @returns {Record<string, string|string[]>} */
export function wanted() {
  const { status, severity, service, owner, name, text } = filters();
  const words = text.trim().split(/\s+/).filter(Boolean);
  const labels = words.filter((word) => /^\w+=./.test(word));
  const said = words.filter((word) => !labels.includes(word)).join(" ");
  const given = { severity, service, owner, name, q: said };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value)),
    ...ASKED[status],
    ...(status === "mine" ? { owner: me() } : {}),
    ...(labels.length ? { label: labels } : {}),
  };
}

/** @param {string} path @param {Record<string, string|string[]>} filter @param {Record<string, string|number|undefined>} more */
function url(path, filter, more) {
  const pairs = Object.entries(filter).flatMap(([key, value]) => [value].flat().map((one) => [key, one]));
  const [bare, search] = query(path, more).split("?");
  return `${bare}?${[new URLSearchParams(pairs).toString(), search].filter(Boolean).join("&")}`;
}

const keyOf = () => JSON.stringify([wanted(), filters().newest]);

/** @type {{revision: number, key: string, found: number, rows: Alert[]}} */
let last = { revision: -1, key: "", found: 0, rows: [] };

/** The alerts that are known of those that the filters find, in the order of the list. */
export function rows() {
  const key = JSON.stringify(filters());
  const found = state.found.ids.size;
  if (last.revision === state.revision && last.key === key && last.found === found) return last.rows;
  const { status, severity, service, owner: who, name, text, newest } = filters();
  const said = folded(text.trim());
  const kept = [...state.alerts.values()].filter(
    (alert) =>
      KEEPS[status](alert) &&
      (!severity || levelOf(alert.severity) === severity) &&
      (!service || serviceOf(alert) === service) &&
      (!who || owner(alert) === who) &&
      (!name || alert.name === name) &&
      (!said || state.found.ids.has(alert.id) || matches(alert, said)),
  );
  last = { revision: state.revision, key, found, rows: kept.sort(status === "resolved" ? byEnd : newest ? byNewest : byUrgency) };
  return last.rows;
}

/** How many the filters find in all. */
export const total = () => (state.found.cursor ? Math.max(state.found.total, rows().length) : rows().length);

// ---- pages of the list

let typed = 0;

/** Ask for what the address wants; called on every draw, does its work once. */
export function look() {
  const key = keyOf();
  if (state.found.key !== key) {
    const typing = state.found.key && filters().text;
    state.found = emptyFound(key);
    state.pieces = new Set([0]);
    clearTimeout(typed);
    if (typing) typed = setTimeout(() => void readPage(key), 200);
    else void readPage(key);
  }
  const by = grouping();
  const groupKey = by === "list" || state.complete ? "" : JSON.stringify([wanted(), by]);
  if (state.groups.key === groupKey) return;
  state.groups = { key: groupKey, items: null, problem: "", at: 0 };
  if (groupKey) void readGroups(groupKey, by);
}

/** Ask again: what is open has changed. */
export function lookAgain() {
  const { key, cursor, loaded } = state.found;
  if (key && loaded && filters().status === "resolved" && cursor === null) void readPage(key);
  if (state.groups.key && Date.now() / 1000 - state.groups.at > REGROUP) void readGroups(state.groups.key, grouping());
}

/** The next page, if there is one. */
export function readMore() {
  const { key, cursor, loading, problem } = state.found;
  if (cursor && !loading && !problem) void readPage(key, cursor);
}

/** @param {string} key @param {string} [cursor] */
async function readPage(key, cursor) {
  const { status, newest } = filters();
  const sort = status === "resolved" ? "-updated_at" : newest ? "-created_at" : undefined;
  update((s) => (s.found.loading = true));
  /** @param {(found: typeof state.found) => void} change */
  const into = (change) => update((s) => (s.found.key === key ? change(s.found) : undefined));
  try {
    const answer = await call(url("alerts", wanted(), { sort, limit: PAGE, cursor }));
    into((found) => {
      for (const alert of answer.items) {
        if (!state.busy.has(alert.id)) keep(alert);
        found.ids.add(alert.id);
      }
      Object.assign(found, { cursor: answer.next_cursor, total: answer.total, loading: false, loaded: true, problem: "" });
    });
  } catch (error) {
    into((found) => Object.assign(found, { loading: false, problem: error instanceof Refusal ? error.message : String(error) }));
  }
}

// ---- groups

/** @param {string} key @param {string} by */
async function readGroups(key, by) {
  /** @param {Partial<typeof state.groups>} change */
  const into = (change) => update((s) => (s.groups.key === key ? Object.assign(s.groups, change) : undefined));
  state.groups.at = Date.now() / 1000;
  try {
    const answer = await call(url("alerts/groups", wanted(), { by, limit: 200 }));
    into({ items: answer.items, problem: "" });
  } catch (error) {
    into({ problem: error instanceof Refusal ? error.message : String(error) });
  }
}
