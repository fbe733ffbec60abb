// @ts-check
/* How a log pattern and an anomaly are written: placeholders and masked data as chips, never as markup. */
import { html } from "../vendor/lit-html/lit-html.js";
import { japanese } from "./strings.js";

/** A predefined pattern has a name in both languages; a found one is its own template. @param {any} pattern @returns {string} */
export const patternTitle = (pattern) => (japanese() && pattern.description_ja) || pattern.description || pattern.pattern_id;

/** @param {any} pattern */
export const patternText = (pattern) =>
  pattern.kind === "predefined" ? html`<span>${patternTitle(pattern)}</span>` : html`<span class="mono">${chips(patternTitle(pattern))}</span>`;

/** Text with <placeholder> and «masked» parts as chips. @param {string} text */
export const chips = (text) =>
  text.split(/(<[A-Za-z*][\w:*.-]{0,40}>|«[^«»]{1,40}»)/).map((piece) => {
    if (/^<.*>$/.test(piece)) return html`<i class="chip">${piece.slice(1, -1)}</i>`;
    if (/^«.*»$/.test(piece)) return html`<i class="chip masked">${piece.slice(1, -1)}</i>`;
    return piece;
  });

/** What the detectors say about an anomaly. @param {any} anomaly @returns {string} */
export const explanationOf = (anomaly) =>
  (japanese() && anomaly.explanation_ja) || anomaly.explanation || anomaly.anomaly_type || "";
