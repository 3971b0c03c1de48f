// Two results of one slice under a divider, their difference, and the scores of all.

import { fill, fixed, id, labelled, make } from "./dom.js";
import { difference, heat, heatColour, load, quantile, show } from "./picture.js";

export class Viewer {
  constructor(job) {
    this.job = job;
    this.items = [];
    this.at = 0;
    this.slice = make("input", { type: "range", min: 0, max: 0, value: 0, step: 1, input: () => this.go() });
    this.sliceName = make("output", { for: (this.slice.id = id("slice")) });
    this.left = make("select", { change: () => this.draw() });
    this.right = make("select", { change: () => this.draw() });
    this.shown = make("select", { change: () => this.draw() });
    this.bright = make("input", { type: "range", min: 20, max: 300, value: 100, input: () => this.draw() });
    this.pixels = make("input", { type: "checkbox", id: id("pixels"), change: () => this.smooth() });
    this.under = make("canvas", { "aria-hidden": "true" });
    this.over = make("canvas", { class: "over", "aria-hidden": "true" });
    this.tags = [make("span", { class: "tag left" }), make("span", { class: "tag right" })];
    this.divider = make("input", {
      type: "range", min: 0, max: 100, value: 50, step: 0.5, class: "divide",
      "aria-label": "Divider between the left and the right result", input: () => this.divide(),
    });
    this.line = make("div", { class: "line" });
    this.stack = make("div", { class: "stack", pointerdown: (e) => this.grab(e), pointermove: (e) => this.drag(e) },
      this.under, this.over, this.line, ...this.tags);
    this.map = make("canvas", { role: "img" });
    this.mapName = make("figcaption");
    this.bar = make("canvas", { class: "bar", "aria-hidden": "true" });
    this.barEnd = make("span");
    this.table = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scores" });
    this.asides = make("div", { class: "asides" });
    this.element = make("section", { class: "viewer", hidden: true, "aria-label": "Results" }, this.controls(), this.figures(),
      this.asides, this.table);
    heatBar(this.bar);
  }

  controls() {
    this.slices = make("div", { class: "labelled slices", hidden: true },
      make("label", { for: this.slice.id }, "Slice"), this.slice, this.sliceName);
    return make("div", { class: "controls" }, this.slices, labelled("Left", this.left), labelled("Right", this.right),
      labelled("Difference", this.shown), labelled("Brightness", this.bright),
      make("div", { class: "labelled check" }, this.pixels, make("label", { for: this.pixels.id }, "Pixels")));
  }

  figures() {
    const compared = make("figure", { class: "compared" }, this.stack, this.divider);
    const scale = make("div", { class: "scale" }, make("span", {}, "0"), this.bar, this.barEnd);
    return make("div", { class: "figures" }, compared, make("figure", { class: "differs" }, this.map, scale, this.mapName));
  }

  /** One more result. */
  add(item) {
    this.items.push(item);
    this.items.sort((a, b) => (a.name + 0).localeCompare(b.name + 0, "en", { numeric: true }));
    this.slice.max = this.items.length - 1;
    this.slices.hidden = this.items.length < 2;
    if (this.items.length === 1) {
      this.first = item;
      this.element.hidden = false;
      this.choose();
    } else this.at = this.items.indexOf(this.current);
    this.slice.value = this.at;
    this.name();
    if (this.items.length === 1) this.draw();
    this.scores();
  }

  get current() {
    return this.now ?? this.first;
  }

  /** Another slice. */
  go() {
    this.at = Number(this.slice.value);
    this.now = this.items[this.at];
    this.choose();
    this.name();
    this.draw();
    this.scores();
  }

  name() {
    this.sliceName.textContent = this.current.name;
    this.slice.setAttribute("aria-valuetext", this.current.name);
  }

  /** What can be chosen for this slice. */
  choose() {
    const pictures = this.current.pictures.filter((picture) => !picture.aside);
    const names = pictures.map(({ name }) => [name, name]);
    const results = names.filter(([name]) => name !== this.current.truth);
    fill(this.left, names, (results[0] ?? names[0])[0]);
    fill(this.right, names, names.at(-1)[0]);
    const kinds = [["both", "left and right"]];
    if (this.current.truth) kinds.unshift(["right", "right and truth"], ["left", "left and truth"]);
    fill(this.shown, kinds, kinds[0][0]);
  }

  /** Show what is chosen. */
  async draw() {
    const item = this.current;
    const find = (name) => item.pictures.find((picture) => picture.name === name);
    const wanted = [this.left.value, this.right.value, item.truth].map((name) => (name ? find(name) : null));
    let loaded;
    try {
      loaded = await Promise.all(wanted.map((picture) => (picture ? load(this.job, picture) : null)));
    } catch (error) {
      this.mapName.textContent = error.message;
      return;
    }
    if (item !== this.current) return;
    const [left, right, truth] = loaded;
    const top = right.channels === 3 ? 1 : quantile(truth ?? right, 0.998) || 1;
    this.low = Math.min(0, ...wanted.filter(Boolean).map(({ low }) => low));
    this.high = (top * 100) / Number(this.bright.value);
    show(this.over, left, this.low, this.high);
    show(this.under, right, this.low, this.high);
    this.tags[0].textContent = this.left.value;
    this.tags[1].textContent = this.right.value;
    this.stack.style.setProperty("aspect-ratio", `${right.width} / ${right.height}`);
    const pair = { both: [left, right], left: [left, truth], right: [right, truth] }[this.shown.value];
    const map = difference(pair[0], pair[1] ?? pair[0]);
    const most = quantile(map, 0.998);
    heat(this.map, map, most);
    this.barEnd.textContent = most > 0 ? `${((100 * most) / top).toPrecision(2)} % of the brightest` : "no difference";
    const names = { both: `${this.left.value} and ${this.right.value}`, left: `${this.left.value} and the truth`,
      right: `${this.right.value} and the truth` };
    this.mapName.textContent = `Difference of ${names[this.shown.value]}`;
    this.map.setAttribute("aria-label", this.mapName.textContent);
    this.divide();
    this.smooth();
    this.aside();
  }

  /** Pictures beside the results: where k-space was sampled. */
  async aside() {
    const pictures = this.first.pictures.filter((picture) => picture.aside);
    if (this.asides.childElementCount || !pictures.length) return;
    for (const picture of pictures) {
      const canvas = make("canvas", { role: "img", "aria-label": picture.name });
      this.asides.append(make("figure", {}, canvas, make("figcaption", {}, picture.name)));
      show(canvas, await load(this.job, picture), picture.low, picture.high);
    }
  }

  divide() {
    const share = Number(this.divider.value);
    this.over.style.setProperty("clip-path", `inset(0 ${100 - share}% 0 0)`);
    this.line.style.setProperty("left", `${share}%`);
    this.divider.setAttribute("aria-valuetext", `${Math.round(share)} % ${this.left.value}`);
  }

  grab(event) {
    event.preventDefault();
    this.stack.setPointerCapture(event.pointerId);
    this.drag(event, true);
  }

  drag(event, grabbed = false) {
    if (!grabbed && !this.stack.hasPointerCapture(event.pointerId)) return;
    const box = this.stack.getBoundingClientRect();
    this.divider.value = (100 * (event.clientX - box.left)) / box.width;
    this.divide();
  }

  smooth() {
    this.element.classList.toggle("pixels", this.pixels.checked);
  }

  /** The table: this slice, and the mean of all. */
  scores() {
    const names = Object.keys(this.current.scores ?? {});
    this.table.hidden = !names.length;
    if (!names.length) return;
    const labels = { psnr: ["PSNR, dB", 2, 1], ssim: ["SSIM", 4, 1], nmse: ["NMSE", 4, -1], ...this.current.labels };
    const columns = Object.keys(labels).filter((key) => names.some((name) => key in this.current.scores[name]));
    const many = this.items.length > 1;
    const timed = Object.keys(this.current.seconds ?? {}).length > 0;
    const mean = (name, key) => this.items.reduce((sum, item) => sum + (item.scores[name]?.[key] ?? NaN), 0) / this.items.length;
    const best = Object.fromEntries(columns.map((key) => {
      const values = names.map((name) => labels[key][2] * this.current.scores[name][key]).filter(Number.isFinite);
      return [key, labels[key][2] * Math.max(...values)];
    }));
    const row = (name) => {
      const cells = columns.map((key) => {
        const value = this.current.scores[name][key];
        return make("td", { class: names.length > 1 && value === best[key] ? "best" : "" }, fixed(value, labels[key][1]));
      });
      const means = many ? columns.slice(0, 1).map((key) => make("td", {}, fixed(mean(name, key), labels[key][1]))) : [];
      const time = timed ? [make("td", {}, fixed(this.current.seconds[name], 3))] : [];
      return make("tr", {}, make("th", { scope: "row" }, name), ...cells, ...means, ...time);
    };
    const heads = [this.current.name, ...columns.map((key) => labels[key][0]),
      ...(many ? columns.slice(0, 1).map((key) => `${labels[key][0]}, mean of ${this.items.length}`) : []),
      ...(timed ? ["seconds"] : [])];
    const head = make("thead", {}, make("tr", {}, heads.map((text) => make("th", { scope: "col" }, text))));
    this.table.replaceChildren(make("table", {}, head, make("tbody", {}, names.map(row))));
  }
}

function heatBar(canvas) {
  Object.assign(canvas, { width: 128, height: 1 });
  const context = canvas.getContext("2d");
  for (let k = 0; k < 128; k++) {
    context.fillStyle = `rgb(${heatColour(k / 127).map(Math.round).join(",")})`;
    context.fillRect(k, 0, 1, 1);
  }
}
