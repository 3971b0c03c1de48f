// The form of a tab, made from what the server says about it.

import { id, make } from "./dom.js";
import { Drop } from "./drop.js";

export class Form {
  /** tab: as /api/tabs gives it; run: told the description of a job; limit: bytes of a file. */
  constructor(tab, limit, run) {
    this.tab = tab;
    this.fields = tab.fields.map((field) => ({ ...field, ...control(field) }));
    this.error = make("p", { class: "error", role: "alert" });
    this.button = make("button", { type: "submit", class: "main" }, "Run");
    this.element = make(
      "form",
      { class: "form", novalidate: true, submit: (event) => this.submit(event, run), input: () => this.arrange() },
      make("p", { class: "about" }, tab.about),
      ...this.drops(tab, limit),
      ...this.fields.map((field) => field.element),
      this.error,
      this.button,
    );
    this.arrange();
  }

  /** Where files may be dropped or chosen. */
  drops({ name, example, accepts, beside }, limit) {
    const common = { limit, busy: (yes) => (this.button.disabled = yes), changed: () => this.arrange(), say: (text) => this.say(text) };
    this.first = accepts.length ? new Drop(name, { ...common, usual: example, accepts }) : null;
    this.second = beside ? new Drop(name, { ...common, ...beside, title: beside.label, beside: true }) : null;
    return [this.first?.element, this.second?.element];
  }

  get file() {
    return this.first?.file ?? null;
  }

  /** Show the fields that matter now. */
  arrange() {
    const values = this.values();
    for (const field of this.fields) field.element.hidden = field.of_files && !this.file;
    if (this.second) this.second.element.hidden = !this.file;
    for (const field of this.fields) {
      const [name, wanted] = field.when ?? [];
      const other = this.fields.find((each) => each.name === name);
      if (other && !other.element.hidden && !wanted.includes(values[name])) field.element.hidden = true;
    }
  }

  values() {
    return Object.fromEntries(this.fields.map((field) => [field.name, field.read()]));
  }

  /** Show the options of an earlier job. */
  write(options) {
    for (const field of this.fields) if (field.name in options) field.write(options[field.name]);
    this.arrange();
  }

  say(text) {
    this.error.textContent = text;
  }

  submit(event, run) {
    event.preventDefault();
    this.say("");
    const beside = this.file ? (this.second?.file?.id ?? null) : null;
    run({ tab: this.tab.name, file: this.file?.id ?? null, beside, options: this.values() });
  }
}

/** The element of a field, how to read it and how to write it. */
function control(field) {
  return { choice: field.many ? several : one, number, text }[field.kind](field);
}

function wrapped(field, input, ...more) {
  const help = field.help ? make("p", { class: "help", id: `${input.id}-help` }, field.help) : null;
  if (help) input.setAttribute("aria-describedby", help.id);
  return make("div", { class: "field" }, make("label", { for: input.id }, field.label), ...more, help);
}

function one(field) {
  const options = field.options.map(([value, text]) => make("option", { value }, text));
  const input = make("select", { id: id(field.name) }, ...options);
  input.value = field.usual;
  return { element: wrapped(field, input, input), read: () => input.value, write: (value) => (input.value = value) };
}

function several(field) {
  const boxes = field.options.map(([value, text]) => {
    const box = make("input", { type: "checkbox", value, checked: field.usual.includes(value), id: id(field.name) });
    return { box, row: make("div", { class: "check" }, box, make("label", { for: box.id }, text)) };
  });
  const element = make("fieldset", { class: "field" }, make("legend", {}, field.label), ...boxes.map(({ row }) => row));
  return {
    element,
    read: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value),
    write: (values) => boxes.forEach(({ box }) => (box.checked = values.includes(box.value))),
  };
}

function number(field) {
  const input = make("input", {
    type: "number", id: id(field.name), min: field.least, max: field.most, step: field.step, value: field.usual,
  });
  const unit = field.unit ? make("span", { class: "unit" }, field.unit) : null;
  const element = wrapped(field, input, make("div", { class: "number" }, input, unit));
  return {
    element,
    read: () => (input.value.trim() === "" ? null : Number(input.value)),
    write: (value) => (input.value = value),
  };
}

function text(field) {
  const input = make("input", { type: "text", id: id(field.name), value: field.usual, maxlength: 100, spellcheck: "false" });
  return { element: wrapped(field, input, input), read: () => input.value, write: (value) => (input.value = value) };
}
