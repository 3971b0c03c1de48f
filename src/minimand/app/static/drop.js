// A place where a file may be dropped or chosen, from which it is sent at once.

import * as api from "./api.js";
import { id, make } from "./dom.js";

export class Drop {
  /**
   * title: what the file is, where there are several; usual: what is taken without it; accepts: suffixes; help: a line;
   * beside: whether it lies beside another; limit: bytes; busy: told whether a file is on its way; changed: told after
   * that; say: told what went wrong.
   */
  constructor(tab, { title, usual, accepts, help, beside = false, limit, busy, changed, say }) {
    Object.assign(this, { tab, usual, beside, limit, busy, changed, say, file: null });
    this.input = make("input", { type: "file", id: id("file"), accept: accepts.join(","), change: () => this.take(this.input.files[0]) });
    this.name = make("span", { class: "name" }, usual);
    this.again = make("button", { type: "button", class: "quiet", hidden: true, click: () => this.forget() },
      beside ? `Use the ${usual}` : "Use the example");
    this.sent = make("progress", { max: 1, value: 0, hidden: true, "aria-label": "sending the file" });
    this.element = make(
      "div",
      {
        class: "drop",
        dragover: (event) => { event.preventDefault(); this.element.classList.add("over"); },
        dragleave: () => this.element.classList.remove("over"),
        drop: (event) => {
          event.preventDefault();
          this.element.classList.remove("over");
          this.take(event.dataTransfer.files[0]);
        },
      },
      title ? make("p", { class: "title" }, title) : null,
      make("div", { class: "source" }, this.name, this.again),
      make("label", { class: "pick", for: this.input.id }, "Choose a file, or drop it here"),
      this.input,
      this.sent,
      make("p", { class: "help" }, help ?? accepts.join(" ")),
    );
  }

  /** Send a file. */
  async take(file) {
    if (!file) return;
    this.say("");
    if (file.size > this.limit) {
      this.say(`${file.name}: files may have ${Math.round(this.limit / 2 ** 20)} MiB here; use the command line.`);
      return;
    }
    this.sent.hidden = false;
    this.busy(true);
    try {
      this.file = await api.send(file, this.tab, this.beside, (share) => (this.sent.value = share));
      this.name.textContent = this.file.name;
      this.again.hidden = false;
    } catch (error) {
      this.say(error.message);
    }
    this.sent.hidden = true;
    this.busy(false);
    this.input.value = "";
    this.changed();
  }

  /** Back to what is taken without a file. */
  forget() {
    if (this.file) api.remove(`/api/files/${this.file.id}`).catch(() => {});
    this.file = null;
    this.name.textContent = this.usual;
    this.again.hidden = true;
    this.say("");
    this.changed();
  }
}
