// The radio of what was approved today: one take after the other, without end.

import { get } from "./api.js";
import { $ } from "./dom.js";
import { say } from "./say.js";

export class Radio {
  on = false;
  #player;
  #list = [];
  #place = 0;

  constructor(player) {
    this.#player = player;
  }

  async toggle() {
    if (this.on) {
      this.off();
      this.#player.pause();
      return;
    }
    await this.#fetch();
    if (this.#list.length === 0) {
      say("Nothing was approved today yet.");
      return;
    }
    this.on = true;
    $("bar-radio").setAttribute("aria-pressed", "true");
    this.#place = 0;
    this.#player.setLoop(null);
    this.#player.load(this.#item(0), { play: true });
    this.#player.prepare(this.#item(1));
    say(`On the radio: ${this.#list.length} approved today.`);
  }

  off() {
    this.on = false;
    $("bar-radio").setAttribute("aria-pressed", "false");
  }

  skip() {
    const item = this.following();
    if (item) this.#player.load(item, { play: true });
  }

  // What comes next while the radio is on, else null. What was approved meanwhile joins in.
  following() {
    if (!this.on) return null;
    this.#place = (this.#place + 1) % this.#list.length;
    const item = this.#item(this.#place);
    this.#fetch().then(() => this.#player.prepare(this.#item(this.#place + 1)));
    return item;
  }

  #item(place) {
    const row = this.#list[place % this.#list.length];
    return {
      audio: row.audio,
      gain: row.gain,
      seconds: row.seconds,
      title: row.title,
      names: (album, track) => ({ title: track.title, line: `Radio · ${album.title}` }),
      line: `Radio · ${row.album_title}`,
      album: row.album,
      cover: row.cover,
      row,
    };
  }

  async #fetch() {
    try {
      const list = await get("/api/today");
      if (list.length > 0) this.#list = list;
    } catch {
      // The list there is goes on.
    }
  }
}
