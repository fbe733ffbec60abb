// @ts-check
/* How a log pattern and an anomaly are written: placeholders and masked data as chips, never as markup. */
import { html } from "../vendor/lit-html/lit-html.js";
import { has, japanese, t } from "./strings.js";

/** What stands out about a pattern, the most telling first. @type {("new"|"bursting"|"rare")[]} */
const KINDS = ["new", "bursting", "rare"];

/** @param {any} pattern @returns {"new"|"bursting"|"rare"|"usual"} */
export const kindOf = (pattern) => KINDS.find((kind) => pattern[kind]) ?? "usual";

/** Why the severity is what it is, in a sentence. @param {any} pattern @returns {string} */
export const severityReason = (pattern) => (japanese() && pattern.explanation_ja) || pattern.explanation || "";

/** @param {any} family @returns {string} */
export const familyName = (family) => (family ? (japanese() && family.name_ja) || family.name : "");

/** A predefined pattern has a name in both languages; a found one is its own template. @param {any} pattern @returns {string} */
export const patternTitle = (pattern) => (japanese() && pattern.description_ja) || pattern.description || pattern.pattern_id;

/** @param {any} pattern */
export const patternText = (pattern) =>
  pattern.kind === "predefined" ? html`<span>${patternTitle(pattern)}</span>` : html`<span class="mono">${chips(patternTitle(pattern))}</span>`;

/** Text with <placeholders> and what was masked, such as [email], as chips. @param {string} text */
export const chips = (text) =>
  text.split(/(<[A-Za-z*][\w:*.-]{0,40}>|\[[a-z-]{2,20}\])/).map((piece, i) => {
    const inside = piece.slice(1, -1);
    if (i % 2 === 0) return piece;
    if (piece.startsWith("<")) return html`<i class="chip">${inside}</i>`;
    return has(`masked_${inside}`) ? html`<i class="chip masked">${t(`masked_${inside}`)}</i>` : piece;
  });

/** Text with `commands` and `names` set off. @param {string} text */
export const codes = (text) => text.split("`").map((piece, i) => (i % 2 ? html`<span class="code">${piece}</span>` : piece));

/** What the detectors say about an anomaly. @param {any} anomaly @returns {string} */
export const explanationOf = (anomaly) =>
  (japanese() && anomaly.explanation_ja) || anomaly.explanation || anomaly.anomaly_type || "";
