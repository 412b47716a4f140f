// Everything known of a take, beside its cover.

import { cover, h, icon, minutes } from "./dom.js";

const number = (value, digits = 2) => (value === null || value === undefined ? "–" : value.toFixed(digits));

function button(name, says, does, { icon: picture, kind = "", key = "", pressed = null, disabled = false } = {}) {
  return h(
    "button",
    {
      type: "button",
      class: kind,
      "data-name": name,
      onclick: does,
      disabled,
      "aria-pressed": pressed === null ? null : String(pressed),
      "aria-keyshortcuts": key || null,
    },
    picture && icon(picture),
    h("span", {}, says),
    key && h("kbd", { "aria-hidden": "true" }, key),
  );
}

function heading(album, track, take, does) {
  const chosen = take.chosen ? " · chosen for the album" : "";
  return h(
    "header",
    { class: "take-head" },
    cover(album.cover?.url, 360),
    h(
      "div",
      {},
      h(
        "button",
        { type: "button", class: "plain back", "data-name": "back-to-list", onclick: does.close },
        icon("back"),
        "All takes",
      ),
      h(
        "p",
        { class: "eyebrow" },
        h("a", { href: `/albums/${album.slug}` }, album.title),
        ` · track ${track.position} of ${album.tracks.length}${chosen}`,
      ),
      h("h2", { id: "take-title", tabindex: -1 }, track.title),
      h("p", { class: "prompt" }, track.prompt),
    ),
  );
}

function takes(track, take, does) {
  const one = (other, place) =>
    h(
      "button",
      {
        type: "button",
        class: "tab",
        "data-name": `take-${other.take}`,
        "aria-pressed": String(other.take === take.take),
        "data-decided": other.decided,
        title: place < 5 ? `Key ${other.take}` : null,
        onclick: () => does.hear(other.take),
      },
      h("span", {}, `Take ${other.take}`),
      h("span", { class: "score" }, number(other.score)),
      other.chosen && h("span", { class: "mark" }, "chosen"),
      other.decided && h("span", { class: "mark" }, other.decided),
    );
  const ordered = [...track.takes].sort((a, b) => a.take - b.take);
  const coming = track.rerolls > 0 && h("span", { class: "coming" }, `${track.rerolls} more being made`);
  return h("div", { class: "tabs", role: "group", "aria-label": "Takes of this track" }, ordered.map(one), coming);
}

function decisions(album, track, take, does, waiting) {
  const state = take.decided
    ? `${take.decided === "approved" ? "Approved" : "Rejected"}${take.reason ? `: ${take.reason}` : ""}`
    : "Not decided yet";
  return h(
    "section",
    { class: "decisions", "aria-label": "Decide" },
    h(
      "p",
      { class: "state", "data-decided": take.decided },
      state,
      waiting && h("span", { class: "waiting" }, " · on its way to the server"),
    ),
    h(
      "div",
      { class: "buttons" },
      button("approve", "Approve", does.approve, {
        icon: "yes",
        kind: "yes",
        key: does.key("approve"),
        pressed: take.decided === "approved",
      }),
      button("reject", "Reject", does.reject, {
        icon: "no",
        kind: "no",
        key: does.key("reject"),
        pressed: take.decided === "rejected",
      }),
      button("choose", take.chosen ? "Used for the album" : "Use this take", does.choose, {
        icon: "disc",
        disabled: take.chosen,
      }),
      button("reroll", "Make another take", does.reroll, { icon: "dice" }),
      button("note", track.note ? "Change the note" : "Note", does.note, { icon: "note", key: does.key("note") }),
      button("retitle", "Retitle", does.retitle, { icon: "pen", key: does.key("retitle") }),
      button("undo", "Undo", does.undo, { icon: "undo", key: does.key("undo"), disabled: !does.undoable() }),
    ),
    track.note && h("p", { class: "note" }, track.note),
  );
}

function line(name, planned, measured, differs) {
  return h(
    "tr",
    { class: differs ? "differs" : null },
    h("th", { scope: "row" }, name),
    h("td", {}, planned),
    h("td", {}, measured, differs && h("span", { class: "mark" }, "differs")),
  );
}

function planned(track, take) {
  const plan = track.planned;
  const real = take.measured;
  const tempo = real.tempo === null ? "not clear" : `${number(real.tempo, 1)} BPM`;
  return h(
    "section",
    {},
    h("h3", {}, "Planned and measured"),
    h(
      "table",
      { class: "planned" },
      h(
        "thead",
        {},
        h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Planned"), h("th", { scope: "col" }, "Measured")),
      ),
      h(
        "tbody",
        {},
        line(
          "Tempo",
          `${number(plan.tempo, 1)} BPM`,
          tempo,
          real.tempo === null || Math.abs(real.tempo / plan.tempo - 1) > 0.03,
        ),
        line("Key", plan.key, real.key ?? "not clear", real.key !== plan.key),
        line(
          "Length",
          minutes(plan.seconds),
          minutes(real.seconds),
          Math.abs(real.seconds - plan.seconds) > Math.max(1, plan.seconds * 0.05),
        ),
        line("Loudness", "", `${number(real.loudness, 1)} LUFS`, false),
        line("Peak", "", `${number(real.true_peak, 1)} dBTP`, false),
      ),
    ),
  );
}

function score(one) {
  const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("span", {}));
  bar.style.setProperty("--share", one.value);
  return h(
    "li",
    {},
    h("span", { class: "name" }, one.name),
    bar,
    h("span", { class: "value" }, number(one.value)),
    h("span", { class: "reason" }, one.reason),
  );
}

function scores(take) {
  const mine = take.mine !== null && h("p", { class: "line" }, `Your own ranking gives it ${number(take.mine)}.`);
  const rating =
    take.rating &&
    h(
      "p",
      { class: "line" },
      `In blind comparisons it won ${take.rating.wins} and lost ${take.rating.losses}: `,
      `strength ${number(take.rating.strength)}, where 0.50 is average.`,
    );
  return h(
    "section",
    {},
    h("h3", {}, "Why it ranks here ", h("span", { class: "total" }, number(take.score))),
    h("ul", { class: "scores" }, [...take.scores].sort((a, b) => b.weight - a.weight).map(score)),
    mine,
    rating,
  );
}

function gates(take) {
  const failed = take.gates.filter((gate) => !gate.passed);
  const one = (gate) =>
    h(
      "li",
      { class: gate.passed ? "passed" : "failed" },
      icon(gate.passed ? "yes" : "no"),
      h(
        "span",
        {},
        h("b", {}, gate.name),
        gate.passed ? "" : " (failed)",
        h("span", { class: "reason" }, gate.reason),
      ),
    );
  const twins =
    take.twins.length > 0 &&
    h(
      "div",
      { class: "twins" },
      h("h3", {}, "Much like"),
      h(
        "ul",
        {},
        take.twins.map((twin) => h("li", {}, `${twin.name}, ${Math.round(twin.likeness * 100)} %`)),
      ),
    );
  return h(
    "section",
    {},
    h(
      "details",
      { open: failed.length > 0 },
      h(
        "summary",
        {},
        failed.length > 0
          ? `${failed.length} of ${take.gates.length} requirements failed`
          : `All ${take.gates.length} requirements passed`,
      ),
      h("ul", { class: "gates" }, [...failed, ...take.gates.filter((gate) => gate.passed)].map(one)),
    ),
    twins,
  );
}

function facts(track, take) {
  const plan = track.planned;
  const pairs = [
    ["Played by", take.backend],
    ["Licence", take.licences.join(", ")],
    ["Seed", take.seed],
    ["Style", `${plan.style}, ${plan.groove}`],
    ["Mood", `${plan.mood}, energy ${number(plan.energy)}`],
    ["Instruments", plan.instruments.join(", ")],
    ["Ambience", plan.ambience ?? "none"],
    ["Version", take.version.slice(0, 12)],
    ["Why this take", track.why],
  ];
  return h(
    "section",
    {},
    h("h3", {}, "About it"),
    h(
      "dl",
      { class: "facts" },
      h("div", { class: "only-narrow" }, h("dt", {}, "Prompt"), h("dd", {}, track.prompt)),
      pairs.filter(([, said]) => said).map(([name, said]) => h("div", {}, h("dt", {}, name), h("dd", {}, said))),
    ),
  );
}

export function drawTake({ album, track, take, wave, does, waiting }) {
  return [
    heading(album, track, take, does),
    takes(track, take, does),
    wave.element,
    decisions(album, track, take, does, waiting),
    h(
      "div",
      { class: "columns" },
      h("div", {}, scores(take), gates(take)),
      h("div", {}, planned(track, take), facts(track, take)),
    ),
  ];
}
