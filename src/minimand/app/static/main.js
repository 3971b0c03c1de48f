// The page: a tab for each system; the address says which tab and which job is shown.

import { get, post } from "./api.js";
import { make } from "./dom.js";
import { Form } from "./form.js";
import { Run } from "./run.js";

class Panel {
  constructor(tab, limit) {
    this.tab = tab;
    this.form = new Form(tab, limit, (order) => this.submit(order));
    this.result = make("div", { class: "result" }, this.hint());
    this.button = make("button", {
      type: "button", role: "tab", id: `tab-${tab.name}`, "aria-controls": `panel-${tab.name}`,
      click: () => show(tab.name, true), keydown: (event) => step(event, tab.name),
    }, tab.title);
    this.element = make("div", {
      role: "tabpanel", class: "panel", id: `panel-${tab.name}`, "aria-labelledby": this.button.id, hidden: true,
    }, this.form.element, this.result);
  }

  hint() {
    return make("p", { class: "hint" }, "Press Run", this.tab.example ? `. The example: ${this.tab.example}.` : ".");
  }

  async submit(order) {
    this.form.button.disabled = true;
    try {
      this.follow(await post("/api/jobs", order));
      if (this.result.offsetTop > this.form.element.offsetTop + 40) this.result.scrollIntoView(); // one below the other
    } catch (error) {
      this.form.say(error.message);
      this.form.button.disabled = false;
    }
  }

  /** Show a job, from its first event on. */
  follow(job) {
    this.run?.close();
    this.form.button.disabled = !["done", "failed", "cancelled"].includes(job.state);
    this.run = new Run(job, () => (this.form.button.disabled = false));
    this.result.replaceChildren(this.run.element);
    history.replaceState(null, "", `#${this.tab.name}/${job.id}`);
  }

  /** Show the job of an address. */
  async resume(key) {
    try {
      const job = await get(`/api/jobs/${encodeURIComponent(key)}`);
      if (job.tab !== this.tab.name) return;
      this.form.write(job.options);
      this.follow(job);
    } catch {
      this.result.replaceChildren(make("p", { class: "hint" }, "The job of this address is gone. Press Run for another."));
    }
  }
}

const panels = new Map();

function show(name, focus = false) {
  for (const [each, panel] of panels) {
    const chosen = each === name;
    panel.element.hidden = !chosen;
    panel.button.setAttribute("aria-selected", chosen);
    panel.button.tabIndex = chosen ? 0 : -1;
  }
  const { run, tab, button } = panels.get(name);
  document.title = `${tab.title} · Minimand`;
  if (focus) {
    button.focus();
    history.replaceState(null, "", run ? `#${name}/${run.job.id}` : `#${name}`);
  }
}

/** Arrow keys go from tab to tab. */
function step(event, name) {
  const names = [...panels.keys()];
  const at = names.indexOf(name);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  show(names.at(to % names.length), true);
}

async function begin() {
  const { tabs, upload } = await get("/api/tabs");
  for (const tab of tabs) {
    const panel = new Panel(tab, upload);
    panels.set(tab.name, panel);
    document.getElementById("tabs").append(panel.button);
    document.getElementById("panels").append(panel.element);
  }
  const [name, key] = location.hash.slice(1).split("/");
  const known = panels.has(name) ? name : tabs[0].name;
  show(known);
  if (key && known === name) await panels.get(name).resume(key);
}

begin().catch((error) => {
  document.getElementById("panels").append(make("p", { class: "error", role: "alert" }, error.message));
});
