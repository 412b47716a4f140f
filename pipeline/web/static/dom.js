// Builds elements. Text is always set as text: nothing from the library is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function put(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const h = (tag, props, ...children) => put(document.createElement(tag), props, children);
export const s = (tag, props, ...children) => put(document.createElementNS(SVG, tag), props, children);
export const $ = (id) => document.getElementById(id);

export function icon(name) {
  return s("svg", { class: "icon", "aria-hidden": "true", focusable: "false" }, s("use", { href: `#i-${name}` }));
}

export function turnIcon(button, name) {
  button.querySelector("use").setAttribute("href", `#i-${name}`);
}

export function cover(url, size) {
  if (!url) return h("span", { class: "cover nocover", "aria-hidden": "true" }, icon("disc"));
  return h("img", {
    class: "cover",
    src: url,
    alt: "",
    width: size,
    height: size,
    loading: "lazy",
    decoding: "async",
  });
}

export function minutes(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export function given() {
  return JSON.parse($("data").textContent);
}

// Draws a part of the page anew and gives the focus back to the button that had it.
export function redraw(place, ...children) {
  const held = document.activeElement;
  const name = place.contains(held) ? held.dataset.name : null;
  place.replaceChildren(...children.flat().filter(Boolean));
  if (name) place.querySelector(`[data-name="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
}
