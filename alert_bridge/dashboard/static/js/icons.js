// @ts-check
/* Shapes and icons. Shape says how bad; filled: nobody has it, hollow: somebody has it or it is over. */
import { html, svg } from "../vendor/lit-html/lit-html.js";
import { t } from "./strings.js";

/** Outlines on a 16 by 16 ground. @type {Record<string, string>} */
export const OUTLINE = {
  CRITICAL: "M5 1h6l4 4v6l-4 4H5l-4-4V5z",
  HIGH: "M8 1.2 15.4 14.6H.6z",
  MEDIUM: "M8 .8 15.2 8 8 15.2.8 8z",
  LOW: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2z",
};

/** The exclamation mark cut out of a filled shape. @type {Record<string, string>} */
const BANG = {
  CRITICAL: "M7 3.8h2l-.3 5.2H7.3zM8 10.1a1.1 1.1 0 1 1 0 2.2 1.1 1.1 0 0 1 0-2.2z",
  HIGH: "M7.1 5.8h1.8l-.3 4.2H7.4zM8 10.9a1 1 0 1 1 0 2 1 1 0 0 1 0-2z",
  MEDIUM: "M7.2 4.4h1.6l-.2 4.2H7.4zM8 9.6a1 1 0 1 1 0 2 1 1 0 0 1 0-2z",
  LOW: "M0 0",
};

/** Stroked icons: path, stroke width. @type {Record<string, [string, number]>} */
const STROKED = {
  OK: ["M8 1.4a6.6 6.6 0 1 1 0 13.2A6.6 6.6 0 0 1 8 1.4zM4.8 8.2l2.3 2.4 4.2-4.9", 1.8],
  check: ["m2.5 8.5 3.6 3.7L13.5 4", 1.8],
  clock: ["M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8zM8 4.4V8l2.6 1.8", 1.5],
  mute: ["M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8zM3.7 12.3l8.6-8.6", 1.5],
  bell: ["M3.5 11.5h9L11.3 9.8V6.8a3.3 3.3 0 0 0-6.6 0v3zM6.6 13.2h2.8", 1.5],
  close: ["m3.5 3.5 9 9m0-9-9 9", 1.6],
  find: ["M7 2.7a4.3 4.3 0 1 1 0 8.6 4.3 4.3 0 0 1 0-8.6zM10.2 10.2l3.6 3.6", 1.5],
  up: ["m3.5 10 4.5-4.5 4.5 4.5", 1.6],
  down: ["m3.5 6 4.5 4.5L12.5 6", 1.6],
  book: ["M2.5 3.5h4.2C7.5 3.5 8 4 8 4.7V13c0-.7-.5-1.2-1.3-1.2H2.5zM13.5 3.5H9.3C8.5 3.5 8 4 8 4.7V13c0-.7.5-1.2 1.3-1.2h4.2z", 1.4],
  flag: ["M4 14.5v-13h8.5l-2 3 2 3H4", 1.5],
  anomaly: ["M8 1.8 14.2 8 8 14.2 1.8 8zM8 7.2v1.6M7.2 8h1.6", 1.7],
  pattern_new: ["M8 1.5v13M1.5 8h13M3.4 3.4l9.2 9.2M12.6 3.4l-9.2 9.2", 1.5],
  pattern_bursting: ["M2.5 14v-2.5M6.2 14V9M9.8 14V6M13.5 14V2", 2.2],
  pattern_rare: ["M2 13.5h12M8 13.5V3", 1.7],
  pattern: ["M2 4h12M2 8h8M2 12h12", 1.5],
  overview: ["M2 2.5h12v4H2zM2 9h5v5H2zM9.5 9H14v5H9.5z", 1.4],
  link: ["m6.5 9.5 3-3M7 4.5 8.5 3a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3 3 0 0 1 3 8.5L4.5 7", 1.4],
  health: ["M8 5.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4", 1.4],
  keyboard: ["M1.5 4.5h13v7.5h-13zM4 7h1M7.5 7h1M11 7h1M5 9.7h6", 1.3],
};

/** @param {unknown} content @param {number} size @param {string} tone */
const frame = (content, size, tone) =>
  html`<svg class=${tone} width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">${content}</svg>`;

/** @param {string} name @param {number} [size] @param {string} [tone] a class that sets the colour */
export function icon(name, size = 16, tone = "") {
  if (name === "more") return frame(DOTS, size, tone);
  const [path, width] = STROKED[name];
  return frame(svg`<path d=${path} fill="none" stroke="currentColor" stroke-width=${width} stroke-linejoin="round"/>`, size, tone);
}

const DOTS = svg`<g fill="currentColor"><circle cx="3" cy="8" r="1.4"/><circle cx="8" cy="8" r="1.4"/><circle cx="13" cy="8" r="1.4"/></g>`;

const DASHED = svg`<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="2.6 1.7"/><path d="M6 6.3c0-2.6 4-2.5 4-.1 0 1.6-2 1.6-2 3.2M8 11v1.4" fill="none" stroke="currentColor" stroke-width="1.6"/>`;

/** The shape of a severity, or of "well" and "unknown". @param {string} level @param {number} [size] @param {boolean} [held] */
export function shape(level, size = 16, held = false) {
  if (level === "OK") return icon("OK", size, "is-OK");
  if (level === "UNKNOWN") return frame(DASHED, size, "is-UNKNOWN");
  const content = held
    ? svg`<path d=${OUTLINE[level]} fill="none" stroke="currentColor" stroke-width="1.7" transform="translate(.8 .8) scale(.9)"/>`
    : svg`<path d=${OUTLINE[level]} fill="currentColor"/><path class="cut" d=${BANG[level]}/>`;
  return frame(content, size, `is-${level}`);
}

/** Shape and word. @param {string} level @param {boolean} [held] */
export const severityMark = (level, held = false) =>
  html`<span class="sev is-${level}">${shape(level, 16, held)}${t(level)}</span>`;

/** @type {Record<string, string>} */
const STATUS_ICON = { firing: "bell", acknowledged: "check", snoozed: "clock", suppressed: "mute", resolved: "check" };

/** @param {string} status */
export const statusMark = (status) =>
  html`<span class="who">${icon(STATUS_ICON[status] ?? "bell", 14)}${t(status)}</span>`;

export const LOGO = html`<svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d="M2 3h16v2H2zM2 15h16v2H2z" fill="currentColor"/><path d="M2 11h4l2-4 3.5 6 2-2H18" fill="none" stroke="currentColor" stroke-width="1.7"/></svg>`;
