// @ts-check
/* The address of every state: #/view/id?key=value. Back closes what forward opened. */
import { update } from "./store.js";

export const VIEWS = ["overview", "alerts", "logs", "health", "more"];

/** @returns {{view: string, id: string, query: URLSearchParams}} */
export function route() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, id = ""] = path.split("/");
  return { view: VIEWS.includes(view) ? view : "overview", id: decodeURIComponent(id), query: new URLSearchParams(search) };
}

/**
 * An address with some of its parts changed; an empty value removes a key.
 * @param {{view?: string, id?: string, query?: Record<string, string>, keep?: boolean}} to
 */
export function address({ view, id = "", query = {}, keep = false }) {
  const here = route();
  const values = new URLSearchParams(keep ? here.query : "");
  for (const [key, value] of Object.entries(query)) value ? values.set(key, value) : values.delete(key);
  const search = values.toString();
  return `#/${view ?? here.view}${id ? `/${encodeURIComponent(id)}` : ""}${search ? `?${search}` : ""}`;
}

/** @param {string} hash @param {boolean} [replace] */
export function go(hash, replace = false) {
  if (hash === location.hash) return;
  history[replace ? "replaceState" : "pushState"]({ opened: !replace }, "", hash);
  update();
}

/** Leave what was opened: back if the page itself opened it, else to the address without it. @param {string} hash */
export function leave(hash) {
  if (history.state?.opened) history.back();
  else go(hash, true);
}

addEventListener("popstate", () => update());
addEventListener("hashchange", () => update());
