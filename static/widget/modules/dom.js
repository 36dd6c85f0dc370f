// Elements without innerHTML: text stays text, and the widget runs under Trusted Types.

const SVG = "http://www.w3.org/2000/svg";

/** h("button", { class: "x", onclick: f }, "text", node, null): listeners by on…, true and false as attributes. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.3 9.2a2.8 2.8 0 1 1 3.9 2.6c-.8.4-1.2.9-1.2 1.8M12 17h.01",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  file: "M20 11.5 12 19.4a5 5 0 0 1-7-7l8-7.9a3.3 3.3 0 0 1 4.7 4.7l-8 7.8a1.7 1.7 0 0 1-2.3-2.3l7.2-7.1",
  next: "M9 5l7 7-7 7",
  plus: "M12 5v14M5 12h14",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  check: "M5 12.5 10 17.5 19 7",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** The text with its web addresses as links; never anything else as markup. */
export function linked(text) {
  return text
    .split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/)
    .map((part, at) =>
      at % 2 ? h("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part) : part,
    );
}

/** A labelled field; `control` gets the id, the hint and the place for its error. */
export function field(name, label, control, { hint = "", optional = false } = {}) {
  control.id = `f-${name}`;
  control.name = name;
  const error = h("p", { class: "error", id: `e-${name}`, hidden: true });
  const note = hint ? h("p", { class: "hint", id: `h-${name}` }, hint) : null;
  control.setAttribute("aria-describedby", `${hint ? `h-${name} ` : ""}e-${name}`);
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label, optional ? h("span", { class: "soft" }, " optional") : null),
    note,
    control,
    error,
  );
}

/** Shows each error at its field, focuses the first; returns those that belong to no field shown. */
export function showErrors(form, errors) {
  for (const shown of form.querySelectorAll("[aria-invalid]")) shown.removeAttribute("aria-invalid");
  for (const shown of form.querySelectorAll("p.error")) shown.hidden = true;
  const homeless = [];
  let first = null;
  for (const { attr, detail } of errors) {
    const name = (attr ?? "").split(".")[0];
    const place = name && form.querySelector(`#e-${CSS.escape(name)}`);
    if (!place) {
      homeless.push(detail);
      continue;
    }
    place.textContent = detail;
    place.hidden = false;
    const control = form.querySelector(`#f-${CSS.escape(name)}`);
    control?.setAttribute("aria-invalid", "true");
    first ??= control;
  }
  first?.focus();
  return homeless;
}
