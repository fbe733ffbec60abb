// @ts-check
/* One metric over time: value, expected range, threshold, what is past it. <nw-chart> draws its property `data`. */
import plotter from "../vendor/uplot/uPlot.esm.js";
import { locale, t } from "./strings.js";
import { clock, limitWithUnit, moment, number } from "./text.js";

/**
 * @typedef {{name: string, unit: string, times: number[], values: (number|null)[], lower: (number|null)[],
 *   upper: (number|null)[], threshold: (number|null)[], direction: string, mode: string, severity: string,
 *   anomalies: number[], changes: number[], span: [number, number]|null, look: string, spoken: string, now: number}} ChartData
 *   `look` changes with theme and language: the chart is made anew.
 */

const uPlot = /** @type {any} */ (plotter);
const HEIGHT = 148;

/** Seconds between two times on the axis: whole minutes, or two ticks would read the same. */
const TICKS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];
const VALUE = 4; // its place among the series: drawn last, above band and threshold

/** Colours of the style sheet, read back because a canvas knows no custom properties. @param {HTMLElement} host */
function palette(host) {
  const probe = host.appendChild(document.createElement("i"));
  const style = getComputedStyle(probe);
  /** @type {Record<string, string>} */
  const colours = {};
  for (const name of ["ink", "ink2", "ink3", "rule", "edge", "band", "calc", "unk-tint", "sheet", "focus", "crit", "high", "med", "low"]) {
    probe.style.color = `var(--${name})`;
    colours[name] = style.color;
  }
  colours.font = `11px ${style.fontFamily}`;
  colours.bold = `600 11px ${style.fontFamily}`;
  probe.remove();
  return colours;
}

/** @type {Record<string, string>} */
const TONE = { CRITICAL: "crit", HIGH: "high", MEDIUM: "med", LOW: "low" };

/** Lowest and highest of what is drawn; from zero, unless a percentage stays high. @param {ChartData} data @returns {[number, number]} */
export function extent(data) {
  const all = [data.values, data.lower, data.upper, data.threshold].flat();
  const known = /** @type {number[]} */ (all.filter((value) => value != null && Number.isFinite(value)));
  if (!known.length) return [0, 1];
  let low = Math.min(...known);
  const high = Math.max(...known);
  if (data.unit !== "%" || low < 25) low = Math.min(0, low);
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low === 0 ? 0 : low - pad, high + pad];
}

/**
 * Stretches in which the value is past the threshold, with the crossings worked out.
 * @param {ChartData} data @returns {{time: number, value: number, limit: number}[][]}
 */
export function stretches(data) {
  const sign = data.direction === "lower" ? -1 : 1;
  const found = [];
  /** @type {{time: number, value: number, limit: number}[]} */
  let open = [];
  /** @type {{time: number, value: number, limit: number}|null} */
  let before = null;
  for (let i = 0; i <= data.times.length; i += 1) {
    const value = data.values[i];
    const limit = data.threshold[i];
    const here = value == null || limit == null ? null : { time: data.times[i], value, limit };
    const past = here !== null && sign * (here.value - here.limit) > 0;
    if (here && before && past !== open.length > 0) {
      const a = before.value - before.limit;
      const share = a / (a - (here.value - here.limit));
      const level = before.limit + share * (here.limit - before.limit);
      open.push({ time: before.time + share * (here.time - before.time), value: level, limit: level });
    }
    if (here && past) open.push(here);
    else if (open.length) {
      found.push(open);
      open = [];
    }
    before = here;
  }
  return found;
}

class Chart extends HTMLElement {
  /** @type {ChartData|null} */
  #data = null;
  /** @type {any} */
  #plot = null;
  #look = "";
  #resized = new ResizeObserver(() => this.#plot?.setSize({ width: this.clientWidth || 300, height: HEIGHT }));

  /** @param {ChartData|null} data */
  set data(data) {
    if (!data || this.#data === data) return;
    this.#data = data;
    if (this.isConnected) this.#show();
  }

  connectedCallback() {
    this.tabIndex = 0;
    this.role = "img";
    this.addEventListener("keydown", this.#key);
    this.#resized.observe(this);
    if (this.#data) this.#show();
  }

  disconnectedCallback() {
    this.removeEventListener("keydown", this.#key);
    this.#resized.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #show() {
    const data = /** @type {ChartData} */ (this.#data);
    this.ariaLabel = data.spoken;
    const columns = [data.times, data.upper, data.lower, data.threshold, data.values];
    if (this.#plot && this.#look === data.look) {
      this.#plot.setData(columns);
      return;
    }
    this.#plot?.destroy();
    this.#look = data.look;
    this.#plot = new uPlot(this.#options(palette(this)), columns, this);
  }

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (!step || !this.#plot || !this.#data) return;
    event.preventDefault();
    const last = this.#data.times.length - 1;
    const index = Math.max(0, Math.min(last, (this.#plot.cursor.idx ?? last) + step));
    this.#plot.setCursor({ left: this.#plot.valToPos(this.#data.times[index], "x"), top: 10 });
  };

  /** @param {Record<string, string>} ink @returns {any} */
  #options(ink) {
    const warming = this.#data?.mode === "warming";
    const axis = { stroke: ink.ink3, font: ink.font, ticks: { show: false } };
    return {
      width: this.clientWidth || 300,
      height: HEIGHT,
      padding: [14, 16, 0, 0],
      legend: { show: false },
      tzDate: (/** @type {number} */ at) => uPlot.tzDate(new Date(at * 1000), locale.timezone),
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: {
          size: (/** @type {any} */ _, /** @type {number} */ i) => (i === VALUE ? 8 : 0),
          width: (/** @type {any} */ _, /** @type {number} */ i) => (i === VALUE ? 1.5 : 0),
          fill: ink.focus,
          stroke: ink.sheet,
        },
      },
      scales: { x: { time: true }, y: { range: () => extent(/** @type {ChartData} */ (this.#data)) } },
      axes: [
        { ...axis, size: 22, gap: 4, space: 64, incrs: TICKS, grid: { show: false }, border: { show: true, stroke: ink.edge, width: 1 }, values: (/** @type {any} */ _, /** @type {number[]} */ at) => this.#times(at) },
        { ...axis, size: 44, gap: 6, space: 28, grid: { stroke: ink.rule, width: 1 }, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((value) => number(value, 0, 2)) },
      ],
      bands: [{ series: [1, 2], fill: ink.band }],
      series: [
        {},
        { points: { show: false }, stroke: "transparent", width: 0 },
        { points: { show: false }, stroke: "transparent", width: 0 },
        { points: { show: false }, stroke: ink.calc, width: 1.5, dash: warming ? [1.5, 3] : [5, 3] },
        { points: { show: false }, stroke: ink.ink, width: 1.5 },
      ],
      hooks: {
        drawClear: [(/** @type {any} */ u) => this.#gaps(u, ink)],
        draw: [(/** @type {any} */ u) => this.#marks(u, ink)],
        setCursor: [(/** @type {any} */ u) => this.#read(u)],
      },
    };
  }

  /** @param {number[]} at */
  #times(at) {
    const data = /** @type {ChartData} */ (this.#data);
    const long = data.times.length > 1 && data.times[data.times.length - 1] - data.times[0] > 86_400;
    return at.map((time) => (long ? moment(time, data.now) : clock(time)));
  }

  /** Tell the readout which point the cursor is on; null away from the chart. @param {any} u */
  #read(u) {
    const away = u.cursor.left == null || u.cursor.left < 0;
    this.dispatchEvent(new CustomEvent("readout", { detail: away ? null : u.cursor.idx }));
  }

  /** Shade where values are missing, so that a gap is not read as a quiet stretch. @param {any} u @param {Record<string, string>} ink */
  #gaps(u, ink) {
    const data = /** @type {ChartData} */ (this.#data);
    u.ctx.fillStyle = ink["unk-tint"];
    for (let i = 0; i < data.times.length; i += 1) {
      if (data.values[i] != null) continue;
      const left = u.valToPos(data.times[Math.max(0, i - 1)], "x", true);
      const right = u.valToPos(data.times[Math.min(data.times.length - 1, i + 1)], "x", true);
      u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
    }
  }

  /** @param {any} u @param {Record<string, string>} ink */
  #marks(u, ink) {
    const data = /** @type {ChartData} */ (this.#data);
    const ctx = u.ctx;
    const px = uPlot.pxRatio;
    const x = (/** @type {number} */ time) => u.valToPos(time, "x", true);
    const y = (/** @type {number} */ value) => u.valToPos(value, "y", true);
    const tone = ink[TONE[data.severity] ?? "high"];
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top - 2 * px, u.bbox.width, u.bbox.height + 6 * px);
    ctx.clip();
    ctx.lineJoin = "round";
    for (const stretch of data.mode === "warming" && !data.span ? [] : stretches(data)) {
      ctx.beginPath();
      for (const point of stretch) ctx.lineTo(x(point.time), y(point.value));
      ctx.strokeStyle = tone;
      ctx.lineWidth = 2.5 * px;
      ctx.setLineDash([]);
      ctx.stroke();
      for (const point of stretch.toReversed()) ctx.lineTo(x(point.time), y(point.limit));
      ctx.globalAlpha = 0.14;
      ctx.fillStyle = tone;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
    if (data.span) {
      const left = x(Math.max(data.span[0], data.times[0]));
      ctx.fillStyle = tone;
      ctx.fillRect(left, u.bbox.top + u.bbox.height, Math.max(2 * px, x(data.span[1]) - left), 3 * px);
    }
    ctx.restore();
    this.#flags(u, ink, px);
    this.#diamonds(u, ink, px);
    this.#limitLabel(u, ink, px);
  }

  /** @param {any} u @param {Record<string, string>} ink @param {number} px */
  #flags(u, ink, px) {
    const data = /** @type {ChartData} */ (this.#data);
    for (const at of data.changes) {
      if (at < data.times[0] || at > data.times[data.times.length - 1]) continue;
      const x = u.valToPos(at, "x", true);
      const top = u.bbox.top - 12 * px;
      u.ctx.strokeStyle = u.ctx.fillStyle = ink.ink2;
      u.ctx.lineWidth = px;
      u.ctx.setLineDash([2 * px, 2 * px]);
      u.ctx.beginPath();
      u.ctx.moveTo(x, top);
      u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
      u.ctx.stroke();
      u.ctx.setLineDash([]);
      u.ctx.fill(new Path2D(`M${x} ${top}h${9 * px}l${-2.5 * px} ${3.5 * px}l${2.5 * px} ${3.5 * px}h${-9 * px}z`));
    }
  }

  /** @param {any} u @param {Record<string, string>} ink @param {number} px */
  #diamonds(u, ink, px) {
    const data = /** @type {ChartData} */ (this.#data);
    for (const at of data.anomalies) {
      const index = data.times.findIndex((time) => time >= at);
      const value = data.values[index];
      if (value == null) continue;
      const x = u.valToPos(data.times[index], "x", true);
      const y = u.valToPos(value, "y", true);
      const r = 6 * px;
      u.ctx.beginPath();
      u.ctx.moveTo(x, y - r);
      u.ctx.lineTo(x + r, y);
      u.ctx.lineTo(x, y + r);
      u.ctx.lineTo(x - r, y);
      u.ctx.closePath();
      u.ctx.fillStyle = ink.sheet;
      u.ctx.fill();
      u.ctx.strokeStyle = ink.calc;
      u.ctx.lineWidth = 1.75 * px;
      u.ctx.stroke();
    }
  }

  /** @param {any} u @param {Record<string, string>} ink @param {number} px */
  #limitLabel(u, ink, px) {
    const data = /** @type {ChartData} */ (this.#data);
    const first = data.threshold.find((value) => value != null);
    const last = data.threshold.findLast((value) => value != null);
    if (first == null || last == null) return;
    const lower = data.direction === "lower";
    u.ctx.save();
    u.ctx.font = ink.bold.replace("11px", `${11 * px}px`);
    u.ctx.fillStyle = ink.calc;
    u.ctx.textAlign = "left";
    u.ctx.textBaseline = lower ? "top" : "bottom";
    const text = t(lower ? "threshold_lower" : "threshold_upper", { v: limitWithUnit(data.name, last, data.unit) });
    u.ctx.fillText(text, u.bbox.left + 4 * px, u.valToPos(first, "y", true) + (lower ? 4 : -3) * px);
    u.ctx.restore();
  }
}

customElements.define("nw-chart", Chart);
