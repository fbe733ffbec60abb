// @ts-check
/* Calls of the HTTP API. Every failure becomes a Refusal with a sentence for the reader. */
import { t } from "./strings.js";
import { state, update } from "./store.js";

/** The server refused, or did not answer (status 0). */
export class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const CSRF = "newswatch.csrf";

function csrf() {
  try {
    return state.overview?.csrf || state.overview?.identity?.csrf || sessionStorage.getItem(CSRF) || "";
  } catch {
    return "";
  }
}

/** Nobody is logged in, or another tab is: a session's token for writing is known only where it began. @param {number} status @param {unknown} body */
const needsLogin = (status, body) => status === 401 || (status === 403 && body !== undefined && !csrf() && !!state.overview && !state.overview.open);

/** @param {string} path @param {unknown} [body] present: a POST @param {string} [method] @param {number} [seconds] until it counts as not answered @returns {Promise<any>} */
export async function call(path, body, method = body === undefined ? "GET" : "POST", seconds = 10) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    if (csrf()) headers["X-CSRF-Token"] = csrf();
  }
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(seconds * 1000),
      cache: "no-store",
    });
  } catch {
    throw new Refusal(0, t("problem_network"));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (path !== "session" && needsLogin(response.status, body)) update((s) => (s.login.needed = true));
  const reason = answer?.detail || answer?.title;
  throw new Refusal(response.status, reason || t("problem_status", { status: response.status }));
}

/** @param {string} path @param {Record<string, string|number|undefined>} values */
export function query(path, values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return `${path}?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}

/** @param {string} username @param {string} password */
export async function logIn(username, password) {
  const answer = await call("session", { username, password });
  try {
    if (answer?.csrf) sessionStorage.setItem(CSRF, answer.csrf);
  } catch {
    // storage may be forbidden
  }
  return answer;
}
