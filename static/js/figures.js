// The charts of the figures page: a bundle of its own, because nothing else needs uPlot. What is drawn stands in the
// page as JSON and, as words, in the table below; each chart is a slider over its days, so that a keyboard can read it.
import uPlot from "uplot";

const data = JSON.parse(document.getElementById("figures-data")?.textContent || "null");
const figures = document.querySelector("[data-figures]");
const compact = new Intl.NumberFormat(figures?.dataset.lang, { notation: "compact" });
const percent = new Intl.NumberFormat(figures?.dataset.lang, { style: "percent" });
const STEPS = [1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000, 1728000, 4320000, 8640000, 31536000];

/** Seconds as an axis has room for them. */
function short(seconds) {
  if (!seconds) return "0";
  const [size, unit] = seconds < 60 ? [1, "s"] : seconds < 3600 ? [60, "min"] : seconds < 86400 ? [3600, "h"] : [86400, "d"];
  return `${compact.format(Math.round(seconds / size * 10) / 10)} ${unit}`;
}

const AXIS = { seconds: short, share: (n) => percent.format(n), score: (n) => n.toFixed(1), count: (n) => compact.format(n) };

/** A colour of the theme as the canvas needs it: computed, because it cannot read variables. */
function ink(name) {
  const probe = document.createElement("i");
  probe.className = `figures-ink-${name}`;
  figures.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Days between two without a value: no line would show them. */
function alone(name) {
  const { values } = data.series[name];
  return values.flatMap((value, n) => (value != null && values[n - 1] == null && values[n + 1] == null ? [n] : []));
}

function linesOf(names, unit) {
  const colours = [ink("main"), ink("other")];
  // the first of two counts is bars behind the second's line; otherwise the second line is dashed: never colour alone
  return names.map((name, n) => {
    const bars = unit === "count" && names.length > 1 && n === 0;
    const main = names.length === 1 || (unit === "count" ? n === 1 : n === 0);
    return {
      label: name, stroke: main ? colours[0] : colours[1], width: bars ? 0 : 2, dash: !main && !bars ? [4, 4] : undefined,
      fill: bars ? ink("bars") : names.length === 1 && unit === "count" ? ink("area") : undefined,
      paths: bars ? uPlot.paths.bars({ size: [0.7, 24], radius: 0.15 }) : uPlot.paths.linear(),
      points: { show: !bars, size: 5, fill: main ? colours[0] : colours[1], filter: () => (data.days.length < (unit === "count" ? 9 : 32) ? null : alone(name)) },
    };
  });
}

class Chart {
  constructor(figure) {
    this.figure = figure;
    this.plot = figure.querySelector(".figures-plot");
    this.names = figure.dataset.series.split(" ");
    this.unit = figure.dataset.unit;
    this.totals = this.names.map((name) => figure.querySelector(`[data-now="${name}"]`).textContent);
    this.day = data.days.length - 1;
    this.label = this.plot.getAttribute("aria-label");
    this.draw();
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("focus", () => this.show(this.day));
    this.plot.addEventListener("blur", () => this.rest());
  }

  draw() {
    this.chart?.destroy();
    const text = ink("text"), grid = { stroke: ink("grid"), width: 1 };
    const font = `11px ${getComputedStyle(this.plot).fontFamily}`;
    const top = { seconds: 60, share: 1, score: 5, count: 4 }[this.unit];
    this.chart = new uPlot({
      width: this.plot.clientWidth, height: 168, padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: {
        x: { time: false, range: [-0.5, data.days.length - 0.5] },
        y: { range: (_, __, max) => [0, this.unit === "share" ? 1 : Math.max(top, max * 1.08)] },
      },
      axes: [
        { stroke: text, font, size: 28, gap: 6, space: 64, grid: { show: false }, ticks: { show: false }, border: { show: true, ...grid }, incrs: [1, 2, 5, 7, 14, 28, 30, 60, 90], values: (_, at) => at.map((n) => data.days[n] ?? "") },
        { stroke: text, font, size: 52, gap: 6, space: 36, grid, ticks: { show: false }, border: { show: false }, incrs: this.unit === "seconds" ? STEPS : this.unit === "share" ? [0.25, 0.5] : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 100000], values: (_, at) => at.map(AXIS[this.unit]) },
      ],
      series: [{}, ...linesOf(this.names, this.unit)],
      hooks: { setCursor: [({ cursor }) => (cursor.idx == null || cursor.left < 0 ? this.rest() : this.show(cursor.idx, true))] },
    }, [data.days.map((_, n) => n), ...this.names.map((name) => data.series[name].values)], this.plot);
    this.plot.dataset.drawn = this.names.map((name) => data.series[name].values.filter((value) => value != null).length).join(" ");
  }

  resize() {
    const width = this.plot.clientWidth;
    if (width && width !== this.chart.width) this.chart.setSize({ width, height: 168 });
  }

  /** One day: its numbers stand where those of the period stood, and are what a screen reader says. */
  show(day, byPointer = false) {
    if (!byPointer) this.chart.setCursor({ left: this.chart.valToPos(day, "x"), top: 10 }, false);
    this.names.forEach((name) => { this.figure.querySelector(`[data-now="${name}"]`).textContent = data.series[name].said[day]; });
    this.figure.dataset.day = data.long[day];
    if (byPointer && document.activeElement !== this.plot) return;
    this.day = day;
    this.plot.setAttribute("aria-valuenow", day + 1);
    const keys = [...this.figure.querySelectorAll(".figures-key > span")].map((key) => key.textContent.trim());
    this.plot.setAttribute("aria-valuetext", `${data.long[day]}: ${keys.join(", ")}`);
  }

  rest() {
    if (document.activeElement === this.plot) return;
    this.names.forEach((name, n) => { this.figure.querySelector(`[data-now="${name}"]`).textContent = this.totals[n]; });
    delete this.figure.dataset.day;
    this.chart?.setCursor({ left: -10, top: -10 }, false);
  }

  key(event) {
    const last = data.days.length - 1;
    const to = { ArrowLeft: this.day - 1, ArrowDown: this.day - 1, ArrowRight: this.day + 1, ArrowUp: this.day + 1, PageDown: this.day - 7, PageUp: this.day + 7, Home: 0, End: last }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.show(Math.max(0, Math.min(last, to)));
  }
}

if (data && figures) {
  const charts = [...figures.querySelectorAll("[data-chart]")].map((figure) => new Chart(figure));
  const redraw = () => charts.forEach((chart) => chart.draw());
  new ResizeObserver(() => charts.forEach((chart) => chart.resize())).observe(figures);
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.fonts?.ready.then(redraw);
}

// A filter shows at once what it changes; the dates wait for the button, because they come in two.
for (const choice of document.querySelectorAll("[data-figures-ask] select")) choice.addEventListener("change", () => choice.form.requestSubmit());
