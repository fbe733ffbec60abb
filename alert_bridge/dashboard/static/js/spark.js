// @ts-check
/* Small pictures inside rows and tiles, drawn as SVG: they follow the theme by themselves. */
import { html, nothing, svg } from "../vendor/lit-html/lit-html.js";
import { levelOf } from "./alerts.js";
import { extent, stretches } from "./chart.js";
import { state } from "./store.js";
import { t } from "./strings.js";

const WIDTH = 120;
const HEIGHT = 34;

/** Pieces of a line between missing values. @param {(number|null)[]} values @param {(i: number) => number} x @param {(v: number) => number} y */
function line(values, x, y) {
  let path = "";
  let pen = "M";
  values.forEach((value, i) => {
    if (value == null) pen = "M";
    else {
      path += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    }
  });
  return path;
}

/** The area between two lines where both are known. @param {(number|null)[]} upper @param {(number|null)[]} lower @param {(i: number) => number} x @param {(v: number) => number} y */
function area(upper, lower, x, y) {
  const known = upper.map((value, i) => (value != null && lower[i] != null ? i : -1)).filter((i) => i >= 0);
  if (known.length < 2) return "";
  const there = known.map((i) => `${x(i).toFixed(1)} ${y(/** @type {number} */ (upper[i])).toFixed(1)}`);
  const back = known.toReversed().map((i) => `${x(i).toFixed(1)} ${y(/** @type {number} */ (lower[i])).toFixed(1)}`);
  return `M${[...there, ...back].join("L")}Z`;
}

/**
 * What a tile draws: the last hour as it was read, then what the feed brought since; nothing before the first value.
 * @param {import("./alerts.js").Tile} tile
 */
function lastHour(tile) {
  const given = tile.spark ?? { from: 0, step: 60, values: [] };
  const limits = given.threshold ?? [];
  const { value: limit, mode } = tile.threshold ?? {};
  const constant = limit != null && mode !== "adaptive" ? limit : null; // a base or fixed one was the same before it was recorded
  const points = given.values.map((/** @type {number|null} */ value, /** @type {number} */ i) => ({
    time: given.from + i * given.step, value, limit: limits[i] ?? constant,
    lower: given.expected_lower?.[i] ?? null, upper: given.expected_upper?.[i] ?? null,
  }));
  const first = points.findIndex((/** @type {any} */ point) => point.value != null);
  const read = first < 0 ? [] : points.slice(first);
  const since = read.findLast((/** @type {any} */ point) => point.value != null)?.time ?? 0;
  const newer = (state.recent.get(tile.name) ?? []).filter(([time]) => time > since).map(([time, value]) => ({
    time, value, limit: limit ?? null, lower: tile.expected?.lower ?? null, upper: tile.expected?.upper ?? null,
  }));
  return [...read.filter((/** @type {any} */ point) => !newer.length || point.time <= since), ...newer];
}

/** One hour of a tile: expected range, threshold, value, and what is past the threshold. @param {import("./alerts.js").Tile} tile */
export function spark(tile) {
  const points = lastHour(tile);
  if (points.length < 2) return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true"></svg>`;
  const column = (/** @type {string} */ key) => points.map((/** @type {any} */ point) => point[key]);
  const data = {
    name: tile.name, unit: tile.unit, times: column("time"), values: column("value"), lower: column("lower"), upper: column("upper"),
    threshold: column("limit"), direction: tile.threshold?.direction ?? "upper", mode: tile.threshold?.mode ?? "",
    severity: levelOf(tile.threshold?.severity), anomalies: [], changes: [], span: null, look: "", spoken: "", now: 0,
  };
  const seen = { ...data, threshold: near(data) ? data.threshold : [] };
  const [low, high] = extent(/** @type {any} */ (seen));
  const [from, to] = [data.times[0], data.times[data.times.length - 1]];
  const at = (/** @type {number} */ time) => 1 + ((time - from) / (to - from || 1)) * (WIDTH - 2);
  const x = (/** @type {number} */ i) => at(data.times[i]);
  const y = (/** @type {number} */ v) => 3 + (1 - (v - low) / (high - low)) * (HEIGHT - 5);
  const past = stretches(/** @type {any} */ (seen)).filter((stretch) => stretch.length > 1);
  const trace = (/** @type {any[]} */ stretch, /** @type {string} */ key) => stretch.map((p) => `${at(p.time).toFixed(1)} ${y(p[key]).toFixed(1)}`);
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <path class="c-band" d=${area(data.upper, data.lower, x, y)}/>
    <path class="c-threshold ${data.mode === "warming" ? "warming" : ""}" d=${line(seen.threshold, x, y)}/>
    ${past.map((stretch) => svg`<path class="c-past-area is-${data.severity}" d="M${[...trace(stretch, "value"), ...trace(stretch.toReversed(), "limit")].join("L")}Z"/>`)}
    <path class="c-line" d=${line(data.values, x, y)}/>
    ${past.map((stretch) => svg`<path class="c-past is-${data.severity}" d="M${trace(stretch, "value").join("L")}"/>`)}
  </svg>`;
}

/** A threshold far above what happens would flatten the line: then only its words say it. @param {any} data */
function near(data) {
  const limit = data.threshold.findLast((/** @type {number|null} */ value) => value != null);
  const known = data.values.filter((/** @type {number|null} */ value) => value != null);
  const highest = Math.max(...known, ...data.upper.filter((/** @type {number|null} */ value) => value != null), 0);
  return limit != null && (data.direction === "lower" || data.unit === "%" || limit < highest * 3);
}

/** Value against threshold and expected range. @param {number} value @param {number} limit @param {{lower: number, upper: number}|null} expected @param {string} level */
export function gauge(value, limit, expected, level) {
  const most = Math.max(value, limit, expected?.upper ?? 0) * 1.08 || 1;
  const x = (/** @type {number} */ v) => ((Math.max(0, v) / most) * 220).toFixed(1);
  const band = expected
    ? svg`<rect class="c-band" x=${x(expected.lower)} y="6" width=${Math.max(1, Number(x(expected.upper)) - Number(x(expected.lower)))} height="11"/>`
    : nothing;
  return html`<svg class="gauge is-${level}" viewBox="0 0 220 18" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    <rect class="c-rail" x="0" y="11" width="220" height="1"/>${band}
    <rect fill="currentColor" x="0" y="10.5" width=${x(value)} height="2"/>
    <rect fill="currentColor" x=${Math.max(0, Number(x(value)) - 3)} y="5.5" width="3" height="12"/>
    <rect class="c-limit" x=${x(limit)} y="2" width="2" height="16"/>
  </svg>`;
}

/** Lines of a log pattern, a bar a bucket. @param {number[]} counts @param {string} level */
export function bars(counts, level) {
  const most = Math.max(1, ...counts);
  const step = 112 / Math.max(1, counts.length);
  return html`<svg class="bars is-${level}" width="112" height="22" viewBox="0 0 112 22" role="img" aria-label=${t("trend")}>
    <rect class="c-rail" x="0" y="21" width="112" height="1"/>
    ${counts.map((count, i) => {
      const height = count ? Math.max(1.5, (count / most) * 21) : 0;
      return svg`<rect fill="currentColor" x=${(i * step).toFixed(1)} y=${(22 - height).toFixed(1)} width=${Math.max(1, step - 1).toFixed(1)} height=${height.toFixed(1)}/>`;
    })}
  </svg>`;
}
