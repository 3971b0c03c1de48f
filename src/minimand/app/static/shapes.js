// Shapes on turntables, all turned together and coloured by one column of a descriptor.

import { bytes } from "./api.js";
import { id, make } from "./dom.js";
import { decoded } from "./picture.js";
import { paint, surface } from "./turntable.js";

const LARGE = 440, SMALL = 170; // pixels of a side
const SPEED = 0.5; // radians a second
const STEP = 0.12; // radians of an arrow key
const COLD = [[38, 70, 142], [49, 130, 189], [126, 188, 170], [240, 228, 160], [244, 162, 80], [196, 52, 46]];

export class Shapes {
  constructor(job) {
    Object.assign(this, { job, solids: [], yaw: 0.5, pitch: 0.2, turning: null, ready: Promise.resolve() });
    this.column = make("input", { type: "range", min: 0, max: 0, value: 0, step: 1, id: id("column"), input: () => this.recolour() });
    this.place = make("output", { for: this.column.id });
    this.play = make("button", { type: "button", class: "quiet", click: () => this.toggle() }, "Turn");
    this.first = make("div", { class: "turned" });
    this.others = make("div", { class: "solids" });
    this.element = make("section", { class: "shapes", hidden: true, "aria-label": "Shapes" },
      make("div", { class: "controls" },
        make("div", { class: "labelled slices" }, make("label", { for: this.column.id }, "Colours: column of the descriptor"),
          this.column, this.place),
        this.play),
      make("p", { class: "quietly" }, "Drag a shape, or use the arrow keys on it: all turn together. Alike places have alike colours."),
      make("div", { class: "turntables" }, this.first, this.others));
  }

  /** More shapes, one after the other; the first one of all is that which is looked for. */
  add(event) {
    this.ready = this.ready.then(() => this.append(event));
    return this.ready;
  }

  async append({ columns, solids }) {
    this.element.hidden = false;
    if (!this.solids.length) {
      this.column.max = columns - 1;
      this.column.value = Math.floor(columns / 2); // neither the coarsest nor the finest
    }
    for (const described of solids) {
      const large = !this.solids.length;
      const side = large ? LARGE : SMALL;
      const canvas = make("canvas", {
        width: side, height: side, tabindex: "0", role: "img", "aria-label": `${described.name}, ${described.note}`,
        pointerdown: (event) => this.grab(event), pointermove: (event) => this.drag(event), keydown: (event) => this.key(event),
      });
      const solid = { described, canvas };
      this.solids.push(solid);
      (large ? this.first : this.others).append(make("figure", {}, canvas,
        make("figcaption", {}, make("strong", {}, described.name), `, ${described.note}`)));
      await this.load(solid);
      this.recolour(solid);
    }
  }

  async load(solid) {
    const { points, columns, corners, vertices } = solid.described;
    const [places, values, faces] = await Promise.all([points, columns, { file: corners }].map(({ file }) => bytes(this.job, file)));
    solid.surface = surface(decoded(places, { ...points, height: 1, width: 1 }).values, new Uint16Array(faces));
    solid.values = decoded(values, { ...columns, height: 1, width: 1 }).values;
    solid.vertices = vertices;
  }

  /** Colours of the chosen column: one scale for all, that of the first shape. */
  recolour(...some) {
    const column = Number(this.column.value);
    this.place.textContent = `${column + 1} of ${Number(this.column.max) + 1}`;
    const of = ({ values, vertices }) => values.subarray(column * vertices, (column + 1) * vertices);
    const [low, high] = ends(of(this.solids[0]));
    for (const solid of (some.length ? some : this.solids).filter((each) => each.values)) {
      solid.colours = Float32Array.from(of(solid)).reduce((found, value, i) => {
        found.set(mixed((value - low) / (high - low || 1)), 3 * i);
        return found;
      }, new Float32Array(3 * solid.vertices));
      this.draw(solid);
    }
  }

  draw(...some) {
    for (const { canvas, surface: seen, colours } of some.length ? some : this.solids) {
      if (colours) paint(canvas, seen, colours, this.yaw, this.pitch);
    }
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(Math.max(this.pitch + pitch, -1.5), 1.5);
    this.draw();
  }

  grab(event) {
    event.preventDefault();
    event.target.focus();
    event.target.setPointerCapture(event.pointerId);
    this.last = [event.clientX, event.clientY];
  }

  drag(event) {
    if (!event.target.hasPointerCapture(event.pointerId)) return;
    const [x, y] = this.last;
    this.last = [event.clientX, event.clientY];
    this.turn(0.01 * (event.clientX - x), 0.01 * (event.clientY - y));
  }

  key(event) {
    const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (!step) return;
    event.preventDefault();
    this.turn(...step);
  }

  /** Turn by itself, or stop. */
  toggle() {
    this.play.textContent = this.turning ? "Turn" : "Stop";
    if (this.turning) {
      cancelAnimationFrame(this.turning);
      this.turning = null;
      return;
    }
    let before = performance.now();
    const go = (now) => {
      if (!this.element.isConnected) return;
      this.turning = requestAnimationFrame(go);
      this.turn((SPEED * Math.min(now - before, 100)) / 1000, 0);
      before = now;
    };
    this.turning = requestAnimationFrame(go);
  }
}

function ends(values) {
  return values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
}

/** A colour between cold and hot, for 0 to 1. */
function mixed(share) {
  const place = Math.min(Math.max(share, 0), 1) * (COLD.length - 1);
  const k = Math.min(Math.floor(place), COLD.length - 2);
  return COLD[k].map((value, c) => value + (place - k) * (COLD[k + 1][c] - value));
}
