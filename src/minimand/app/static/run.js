// A job on the page: its progress, notes, results and downloads.

import { post } from "./api.js";
import { chart as curves, legend } from "./chart.js";
import { make } from "./dom.js";
import { Shapes } from "./shapes.js";
import { stages } from "./stages.js";
import { Viewer } from "./viewer.js";

export class Run {
  /** job: as the server describes it; ended: called once when nothing more comes. */
  constructor(job, ended) {
    this.job = job;
    this.ended = ended;
    this.begun = performance.now();
    this.status = make("p", { class: "status", role: "status" }, "Waiting …");
    this.bar = make("progress", { "aria-label": "progress" });
    this.cancel = make("button", { type: "button", class: "quiet", click: () => this.stop() }, "Cancel");
    this.notes = make("ul", { class: "notes" });
    this.viewer = new Viewer(job.id);
    this.shapes = new Shapes(job.id);
    this.inside = make("div");
    this.chart = make("div", { class: "live" });
    this.end = make("div", { class: "end" });
    this.element = make("div", { class: "run" }, make("div", { class: "progress" }, this.status, this.bar, this.cancel),
      this.notes, this.chart, this.viewer.element, this.shapes.element, this.inside, this.end);
    this.events = new EventSource(`/api/jobs/${job.id}/events`);
    this.events.onmessage = (message) => this.take(JSON.parse(message.data));
    this.events.onerror = () => {
      if (this.events.readyState !== EventSource.OPEN) this.status.textContent = "The server does not answer …";
    };
  }

  take(event) {
    const { kind } = event;
    if (kind === "queued") this.status.textContent = event.ahead ? `Waiting, ${event.ahead} ahead …` : "Starting …";
    else if (kind === "started") this.status.textContent = "Working …";
    else if (kind === "progress") this.progress(event);
    else if (kind === "note") this.notes.append(make("li", {}, event.text));
    else if (kind === "item") this.item(event);
    else if (kind === "curves") this.curves(event);
    else if (kind === "solids") this.solids(event);
    else this.finish(event);
  }

  solids(event) {
    this.shapes.add(event).catch((error) => this.notes.append(make("li", {}, error.message)));
  }

  progress({ done, total, text }) {
    this.bar.max = total;
    this.bar.value = done;
    this.status.textContent = `${text} (${done} of ${total})`;
  }

  item(item) {
    this.viewer.add(item);
    for (const file of item.stages ?? []) {
      const place = make("div");
      this.inside.append(place);
      stages(this.job.id, file, item).then(
        (section) => place.replaceWith(section),
        (error) => this.notes.append(make("li", {}, error.message)),
      );
    }
  }

  /** A chart in place of the last one. */
  curves({ lines, ...chart }) {
    const kinds = ["first", "second", "third", "fourth", "fifth"];
    const coloured = lines.map((line, i) => ({ ...line, kind: kinds[i % kinds.length] }));
    this.chart.replaceChildren(curves({ ...chart, lines: coloured }), legend(coloured));
  }

  finish(event) {
    this.events.close();
    this.cancel.remove();
    this.bar.remove();
    if (event.kind === "done") {
      const seconds = (performance.now() - this.begun) / 1000;
      this.status.textContent = this.job.state === "done" ? "Done." : `Done in ${seconds.toFixed(1)} s.`;
      const facts = event.facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
      const links = event.downloads.map(({ label, file }) =>
        make("li", {}, make("a", { href: `/api/jobs/${this.job.id}/files/${file}`, download: "" }, label)));
      this.end.append(make("dl", {}, facts));
      if (links.length) this.end.append(make("h2", {}, "Download"), make("ul", { class: "downloads" }, links));
    } else {
      this.status.textContent = event.text;
      this.status.classList.add(event.kind === "failed" ? "failed" : "stopped");
    }
    this.ended(event.kind);
  }

  async stop() {
    this.cancel.disabled = true;
    try {
      await post(`/api/jobs/${this.job.id}/cancel`);
    } catch (error) {
      this.status.textContent = error.message;
    }
  }

  /** Listen no more. */
  close() {
    this.events.close();
  }
}
