// A walk through the stages of a network: image, error, filters, curves, data consistency.

import { bytes, json } from "./api.js";
import { chart } from "./chart.js";
import { fill, fixed, id, labelled, make } from "./dom.js";
import { decoded, difference, heat, load, quantile, show, signed } from "./picture.js";

const PACE = 550; // milliseconds a stage

/** The section for a file of stages. item: the result that it belongs to. */
export async function stages(job, file, item) {
  const view = await json(job, file);
  const levels = decoded(await bytes(job, view.file), { ...view, height: view.height * view.count });
  const truth = item.pictures.find(({ name }) => name === item.truth);
  return new Walk(view, levels, truth ? await load(job, truth) : null, item.name).element;
}

class Walk {
  constructor(view, levels, truth, name) {
    Object.assign(this, { view, levels, truth });
    this.image = make("canvas", { role: "img" });
    this.error = make("canvas", { role: "img" });
    this.captions = [make("figcaption"), make("figcaption")];
    this.range = make("input", {
      type: "range", min: 0, max: view.count - 1, value: view.count - 1, step: 1, id: id("stage"), input: () => this.draw(),
    });
    this.place = make("output", { for: this.range.id });
    this.play = make("button", { type: "button", class: "quiet", click: () => this.toggle() }, "Play");
    this.kind = make("select", { change: () => this.draw() });
    fill(this.kind, [...(truth ? [["truth", "error against the truth"]] : []), ["before", "change by this stage"]],
      truth ? "truth" : "before");
    this.charts = make("div", { class: "charts" });
    this.numbers = make("div", { class: "numbers" });
    const label = make("label", { for: this.range.id }, "Stage");
    this.element = make(
      "section",
      { class: "stages" },
      make("h2", {}, `Inside ${view.method}`),
      make("p", { class: "about" },
        `An algorithm of ${view.count - 1} steps whose numbers were learned: what each of them did to ${name}. `,
        view.summary ? make("span", { class: "quietly" }, `Weights ${view.weights}: ${view.summary}.`) : ""),
      make("div", { class: "controls" }, make("div", { class: "labelled slices" }, label, this.range, this.place), this.play,
        labelled("Beside it", this.kind)),
      make("div", { class: "figures" }, make("figure", {}, this.image, this.captions[0]),
        make("figure", {}, this.error, this.captions[1])),
      this.charts,
      this.numbers,
    );
    this.scale = quantile(this.truth ?? this.stage(view.count - 1), 0.998) || 1;
    this.draw();
  }

  stage(k) {
    const { height, width } = this.view;
    return { height, width, channels: 1, values: this.levels.values.subarray(k * height * width, (k + 1) * height * width) };
  }

  title(k) {
    if (k === 0) return "start: zero-filled";
    return k > this.view.filters.length && k === this.view.count - 1 ? "last reconstruction" : `stage ${k}`;
  }

  draw() {
    const k = Number(this.range.value);
    const { view } = this;
    this.place.textContent = `${this.title(k)}, ${k} of ${view.count - 1}`;
    this.range.setAttribute("aria-valuetext", this.place.textContent);
    show(this.image, this.stage(k), 0, this.scale);
    const psnr = view.psnr ? `, PSNR ${fixed(view.psnr[k], 2)} dB` : "";
    this.captions[0].textContent = `After ${this.title(k)}${psnr}`;
    const byTruth = this.kind.value === "truth";
    const map = difference(this.stage(k), byTruth ? this.truth : this.stage(Math.max(0, k - 1)));
    const most = byTruth ? this.worst() : quantile(map, 0.998);
    heat(this.error, map, most);
    const what = byTruth ? "Error against the truth" : "Change by this stage";
    this.captions[1].textContent = `${what}, up to ${((100 * most) / this.scale).toPrecision(2)} % of the brightest`;
    this.image.setAttribute("aria-label", this.captions[0].textContent);
    this.error.setAttribute("aria-label", this.captions[1].textContent);
    this.curves(k);
    this.inside(k);
  }

  /** One scale for the errors of all stages. */
  worst() {
    this.most ??= quantile(difference(this.stage(this.view.count - 1), this.truth), 0.998) * 2;
    return this.most;
  }

  /** PSNR and data consistency by stage. */
  curves(k) {
    const { view } = this;
    const x = view.residual.map((_, i) => i);
    const common = { across: "stage", marker: k, dots: true };
    const psnr = view.psnr
      ? [chart({ ...common, title: "PSNR", up: "dB", lines: [{ x, y: view.psnr, kind: "first" }] })]
      : [];
    const kept = chart({ ...common, title: "Data consistency", up: "‖Ax − y‖ / ‖y‖", logarithmic: true,
      lines: [{ x, y: view.residual.map((v, i) => (i ? v : NaN)), kind: "second" }] });
    this.charts.replaceChildren(...psnr, kept);
  }

  /** Filters and shrinkage curves of a stage. */
  inside(k) {
    const { view } = this;
    const learned = view.filters[k - 1];
    if (!learned) {
      const text = k === 0 ? "The start has no filters: choose a stage." : "The last reconstruction has no shrinkage.";
      this.numbers.replaceChildren(make("p", { class: "quietly" }, text));
      return;
    }
    const most = Math.max(...learned.flat(2).map(Math.abs));
    const half = view.grid.at(-1) * 0.4;
    const lines = [
      { x: view.grid, y: view.grid, kind: "plain" },
      ...view.curves[k - 1].map((y) => ({ x: view.grid, y, kind: "thin" })),
      { x: view.grid, y: view.born, kind: "born" },
    ];
    const curves = chart({ lines, title: `Shrinkage curves of stage ${k}`, up: "response in, response out",
      across: "filter response", square: true, reach: [-half, half] });
    const paths = [...curves.querySelectorAll(".thin")];
    const filters = learned.map((filter, i) => {
      const canvas = make("canvas", {
        pointerenter: () => paths[i]?.classList.add("chosen"), pointerleave: () => paths[i]?.classList.remove("chosen"),
      });
      const rows = filter.length;
      signed(canvas, { values: Float32Array.from(filter.flat()), height: rows, width: rows, channels: 1 }, most);
      return canvas;
    });
    const shown = view.total > learned.length ? `the ${learned.length} strongest of ${view.total}` : `${learned.length}`;
    const size = learned[0].length;
    this.numbers.replaceChildren(
      make("figure", { class: "filters" },
        make("figcaption", {}, make("strong", {}, `Filters of stage ${k}`), `, ${shown}, ${size} x ${size}; red above 0, blue below`),
        make("div", { class: "bank", role: "img", "aria-label": `Filters of stage ${k}` }, filters)),
      curves,
    );
    curves.append(make("p", { class: "help" }, "Dashed: before training. Dotted: no shrinkage. A filter under the pointer shows its curve."));
  }

  toggle() {
    if (this.timer) return this.stop();
    this.play.textContent = "Stop";
    if (Number(this.range.value) === this.view.count - 1) this.range.value = -1;
    const step = () => {
      this.range.value = Number(this.range.value) + 1;
      this.draw();
      if (Number(this.range.value) >= this.view.count - 1 || !this.element.isConnected) this.stop();
    };
    this.range.value = 0;
    this.draw();
    this.timer = setInterval(step, PACE);
    return undefined;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }
}
