// Small line charts in SVG, coloured by the style sheet.

import { draw, id, make } from "./dom.js";

const WIDTH = 340, HEIGHT = 190, LEFT = 46, BOTTOM = 34, TOP = 12, RIGHT = 12;

/**
 * lines: [{ name, x, y, kind }]; kind is a class of the style sheet: first, second, thin, born, plain.
 * More: title, across and up (labels), marker (an x), logarithmic, square, reach ([low, high] of both axes).
 */
export function chart({ lines, title, across, up, marker, logarithmic = false, square = false, reach, dots = false }) {
  const height = square ? WIDTH - LEFT - RIGHT + TOP + BOTTOM : HEIGHT;
  const good = (v) => Number.isFinite(v) && (!logarithmic || v > 0);
  const scale = logarithmic ? Math.log10 : (v) => v;
  const xs = reach ?? ends(lines.flatMap((line) => line.x));
  const ys = reach ?? padded(ends(lines.flatMap((line) => line.y.filter(good).map(scale))));
  const px = (x) => LEFT + ((x - xs[0]) / (xs[1] - xs[0] || 1)) * (WIDTH - LEFT - RIGHT);
  const py = (y) => height - BOTTOM - ((scale(y) - ys[0]) / (ys[1] - ys[0] || 1)) * (height - TOP - BOTTOM);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "chart", role: "img", "aria-label": title });
  for (const y of ticks(ys)) {
    const value = logarithmic ? 10 ** y : y;
    svg.append(draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: py(value), y2: py(value) }));
    svg.append(draw("text", { class: "tick", x: LEFT - 6, y: py(value) + 4, "text-anchor": "end" }, short(value)));
  }
  for (const x of ticks(xs)) {
    svg.append(draw("text", { class: "tick", x: px(x), y: height - BOTTOM + 17, "text-anchor": "middle" }, short(x)));
  }
  svg.append(draw("text", { class: "axis", x: (LEFT + WIDTH - RIGHT) / 2, y: height - 4, "text-anchor": "middle" }, across));
  const clip = id("clip");
  const frame = { x: LEFT - 4, y: TOP - 4, width: WIDTH - LEFT - RIGHT + 8, height: height - TOP - BOTTOM + 8 };
  svg.append(draw("clipPath", { id: clip }, draw("rect", frame)));
  for (const { x, y, kind } of lines) {
    const points = x.map((v, i) => [v, y[i]]).filter(([v, w]) => good(w) && (!reach || inside(v, reach)));
    const d = points.map(([v, w], i) => `${i ? "L" : "M"}${px(v).toFixed(1)} ${py(w).toFixed(1)}`).join("");
    svg.append(draw("path", { class: `line ${kind}`, "clip-path": `url(#${clip})`, d }));
    if (dots) for (const [v, w] of points) svg.append(draw("circle", { class: `dot ${kind}`, cx: px(v), cy: py(w), r: 2.6 }));
  }
  if (marker !== undefined) {
    svg.append(draw("line", { class: "marker", x1: px(marker), x2: px(marker), y1: TOP, y2: height - BOTTOM }));
    for (const { x, y, kind } of lines) {
      const value = y[x.indexOf(marker)];
      if (good(value)) svg.append(draw("circle", { class: `dot now ${kind}`, cx: px(marker), cy: py(value), r: 4.5 }));
    }
  }
  const caption = make("figcaption", {}, make("strong", {}, title), up ? `, ${up}` : "");
  return make("figure", { class: "charted" }, caption, svg);
}

/** The names of lines with their colours. */
export function legend(lines) {
  return make("ul", { class: "legend" }, lines.map(({ name, kind }) => make("li", { class: kind }, name)));
}

function ends(values) {
  return values.length ? [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] : [0, 1];
}

function padded([low, high]) {
  const margin = 0.06 * (high - low || Math.abs(high) || 1);
  return [low - margin, high + margin];
}

function inside(value, [low, high]) {
  return value >= low && value <= high;
}

/** Round numbers between two ends, four or five of them. */
function ticks([low, high]) {
  const raw = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999);
  const found = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9 * step; v += step) found.push(Math.abs(v) < 1e-9 * step ? 0 : v);
  return found;
}

function short(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  return size < 0.001 || size >= 1e5 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}
