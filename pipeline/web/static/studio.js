// The prompt box: an album or a clip, with every control that whoever is at hand obeys.

import { post, send } from "./api.js";
import { $, given, h, icon, minutes, redraw } from "./dom.js";
import { listen } from "./keys.js";
import { live } from "./live.js";
import { furnish, showKeys } from "./page.js";
import { say } from "./say.js";

const LIMIT = 25 * 1024 * 1024;
// The first ones are those most people touch.
const SHOWN = 6;
const STATE = { waiting: "waiting", working: "being made", done: "done", failed: "failed", stopped: "stopped" };
const KIND = { album: "Album", clip: "Clip", changes: "Changes" };
const { desk, jobs: first } = given();
let kind = "album";
const kept = { album: {}, clip: {} };

function field(control) {
  const id = `control-${control.name}`;
  const help = control.help ? h("span", { class: "help", id: `${id}-help` }, control.help) : null;
  const common = { id, name: control.name, "aria-describedby": help ? `${id}-help` : null };
  const value = kept[kind][control.name] ?? control.default;
  const label = h("label", { for: id }, control.label);
  if (control.kind === "switch")
    return h(
      "div",
      { class: "control" },
      h(
        "label",
        { class: "switch" },
        h("input", { ...common, type: "checkbox", checked: Boolean(value) }),
        " ",
        control.label,
      ),
      help,
    );
  if (control.kind === "sound") return sound(control, common, label, help);
  if (control.kind === "choice") {
    return h(
      "div",
      { class: "control" },
      label,
      h(
        "select",
        common,
        [...(control.choices.includes(control.default) ? [] : [""]), ...control.choices].map((choice) =>
          h("option", { value: choice, selected: choice === value }, choice || "As it suggests"),
        ),
      ),
      help,
    );
  }
  const number =
    control.kind === "number"
      ? {
          type: "number",
          min: control.low,
          max: control.high,
          step: control.step === null ? "any" : Math.min(1, control.step),
          inputmode: "decimal",
        }
      : { type: "text", maxlength: 200, autocomplete: "off" };
  return h("div", { class: "control" }, label, h("input", { ...common, ...number, value: value ?? "" }), help);
}

function sound(control, common, label, help) {
  const said = h("span", { class: "help", role: "status" });
  const heard = h("span", {});
  const file = h("input", { ...common, type: "file", accept: "audio/*" });
  const forgetIt = h(
    "button",
    {
      type: "button",
      class: "plain",
      hidden: true,
      onclick: () => {
        delete kept[kind][control.name];
        file.value = "";
        heard.replaceChildren();
        said.textContent = "";
        forgetIt.hidden = true;
      },
    },
    "Leave it out",
  );
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > LIMIT) {
      said.textContent = "That is more than 25 MB.";
      file.value = "";
      return;
    }
    said.textContent = "Handing it in…";
    try {
      const upload = await send("/api/uploads", chosen);
      kept[kind][control.name] = upload.id;
      said.textContent = `${minutes(upload.seconds)} taken in.`;
      heard.replaceChildren(
        h("audio", { controls: true, preload: "none", src: upload.audio, "aria-label": control.label }),
      );
      forgetIt.hidden = false;
    } catch (error) {
      said.textContent = error.message;
      file.value = "";
    }
  });
  return h("div", { class: "control" }, label, file, help, said, heard, forgetIt);
}

function remember() {
  for (const control of desk[kind]) {
    const input = $(`control-${control.name}`);
    if (input && control.kind !== "sound")
      kept[kind][control.name] = control.kind === "switch" ? input.checked : input.value;
  }
}

function wanted() {
  remember();
  const said = {};
  for (const control of desk[kind]) {
    const value = kept[kind][control.name];
    if (value === "" || value === null || value === undefined || value === control.default) continue;
    // A seed may have more digits than a number of JavaScript holds.
    const exact = /^-?\d{16,}$/.test(value) ? value : Number(value);
    said[control.name] = control.kind === "number" ? exact : value;
  }
  return said;
}

function draw(words = "") {
  const choose = (value, says) =>
    h(
      "label",
      { class: "kind" },
      h("input", {
        type: "radio",
        name: "kind",
        value,
        checked: kind === value,
        onchange: () => {
          remember();
          kind = value;
          draw($("words").value);
          document.querySelector(`input[name=kind][value=${value}]`).focus();
        },
      }),
      h("span", {}, says),
    );
  redraw(
    $("order"),
    h(
      "fieldset",
      { class: "kinds" },
      h("legend", { class: "unseen" }, "What to make"),
      choose("album", "An album"),
      choose("clip", "One clip"),
    ),
    h("label", { class: "ask", for: "words" }, kind === "album" ? "What is it about?" : "What should it sound like?"),
    h("textarea", {
      id: "words",
      rows: 3,
      maxlength: 2000,
      required: true,
      value: words,
      placeholder:
        kind === "album"
          ? "Rain on a tin roof, a Sunday with nothing to do"
          : "Dusty boom bap, warm electric piano, rain at the window",
    }),
    h("div", { class: "controls" }, desk[kind].slice(0, SHOWN).map(field)),
    desk[kind].length > SHOWN &&
      h(
        "details",
        {},
        h("summary", {}, `All ${desk[kind].length} controls`),
        h("div", { class: "controls" }, desk[kind].slice(SHOWN).map(field)),
      ),
    h("button", { class: "main large" }, kind === "album" ? "Make the album" : "Make the clip"),
    desk.notes.map((note) => h("p", { class: "help" }, note)),
  );
}

$("order").addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = $("words").value.trim();
  if (!words) {
    $("words").focus();
    return;
  }
  try {
    const job = await post("/api/jobs", { kind, words, wanted: wanted() });
    say("It is in the making.");
    show([job, ...shown.filter((other) => other.id !== job.id)]);
  } catch (error) {
    say(error.message, { wrong: true });
  }
});

let shown = [];
const drawn = new Map();

// A name for a file of what was asked for: letters, digits and hyphens alone.
function plainName(words, place, address) {
  const plain = words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const short = plain.join("-").slice(0, 60).replace(/-$/, "");
  return `${short || "clip"}-${place}.${address.split(/[?#]/)[0].split(".").at(-1)}`;
}

async function goOn(job) {
  try {
    const again = await post(`/api/jobs/${job.id}/again`);
    say("It goes on.");
    show([again, ...shown.filter((other) => other.id !== again.id)].sort((one, other) => other.id - one.id));
  } catch (error) {
    say(error.message, { wrong: true });
  }
}

function drawJob(job) {
  const item = h(
    "li",
    { class: "job", "data-state": job.state },
    h("p", { class: "eyebrow" }, `${KIND[job.kind]} · ${STATE[job.state]}${job.author ? ` · ${job.author}` : ""}`),
    h("p", { class: "title" }, job.words),
  );
  if (job.state === "working" || job.state === "waiting") {
    item.append(
      h("progress", { max: 1, value: job.share, "aria-label": "How far it is" }),
      h(
        "button",
        {
          type: "button",
          "data-name": `stop-${job.id}`,
          onclick: () => post(`/api/jobs/${job.id}/stop`).catch((error) => say(error.message, { wrong: true })),
        },
        icon("stop"),
        h("span", {}, "Stop"),
      ),
    );
  }
  item.append(h("p", { class: "line said" }, job.said));
  if (job.state === "stopped" || job.state === "failed")
    item.append(
      h("button", { type: "button", "data-name": `again-${job.id}`, onclick: () => goOn(job) }, icon("loop"), "Go on"),
    );
  for (const [place, address] of job.clips.entries()) {
    const name = plainName(job.words, place + 1, address);
    item.append(
      h("audio", {
        controls: true,
        preload: "metadata",
        src: address,
        "aria-label": `Clip ${place + 1} of ${job.words}`,
      }),
      h("a", { href: address, download: name }, `Download ${name}`),
    );
  }
  if (job.album) item.append(h("p", {}, h("a", { href: `/albums/${job.album}` }, "Open the album")));
  return item;
}

// A job is drawn anew only when more than its progress changed, so that what is being heard goes on.
function show(jobs) {
  shown = jobs;
  const items = jobs.map((job) => {
    const about = JSON.stringify([job.state, job.clips, job.album]);
    const before = drawn.get(job.id);
    if (before?.about === about) {
      before.item.querySelector(".said").textContent = job.said;
      const progress = before.item.querySelector("progress");
      if (progress) progress.value = job.share;
      return before.item;
    }
    const item = drawJob(job);
    drawn.set(job.id, { about, item });
    return item;
  });
  if (items.length !== $("jobs").children.length || items.some((item, place) => $("jobs").children[place] !== item))
    redraw($("jobs"), items);
  $("no-jobs").hidden = items.length > 0;
}

// One sound at a time. The event does not bubble: it is caught on its way down.
document.addEventListener(
  "play",
  ({ target }) => {
    for (const other of document.querySelectorAll("audio")) if (other !== target) other.pause();
  },
  true,
);

live("jobs", show);
listen("studio", { help: showKeys });
furnish();
draw();
show(first);
