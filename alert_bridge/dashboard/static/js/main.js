// @ts-check
/* The page: draws the state, and puts the focus, the title and the theme where they belong. */
import { html, nothing, render } from "../vendor/lit-html/lit-html.js";
import { readMore } from "./finder.js";
import { listen, walk } from "./keys.js";
import { refreshPart, start } from "./live.js";
import { openAlert, openMetric, refreshSeries } from "./reading.js";
import { route } from "./route.js";
import { onChange, state, tileOf, update } from "./store.js";
import { locale, t } from "./strings.js";
import { alertDrawer } from "./views/drawer.js";
import { frame, login, more } from "./views/frame.js";
import { health } from "./views/health.js";
import { alertList } from "./views/list.js";
import { logs } from "./views/logs.js";
import { metricDrawer } from "./views/metric.js";
import { overview } from "./views/overview.js";
import { shortLine, whole } from "./views/summary.js";

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
const favicon = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
let drawn = { view: "", drawer: "" };

/** @param {unknown} content @param {unknown} drawer @param {string} [how] */
const split = (content, drawer, how = "open") =>
  html`<div class="split ${drawer === nothing ? "" : how}"><div class="stack">${content}</div>${drawer}</div>`;

/** @param {import("./views/summary.js").Whole} all */
function page(all) {
  const { view, id, query } = route();
  const metric = query.get("metric") ?? "";
  const span = query.get("span") ?? "3600";
  if (view === "alerts") {
    void openAlert(id);
    return split(alertList(all, id), id ? alertDrawer(id, walk) : nothing);
  }
  const shown = view === "overview" && metric && state.overview ? metric : "";
  void openMetric(shown, Number(span), tileOf(shown)?.worst?.instance ?? "");
  if (view === "more") return split(more(), nothing);
  if (view === "health") return split(health(all), nothing);
  if (view === "logs") return split(logs(all), nothing);
  return split(overview(all), shown ? metricDrawer(metric, span) : nothing, "over");
}

function dress() {
  const page = document.documentElement;
  locale.language = state.language === "ja" ? "ja" : "en";
  page.lang = locale.language;
  if (state.theme === "light" || state.theme === "dark") page.dataset.theme = state.theme;
  else delete page.dataset.theme;
}

/** @param {import("./views/summary.js").Whole} all */
function label(all) {
  document.title = `${all.n.loud ? `(${all.n.loud}) ` : ""}${shortLine(all)} · ${t("product")}`;
  const wanted = `icons/${all.level.toLowerCase()}.svg`;
  if (favicon.getAttribute("href") !== wanted) favicon.href = wanted;
}

/** Focus goes to the drawer on opening and back to its row on closing; a new view starts at its top. */
function moveFocus() {
  const { view } = route();
  const before = drawn;
  drawn = { view, drawer: state.drawer.id };
  if (drawn.drawer && drawn.drawer !== before.drawer) {
    /** @type {HTMLElement|null} */ (document.querySelector(".drawer"))?.focus({ preventScroll: true });
  } else if (!drawn.drawer && before.drawer && before.view === view) {
    const name = before.drawer.startsWith("metric:") ? `[data-tile="${CSS.escape(before.drawer.split(":")[1])}"]` : `[data-alert="${CSS.escape(before.drawer)}"]`;
    /** @type {HTMLElement|null} */ (document.querySelector(name))?.focus({ preventScroll: true });
  } else if (before.view && before.view !== view) {
    scrollTo(0, 0);
    if (view === "logs" || view === "health") refreshPart(view === "logs" ? "analyzer" : "health");
    document.getElementById("main")?.focus({ preventScroll: true });
  }
}

function draw() {
  dress();
  if (state.login.needed) {
    render(login(), root);
    document.title = `${t("login")} · ${t("product")}`;
    return;
  }
  const all = whole();
  render(frame(all, page(all)), root);
  label(all);
  moveFocus();
  watch();
}

const headlineSeen = new IntersectionObserver(
  ([entry]) => document.documentElement.toggleAttribute("data-headline", entry.isIntersecting),
  { rootMargin: "-48px 0px 0px" },
);
const timelineSized = new ResizeObserver(([entry]) => {
  const width = Math.round(entry.contentRect.width);
  if (width && width !== state.width) update((s) => (s.width = width));
});
/** @type {{headline: Element|null, timeline: Element|null}} */
const watched = { headline: null, timeline: null };

/** Pieces of a long list come and go with the screen; its last one asks for the next page. */
const piecesSeen = new IntersectionObserver(
  (entries) =>
    update((s) => {
      for (const { target, isIntersecting } of entries) {
        const piece = Number(/** @type {HTMLElement} */ (target).dataset.piece);
        if (!target.isConnected) continue;
        if (isIntersecting) s.pieces.add(piece);
        else s.pieces.delete(piece);
      }
    }),
  { rootMargin: "1200px 0px" },
);

/** What has to be measured once it is on the screen. */
function watch() {
  const headline = document.querySelector(".headline");
  if (headline !== watched.headline) {
    headlineSeen.disconnect();
    document.documentElement.toggleAttribute("data-headline", false);
    if (headline) headlineSeen.observe(headline);
    watched.headline = headline;
  }
  const timeline = document.querySelector(".timeline");
  if (timeline !== watched.timeline) {
    timelineSized.disconnect();
    if (timeline) timelineSized.observe(timeline);
    watched.timeline = timeline;
  }
  const pieces = document.querySelectorAll("[data-piece]");
  for (const piece of pieces) piecesSeen.observe(piece);
  if (pieces.length && state.pieces.has(pieces.length - 1)) readMore();
  const dialog = document.querySelector("dialog");
  if (dialog && !dialog.open) dialog.showModal();
}

onChange(draw);
listen();
for (const query of ["(max-width: 63.99rem)", "(max-width: 39.99rem)", "(prefers-color-scheme: dark)"]) {
  matchMedia(query).addEventListener("change", () => update());
}
setInterval(refreshSeries, 15_000);
start();
