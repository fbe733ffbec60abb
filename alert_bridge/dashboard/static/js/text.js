// @ts-check
/* Numbers, units, times and sentences as the reader's language writes them. */
import { html } from "../vendor/lit-html/lit-html.js";
import { STRINGS, has, japanese, locale, t } from "./strings.js";

/** Decimals of the metrics whose precision is known; others go by their size. @type {Record<string, number>} */
const DECIMALS = {
  cpu_percent: 0, memory_percent: 0, disk_percent: 0, network_sent_mb_s: 1, network_recv_mb_s: 1, process_count: 0,
  active_tasks: 0, completed_tasks: 0, failed_tasks: 0, error_rate: 1, response_time_ms: 0, cache_hit_rate: 1,
  api_calls: 0,
};

const region = () => (japanese() ? "ja-JP" : "en-GB");

/**
 * A text of the table as nodes: <b> stands out, {name} is filled in with a text or a template.
 * @param {string} key
 * @param {Record<string, unknown>} [values]
 */
export function rich(key, values = {}) {
  let bold = false;
  const parts = [];
  for (const piece of STRINGS[key][japanese() ? 1 : 0].split(/(<\/?b>|\{\w+\})/)) {
    if (piece === "<b>" || piece === "</b>") bold = piece === "<b>";
    else if (piece) {
      const node = piece.startsWith("{") ? values[piece.slice(1, -1)] : piece;
      parts.push(bold ? html`<b>${node}</b>` : node);
    }
  }
  return parts;
}

/** @param {string} name */
export const metricName = (name) => (has(`metric_${name}`) ? t(`metric_${name}`) : name);

/** @param {string} name @param {number} value */
function decimalsOf(name, value) {
  if (name in DECIMALS) return DECIMALS[name];
  const size = Math.abs(value);
  return Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
}

/** @param {number} value @param {number} [least] @param {number} [most] */
export const number = (value, least = 0, most = least) =>
  value.toLocaleString(region(), { minimumFractionDigits: least, maximumFractionDigits: most });

/** A measured value, with the decimals of its metric. @param {string} name @param {number} value */
export const measured = (name, value) => number(value, decimalsOf(name, value));

/** A limit: the decimals of its metric, without trailing zeros. @param {string} name @param {number} value */
export const limit = (name, value) => number(value, 0, Math.max(1, decimalsOf(name, value)));

/** The unit as it follows a number, with its space where the language has one. @param {string|undefined} unit */
export function suffix(unit) {
  if (!unit) return "";
  if (unit === "%") return japanese() ? "%" : " %";
  if (unit === "/min") return t("per_minute");
  if (unit === "/s") return t("per_second");
  return ` ${unit}`;
}

/** @param {string} name @param {number} value @param {string} [unit] */
export const withUnit = (name, value, unit) => measured(name, value) + suffix(unit);

/** @param {string} name @param {number} value @param {string} [unit] */
export const limitWithUnit = (name, value, unit) => limit(name, value) + suffix(unit);

/** @param {string|number|null|undefined} at RFC 3339 or epoch seconds @returns {number} epoch seconds, NaN where there is none */
export const epoch = (at) => (typeof at === "number" ? at : at ? Date.parse(at) / 1000 : NaN);

/** @param {number} at epoch seconds */
export const stamp = (at) => new Date(at * 1000).toISOString();

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Intl.DateTimeFormatOptions} options */
function format(options) {
  const key = region() + locale.timezone + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(region(), { timeZone: locale.timezone, ...options });
    formats.set(key, found);
  }
  return found;
}

/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** What stands for a time that is not known. */
const UNKNOWN = "–";

/** 02:49 @param {number} at epoch seconds */
export const clock = (at) => (Number.isFinite(at) ? format(CLOCK).format(at * 1000) : UNKNOWN);

/** 02:49:18 @param {number} at epoch seconds */
export const clockSeconds = (at) => (Number.isFinite(at) ? format({ ...CLOCK, second: "2-digit" }).format(at * 1000) : UNKNOWN);

/** @param {number} at epoch seconds */
const day = (at) => format({ month: japanese() ? "long" : "short", day: "numeric" }).format(at * 1000);

/** The time, with its date where that is another day than `now`. @param {number} at @param {number} now */
export const moment = (at, now) => (!Number.isFinite(at) || day(at) === day(now) ? clock(at) : `${day(at)} ${clock(at)}`);

/** Today's date with the zone, which is named here and nowhere else. @param {number} at */
export function dateWithZone(at) {
  const written = format({ weekday: "short", day: "numeric", month: "long", year: "numeric" }).format(at * 1000);
  const date = japanese() ? written.replace("(", "（").replace(")", "）") : written.replace(",", "");
  const zone = format({ timeZoneName: "short" })
    .formatToParts(at * 1000)
    .find((part) => part.type === "timeZoneName");
  return `${date}${japanese() ? " " : ", "}${zone ? zone.value : locale.timezone}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("seconds", { n: whole });
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? t("hours_minutes", { h: hours, m: minutes % 60 }) : t("hours", { n: hours });
  const days = Math.floor(hours / 24);
  return hours % 24 ? t("days_hours", { d: days, h: hours % 24 }) : t("days", { n: days });
}

/** −5 min, ±0, +2 min @param {number} seconds */
export function offset(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes === 0) return "±0";
  return `${minutes > 0 ? "+" : "−"}${t("minutes", { n: Math.abs(minutes) })}`;
}

/** A range as its button says it: minutes, then hours, never days. @param {number} seconds */
export const span = (seconds) => (seconds < 3600 ? t("minutes", { n: seconds / 60 }) : t("hours", { n: seconds / 3600 }));

/** Sentences one after the other: Japanese has no space between them. @param {unknown[]} sentences */
export const sentences = (sentences) => sentences.flatMap((one, i) => (i && !japanese() ? [" ", one] : [one]));

/** @param {string} name */
export const channelName = (name) => (has(`channel_${name}`) ? t(`channel_${name}`) : name);

/** Two letters of a Latin name, one character of another. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/[\s._-]+/);
  if (/[^\u0000-\u024f]/.test(name)) return words[0].slice(0, 1);
  return words.slice(0, 2).map((word) => word.slice(0, 1).toUpperCase()).join("");
}

/** Names joined as the language does. @param {string[]} names */
export const listed = (names) => names.join(japanese() ? "、" : ", ");

/** Search text: width, case and the two spellings of "threshold" make no difference. @param {string} text */
export const folded = (text) => text.normalize("NFKC").toLowerCase().replaceAll("\u95be\u5024", "しきい値");
