// Making elements.

/** An element: make("label", { class: "field", for: "x" }, "Name", child). Functions become listeners. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The same for SVG. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
}

let count = 0;

/** An id that no other element has. */
export const id = (name) => `${name}-${++count}`;

/** A label with its control, side by side or one above the other. */
export function labelled(text, control) {
  control.id ||= id("control");
  return make("div", { class: "labelled" }, make("label", { for: control.id }, text), control);
}

/** Put options into a select, and keep what was chosen if it is still there. */
export function fill(select, options, usual) {
  const before = select.value;
  select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  select.value = options.some(([value]) => value === before) ? before : usual;
}

/** A number with so many digits, or a dash. */
export const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "–");
