// Pictures as numbers: read, shown through a grey window, and subtracted.

import { bytes } from "./api.js";

const kept = new Map();
const KEPT = 200;
const HEAT = [ // from no difference to a large one
  [0, 0, 4], [40, 11, 84], [101, 21, 110], [159, 42, 99], [212, 72, 66], [245, 125, 21], [250, 193, 39], [252, 255, 164],
];

/** {values, height, width, channels} of a picture of a job; values as Float32Array. */
export function load(job, picture) {
  const key = `${job}/${picture.file}`;
  if (!kept.has(key)) {
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
    kept.set(key, bytes(job, picture.file).then((buffer) => decoded(buffer, picture)));
  }
  return kept.get(key);
}

/** The values of levels from `low` to `high`. */
export function decoded(buffer, { file, low, high, height, width, channels = 1 }) {
  const levels = file.endsWith("u8") ? new Uint8Array(buffer) : new Uint16Array(buffer);
  const step = (high - low) / (file.endsWith("u8") ? 255 : 65535);
  const values = Float32Array.from(levels, (level) => low + step * level);
  return { values, height, width, channels };
}

/** Show a picture: black at `low`, white at `high`. */
export function show(canvas, picture, low, high) {
  const scale = 255 / (high - low || 1);
  paint(canvas, picture, (rgba, at, values, from, channels) => {
    for (let c = 0; c < 3; c++) rgba[at + c] = scale * (values[from + (channels === 3 ? c : 0)] - low);
  });
}

/** Show sizes of values from 0 to `most` as heat. */
export function heat(canvas, picture, most) {
  paint(canvas, picture, (rgba, at, values, from) => {
    const colour = heatColour(values[from] / (most || 1));
    for (let c = 0; c < 3; c++) rgba[at + c] = colour[c];
  });
}

export function heatColour(share) {
  const place = Math.min(Math.max(share, 0), 1) * (HEAT.length - 1);
  const k = Math.min(Math.floor(place), HEAT.length - 2);
  return HEAT[k].map((value, c) => value + (place - k) * (HEAT[k + 1][c] - value));
}

/** Show a filter: red above 0, blue below, the paper's grey at 0. */
export function signed(canvas, picture, most) {
  paint(canvas, picture, (rgba, at, values, from) => {
    const v = Math.min(Math.max(values[from] / (most || 1), -1), 1);
    const end = v > 0 ? [186, 40, 40] : [33, 92, 175];
    for (let c = 0; c < 3; c++) rgba[at + c] = 243 + Math.abs(v) * (end[c] - 243);
  });
}

/** |a - b|, the mean over colours. */
export function difference(a, b) {
  const values = new Float32Array(a.height * a.width);
  for (let i = 0; i < values.length; i++) {
    let sum = 0;
    for (let c = 0; c < a.channels; c++) sum += Math.abs(a.values[a.channels * i + c] - b.values[b.channels * i + c]);
    values[i] = sum / a.channels;
  }
  return { values, height: a.height, width: a.width, channels: 1 };
}

/** The value that a share of all values does not exceed. */
export function quantile({ values }, share) {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function paint(canvas, picture, colour) {
  const { height, width, values, channels } = picture;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    colour(image.data, 4 * i, values, channels * i, channels);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
