// What the radio tells while its page is open: one connection, also while the page is hidden, for it may be playing.

import { get } from "./api.js";

const AGAIN = 10_000;

export class RadioLive extends EventTarget {
  #offset = 0;
  #source = null;

  constructor(clock) {
    super();
    this.set(clock);
    window.addEventListener("pagehide", () => this.#close());
    window.addEventListener("pageshow", () => this.#open());
    this.#open();
  }

  set(clock) {
    this.#offset = clock - Date.now() / 1000;
  }

  // The time of day at the radio.
  get now() {
    return Date.now() / 1000 + this.#offset;
  }

  #open() {
    if (this.#source) return;
    this.#source = new EventSource("/api/events");
    for (const name of ["air", "standing"])
      this.#source.addEventListener(name, (event) => this.#tell(name, JSON.parse(event.data)));
    this.#source.addEventListener("open", () => this.#tell("reach", true));
    this.#source.addEventListener("error", () => {
      if (this.#source?.readyState !== EventSource.CLOSED) {
        this.#tell("reach", false);
        return;
      }
      // Refused, for too many pages are open: ask now and then.
      this.#source = null;
      this.#ask();
      setTimeout(() => this.#open(), AGAIN);
    });
  }

  async #ask() {
    try {
      const told = await get("/api/now");
      this.set(told.clock);
      this.#tell("air", told.air);
      this.#tell("standing", told.standing);
      this.#tell("reach", true);
    } catch {
      this.#tell("reach", false);
    }
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
