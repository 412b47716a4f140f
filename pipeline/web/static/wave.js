// The shape of a take, drawn from its peaks, and a slider along it.

import { minutes, s, h } from "./dom.js";

const BARS = 200;
const HEIGHT = 100;

export function levels(text, bars = BARS) {
  if (!text) return null;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * bytes.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * bytes.length) / bars));
    return Math.max(...bytes.subarray(from, to)) / 255;
  });
}

function shape(peaks) {
  const values = peaks ?? Array(BARS).fill(0.04);
  const loudest = Math.max(0.05, ...values);
  return values
    .map((value, bar) => {
      const half = Math.max(1.2, (value / loudest) * (HEIGHT / 2 - 2));
      return `M${bar * 2 + 0.3} ${HEIGHT / 2 - half}h1.3v${2 * half}h-1.3z`;
    })
    .join("");
}

let made = 0;

// `seek(seconds)` is called for a click, a drag or a key; `region(from, to)` for a drag with Shift.
export function wave({ peaks, seconds, seek, region }) {
  const name = `wave-${(made += 1)}`;
  const outline = shape(levels(peaks));
  const played = s("rect", { x: 0, y: 0, width: 0, height: HEIGHT });
  const loop = s("rect", { class: "wave-loop", x: 0, y: 0, width: 0, height: HEIGHT });
  const picture = s(
    "svg",
    { viewBox: `0 0 ${BARS * 2} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    s("clipPath", { id: name }, played),
    loop,
    s("path", { class: "wave-all", d: outline }),
    s("path", { class: "wave-played", d: outline, "clip-path": `url(#${name})` }),
  );
  const element = h(
    "div",
    {
      class: "wave",
      role: "slider",
      tabindex: 0,
      "aria-label": "Position",
      "aria-valuemin": 0,
      "aria-valuemax": Math.round(seconds),
      "aria-valuenow": 0,
      "data-name": "wave",
    },
    picture,
  );
  let at = 0;
  let from = null;

  const moment = (event) => {
    const box = element.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * seconds;
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    from = moment(event);
    if (!event.shiftKey) seek(from);
  });
  element.addEventListener("pointermove", (event) => {
    if (from === null) return;
    if (event.shiftKey) region(Math.min(from, moment(event)), Math.max(from, moment(event)));
    else seek(moment(event));
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (from = null));
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const to = {
      ArrowLeft: at - 5,
      ArrowDown: at - 5,
      ArrowRight: at + 5,
      ArrowUp: at + 5,
      PageDown: at - 15,
      PageUp: at + 15,
      Home: 0,
      End: seconds - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    seek(Math.min(seconds, Math.max(0, to)));
  });

  return {
    element,
    show(position, looped) {
      at = position;
      played.setAttribute("width", seconds ? (position / seconds) * BARS * 2 : 0);
      const whole = Math.round(position);
      if (element.getAttribute("aria-valuenow") !== String(whole)) {
        element.setAttribute("aria-valuenow", whole);
        element.setAttribute("aria-valuetext", `${minutes(position)} of ${minutes(seconds)}`);
      }
      loop.setAttribute("x", looped ? (looped[0] / seconds) * BARS * 2 : 0);
      loop.setAttribute("width", looped ? ((looped[1] - looped[0]) / seconds) * BARS * 2 : 0);
    },
  };
}
