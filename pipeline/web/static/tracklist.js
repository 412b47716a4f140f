// The tracks of an album, which change places by buttons and by dragging.

import { h, icon, minutes } from "./dom.js";

let dragged = null;

// The order of the tracks, by their numbers, once one has another place; null where it has none.
function reordered(now, from, to) {
  const tracks = now.tracks.map((track) => track.track);
  if (to < 0 || to >= tracks.length || from === to) return null;
  const [moved] = tracks.splice(from, 1);
  tracks.splice(to, 0, moved);
  return tracks.join(",");
}

export const isDragging = () => dragged !== null;
export const heard = (track) => track.takes.find((take) => take.chosen) ?? track.takes[0];

// `row` is the take that is looked at; `does` has hear(track, take), master(track), retitle(track, place) and
// move(value, track, to).
export function drawTrack(track, place, now, row, does) {
  const move = (from, to) => {
    const value = reordered(now, from, to);
    if (value) does.move(value, now.tracks[from], to);
  };
  const take = heard(track);
  const title = h("span", { class: "title" }, track.title);
  const here = row?.track === track.track;
  const small = (name, says, act, picture, disabled = false) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-name": `${name}-${track.track}`,
        "aria-label": `${says}: ${track.title}`,
        title: says,
        onclick: act,
        disabled,
      },
      icon(picture),
    );
  const tabs =
    track.takes.length > 0 &&
    [...track.takes]
      .sort((a, b) => a.take - b.take)
      .map((one) =>
        h(
          "button",
          {
            type: "button",
            class: "tab",
            "data-name": `hear-${track.track}-${one.take}`,
            "aria-pressed": String(here && row.take === one.take),
            "aria-label": `Hear take ${one.take} of ${track.title}`,
            "data-decided": one.decided,
            onclick: () => does.hear(track, one),
          },
          h("span", {}, `Take ${one.take}`),
          h("span", { class: "score" }, one.score === null ? "–" : one.score.toFixed(2)),
          one.chosen && h("span", { class: "mark" }, "chosen"),
          one.decided && h("span", { class: "mark" }, one.decided),
        ),
      );
  const item = h(
    "li",
    { class: "track", "data-track": track.track, "aria-current": here ? "true" : null },
    h("span", { class: "number" }, String(track.position)),
    h(
      "div",
      { class: "track-words" },
      title,
      h("p", { class: "line" }, take ? minutes(take.seconds) : "not rendered yet", track.why && ` · ${track.why}`),
      track.note && h("p", { class: "note" }, track.note),
      h(
        "div",
        { class: "tabs" },
        tabs,
        track.master &&
          h(
            "button",
            { type: "button", class: "tab", "data-name": `master-${track.track}`, onclick: () => does.master(track) },
            "Finished track",
          ),
        track.rerolls > 0 && h("span", { class: "coming" }, `${track.rerolls} more being made`),
      ),
    ),
    h(
      "div",
      { class: "track-tools" },
      small("up", "Earlier", () => move(place, place - 1), "up", place === 0),
      small("down", "Later", () => move(place, place + 1), "down", place === now.tracks.length - 1),
      small("title", "Retitle", () => does.retitle(track, title), "pen"),
      h(
        "span",
        { class: "grip", draggable: "true", title: "Drag to another place", "aria-hidden": "true" },
        icon("grip"),
      ),
    ),
  );
  const grip = item.querySelector(".grip");
  grip.addEventListener("dragstart", (event) => {
    dragged = place;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", track.title);
    event.dataTransfer.setDragImage(item, 20, 20);
  });
  grip.addEventListener("dragend", () => (dragged = null));
  item.addEventListener("dragover", (event) => {
    if (dragged === null) return;
    event.preventDefault();
    item.dataset.over = dragged < place ? "below" : "above";
  });
  item.addEventListener("dragleave", () => delete item.dataset.over);
  item.addEventListener("drop", (event) => {
    event.preventDefault();
    delete item.dataset.over;
    const from = dragged;
    dragged = null;
    if (from !== null) move(from, place);
  });
  return item;
}
