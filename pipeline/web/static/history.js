// What was decided on an album: by whom, when, and on which version.

import { h } from "./dom.js";
import { inWords } from "./foresee.js";

export function drawHistory(decisions, undo) {
  const when = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
  const one = (said) => {
    const what =
      said.track === null ? "the album" : `track ${said.track}${said.take === null ? "" : `, take ${said.take}`}`;
    return h(
      "li",
      { class: said.undone ? "undone" : null },
      h(
        "p",
        {},
        h("b", {}, inWords(said.decision)),
        `: ${what}${said.value ? `, “${said.value}”` : ""}${said.note ? ` (${said.note})` : ""}`,
      ),
      h(
        "p",
        { class: "line" },
        `${said.author || "somebody"}, ${when.format(new Date(said.time))}, version ${said.version.slice(0, 8)}`,
        said.undone && " · taken back",
      ),
      !said.undone &&
        h(
          "button",
          {
            type: "button",
            class: "plain",
            "data-name": `undo-${said.id}`,
            "aria-label": `Undo: ${inWords(said.decision)}, ${what}`,
            onclick: () => undo(said.id, `${inWords(said.decision).toLowerCase()}, ${what}`),
          },
          "Undo",
        ),
    );
  };
  return [
    h("h2", {}, "What was decided"),
    decisions.length > 0
      ? h("ol", { class: "history" }, decisions.map(one))
      : h("p", { class: "nothing" }, "Nothing yet."),
  ];
}
