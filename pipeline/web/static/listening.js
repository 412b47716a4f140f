// Hearing takes and deciding on them: what the queue and the album page have in common.

import { Refused, Unreachable, author, get } from "./api.js";
import { bindBar } from "./bar.js";
import { askWords } from "./dialogs.js";
import { $, h, redraw } from "./dom.js";
import { foresee } from "./foresee.js";
import { TITLE_LIMIT } from "./inplace.js";
import { keysOf, ACTIONS, listen, shown } from "./keys.js";
import { live } from "./live.js";
import { decide, flush, outbox, pending, takeBack, withdraw } from "./outbox.js";
import { showKeys } from "./page.js";
import { Player } from "./player.js";
import { Radio } from "./radio.js";
import { mending, onceBack } from "./reach.js";
import { say, whisper } from "./say.js";
import { drawTake } from "./takeview.js";
import { wave } from "./wave.js";

const REASONS = [
  "Off tempo",
  "Wrong key",
  "Muddy",
  "Too busy",
  "Dull",
  "Artefacts",
  "Bad ending",
  "Sounds like another",
];
// Milliseconds in which a take that began by itself is not decided on: what was pressed was meant for the one before.
const BREATH = 2500;

export const keyOf = ({ album, track, take }) => `${album}/${track}/${take}`;

// `neighbour(key, step)` gives the take before or after another as a row, or null; `follow` says how it was come by.
export class Listening extends EventTarget {
  constructor({ place, neighbour }) {
    super();
    this.place = place;
    this.neighbour = neighbour;
    this.player = new Player();
    this.radio = new Radio(this.player);
    this.albums = new Map();
    this.row = null;
    this.wave = null;
    this.mine = [];
    this.began = -Infinity;
    this.does = this.#actions();
    this.player.following = () => {
      const { item } = this.player;
      return item?.after ? item.after() : (this.radio.following() ?? this.#item(this.#upcoming));
    };
    this.player.addEventListener("advance", () => this.#advanced());
    this.player.addEventListener("time", () => this.#moved());
    mending(this.player);
    this.player.addEventListener("forbidden", () => say("The browser wants a click before it plays: press Play."));
    outbox.addEventListener("sent", ({ detail }) => this.#sent(detail));
    outbox.addEventListener("dropped", ({ detail }) => this.refresh(detail.album));
    this.addEventListener("album", ({ detail }) => this.#retell(detail));
    bindBar(this.player, this.does);
    listen("listen", this.does);
    live("back", flush);
    flush();
  }

  // The album as it will be once all that was decided here has been sent.
  view(slug) {
    const album = this.albums.get(slug);
    return (
      album &&
      pending(slug)
        .filter((item) => item.kind === "decide" && !item.late)
        .reduce((now, item) => foresee(now, item.ask), album)
    );
  }

  async refresh(slug = this.row?.album) {
    if (!slug) return;
    const before = this.albums.get(slug)?.cover?.url;
    try {
      this.albums.set(slug, await get(`/api/albums/${slug}?author=${encodeURIComponent(author())}`));
    } catch (error) {
      if (error instanceof Unreachable) onceBack(`album ${slug}`, () => this.refresh(slug));
      else if (error instanceof Refused && error.status === 404) this.albums.delete(slug);
      else if (!this.albums.has(slug)) say(error.message, { wrong: true });
      return;
    }
    const url = this.albums.get(slug)?.cover?.url;
    if (before && url && url !== before && this.player.item?.album === slug) this.player.retell({ cover: url });
    if (this.row?.album === slug) this.draw();
    this.dispatchEvent(new CustomEvent("album", { detail: slug }));
  }

  // What plays is called in the bar what its album calls it now.
  #retell(slug) {
    const { item } = this.player;
    const album = this.view(slug);
    if (item?.album !== slug || !album) return;
    const track = item.row && album.tracks.find((one) => one.track === item.row.track);
    if (track || !item.row) this.player.retell(item.names(album, track));
  }

  // Makes a take the one that is looked at and heard. `row` is a TakeRow.
  async show(row, { play = this.player.playing, at = 0, how = "click" } = {}) {
    this.row = row;
    this.began = -Infinity;
    this.radio.off();
    this.player.load(this.#item(row), { at, play });
    this.dispatchEvent(new CustomEvent("shown", { detail: { row, how } }));
    this.#prepare();
    if (this.albums.has(row.album)) this.draw();
    else await this.refresh(row.album);
    if (how !== "start") whisper(`${row.title}, take ${row.take}`);
  }

  // Plays what is no take: `item.after()` gives what comes after it, or null. What is looked at stays.
  hearFinished(item) {
    this.radio.off();
    this.player.load(item, { play: true });
    this.player.prepare(item.after());
  }

  draw() {
    const found = this.#found();
    if (!found) return;
    const { album, track, take } = found;
    // What is said of it goes by its title of now.
    if (this.row.title !== track.title) this.row = { ...this.row, title: track.title };
    const about = take.version;
    if (this.wave?.about !== about) {
      this.wave = Object.assign(
        wave({
          peaks: take.peaks,
          seconds: take.seconds,
          seek: (to) => this.player.seek(to),
          region: (from, to) => to - from > 0.3 && this.player.setLoop([from, to]),
        }),
        { about },
      );
    }
    redraw(
      this.place,
      drawTake({ ...found, wave: this.wave, does: this.does, waiting: pending(album.slug).length > 0 }),
    );
    this.place.setAttribute("aria-label", `${track.title}, take ${take.take}`);
    this.#moved();
  }

  #found(row = this.row) {
    const album = row && this.view(row.album);
    const track = album?.tracks.find((one) => one.track === row.track);
    const take = track?.takes.find((one) => one.take === row.take);
    return take ? { album, track, take } : null;
  }

  #item(row) {
    return (
      row && {
        audio: row.audio,
        gain: row.gain,
        seconds: row.seconds,
        title: row.title,
        line: `${row.album_title} · take ${row.take}`,
        album: row.album,
        names: (album, track) => ({ title: track.title, line: `${album.title} · take ${row.take}` }),
        cover: row.cover,
        row,
      }
    );
  }

  #prepare() {
    this.#upcoming = this.row && this.neighbour(keyOf(this.row), 1);
    this.player.prepare(this.#item(this.#upcoming));
    if (this.#upcoming && !this.albums.has(this.#upcoming.album)) this.refresh(this.#upcoming.album);
  }

  #upcoming = null;

  #advanced() {
    if (this.radio.on) return;
    const { row, after } = this.player.item;
    if (after) {
      this.player.prepare(after());
      return;
    }
    this.began = performance.now();
    this.row = row;
    this.draw();
    this.dispatchEvent(new CustomEvent("shown", { detail: { row, how: "advance" } }));
    this.#prepare();
  }

  #moved() {
    if (!this.wave || !this.row) return;
    const here = this.player.item?.audio === this.row.audio;
    const { loop } = this.player;
    this.wave.show(
      here ? this.player.position : 0,
      here && Array.isArray(loop) && Number.isFinite(loop[1]) ? loop : null,
    );
  }

  #sent({ item, said }) {
    if (item.kind === "decide") this.mine.push({ album: item.album, id: said.id, says: item.says });
    if (item.late) say(item.says);
    this.refresh(item.album);
  }

  // `row` is the take that was meant, while another may have begun since.
  #decide(part, words, extra = {}, row = this.row) {
    const found = this.#found(row);
    if (!found) return;
    const { album, track, take } = found;
    const of =
      part === "take"
        ? { track: track.track, take: take.take, version: take.version }
        : part === "track"
          ? { track: track.track, version: album.version }
          : { version: album.version };
    this.order(album, { ...of, ...extra }, words);
  }

  // Decides on an album or a part of it. The page shows it at once, or, what is `late`, once the server took it.
  order(album, ask, words, { late = false } = {}) {
    const whole = { album: album.slug, seen: album.seen, track: null, take: null, value: "", note: "", ...ask };
    decide(whole, words, late);
    if (this.row?.album === album.slug) this.draw();
    if (!late) say(words);
    this.dispatchEvent(new CustomEvent("decided", { detail: { album: album.slug, ...ask } }));
    this.dispatchEvent(new CustomEvent("album", { detail: album.slug }));
  }

  #settled() {
    if (!this.row) {
      say("Choose a take first.");
      return false;
    }
    if (performance.now() - this.began < BREATH) {
      say(`That was meant for the take before? Go back with ${this.does.key("previous")}.`);
      return false;
    }
    return Boolean(this.#found());
  }

  #step(step) {
    const row = this.neighbour(this.row && keyOf(this.row), step);
    if (row) this.show(row, { how: "step" });
    else say(step > 0 ? "That was the last one." : "This is the first one.");
  }

  hear(number) {
    const found = this.#found();
    const take = found?.track.takes.find((one) => one.take === number);
    if (!take) {
      if (found) say(`There is no take ${number} of this track.`);
      return;
    }
    const { album, track } = found;
    this.show(rowOf(album, track, take), { at: this.player.position, how: "switch" });
  }

  async #reject() {
    if (!this.#settled()) return;
    const row = this.row;
    const { take } = this.#found();
    const note = await askWords({
      title: `Reject “${row.title}”, take ${row.take}?`,
      label: "Why",
      send: "Reject",
      required: true,
      missing: "Say why, in a word or two.",
      hints: REASONS,
      value: take.decided === "rejected" ? take.reason : "",
    });
    if (note === null) return;
    this.#decide("take", `Rejected “${row.title}”, take ${row.take}`, { decision: "rejected", note }, row);
    if (this.row && keyOf(this.row) === keyOf(row)) this.#goOn();
  }

  #goOn() {
    if ($("go-on")?.checked) this.#step(1);
  }

  #undoable() {
    const slug = this.row?.album;
    return (
      this.mine.length > 0 ||
      pending(slug).some((item) => item.kind === "decide") ||
      Boolean(this.albums.get(slug)?.decisions.some((one) => !one.undone))
    );
  }

  #undo() {
    const slug = this.row?.album ?? this.mine.at(-1)?.album;
    const gone = slug && withdraw(slug);
    if (gone) {
      say(`Taken back: ${gone.says}`);
      return;
    }
    const last = this.mine.pop();
    const album = this.albums.get(last?.album ?? slug);
    const said = last ? { id: last.id } : album?.decisions.find((one) => !one.undone);
    if (!album || !said) {
      say("There is nothing to undo.");
      return;
    }
    this.undo(album, said.id, last?.says);
  }

  undo(album, id, words = "the last decision") {
    this.mine = this.mine.filter((one) => one.id !== id);
    takeBack({ album: album.slug, id, seen: album.seen, says: `Taken back: ${words}` });
    say(`Taken back: ${words}`);
  }

  async #note() {
    if (!this.#settled()) return;
    const { row } = this;
    const found = this.#found();
    const note = await askWords({
      title: `Note on “${found.track.title}”`,
      label: "Note",
      value: found.track.note,
      send: "Keep",
      long: true,
      required: true,
      missing: "Write a note.",
    });
    if (note !== null) this.#decide("track", `Noted on “${found.track.title}”`, { decision: "noted", note }, row);
  }

  async #retitle() {
    if (!this.#settled()) return;
    const { row } = this;
    const found = this.#found();
    const value = await askWords({
      title: "Retitle the track",
      label: "Title",
      value: found.track.title,
      send: "Retitle",
      required: true,
      limit: TITLE_LIMIT,
      missing: "Write a title.",
    });
    if (value !== null && value !== found.track.title)
      this.#decide("track", `Retitled to “${value}”`, { decision: "retitled", value }, row);
  }

  #actions() {
    const { player } = this;
    const region = (from, to) => {
      if (player.item && to - from > 0.3) player.setLoop([from, to]);
      else say("The end of the loop must come after its beginning.");
    };
    const looped = () => (Array.isArray(player.loop) ? player.loop : [0, player.length]);
    return {
      play: () => (player.item ? player.toggle() : this.#step(1)),
      back: () => player.seek(player.position - 5),
      ahead: () => player.seek(player.position + 5),
      next: () => (this.radio.on ? this.radio.skip() : this.#step(1)),
      previous: () => this.#step(-1),
      approve: () => {
        if (!this.#settled()) return;
        const { row } = this;
        this.#decide("take", `Approved “${row.title}”, take ${row.take}`, { decision: "approved" });
        this.#goOn();
      },
      reject: () => this.#reject(),
      choose: () =>
        this.#settled() &&
        this.#decide("take", `Take ${this.row.take} will be used for “${this.row.title}”`, { decision: "take" }),
      reroll: () =>
        this.#settled() && this.#decide("track", `Another take of “${this.row.title}” was ordered`, { decision: "reroll" }),
      note: () => this.#note(),
      retitle: () => this.#retitle(),
      undo: () => this.#undo(),
      undoable: () => this.#undoable(),
      loop: () => {
        player.setLoop(player.loop === null ? "whole" : null);
        whisper(player.loop ? "Loop on" : "Loop off");
      },
      from: () => region(player.position, looped()[1] > player.position ? looped()[1] : player.length),
      to: () => region(looped()[0] < player.position ? looped()[0] : 0, player.position),
      hear: (take) => this.hear(take),
      ...Object.fromEntries([1, 2, 3, 4, 5].map((take) => [`take-${take}`, () => this.hear(take)])),
      compare: () => location.assign(this.row ? `/compare?album=${encodeURIComponent(this.row.album)}` : "/compare"),
      search: () => $("words")?.focus(),
      help: () => showKeys(),
      radio: () => this.radio.toggle(),
      close: () => this.dispatchEvent(new Event("close")),
      key: (id) => shown(keysOf(ACTIONS.find((one) => one.id === id))[0]),
    };
  }
}

// A take of an album as the queue would list it.
export function rowOf(album, track, take) {
  return {
    album: album.slug,
    album_title: album.title,
    status: album.status,
    track: track.track,
    take: take.take,
    title: track.title,
    version: take.version,
    chosen: take.chosen,
    decided: take.decided,
    passed: take.passed,
    score: take.score,
    mine: take.mine,
    backend: take.backend,
    licence: take.licences.join(", "),
    seconds: take.seconds,
    attention: "",
    peaks: take.peaks,
    gain: take.gain,
    audio: take.audio,
    cover: album.cover?.url ?? null,
  };
}

export const skeleton = () => h("p", { class: "loading" }, "One moment…");
