// Plays the radio: tunes in anew after every pause, for a stream that was paused would go on where it was left, and comes
// back by itself when the connection is lost.

const RETRY = [1000, 2000, 4000, 8000];
const STILL = 8000;
// Seconds that have to be heard before a loss counts as the first one: a browser without a device for sound begins, too.
const SETTLED = 10;

export class Tuner extends EventTarget {
  #audio;
  #wanted = false;
  #tries = 0;
  #timer = 0;
  #heard = { at: 0, time: 0 };

  constructor(audio) {
    super();
    this.#audio = audio;
    for (const name of ["playing", "waiting", "pause"]) audio.addEventListener(name, () => this.#tell());
    for (const name of ["error", "ended"]) audio.addEventListener(name, () => this.#again());
    audio.addEventListener("timeupdate", () => this.dispatchEvent(new Event("time")));
    setInterval(() => this.#watch(), 1000);
  }

  get wanted() {
    return this.#wanted;
  }

  get playing() {
    return this.#wanted && !this.#audio.paused && this.#audio.readyState > 2;
  }

  get position() {
    return this.#audio.currentTime;
  }

  // Seconds of sound that are here and were not heard yet: so much later is heard what the radio sends now.
  get ahead() {
    const { buffered, currentTime } = this.#audio;
    return buffered.length > 0 ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  get level() {
    return this.#audio.volume;
  }

  set level(value) {
    this.#audio.volume = value;
  }

  toggle() {
    if (this.#wanted) this.stop();
    else this.play();
  }

  play() {
    this.#wanted = true;
    this.#tries = 0;
    this.#tune();
  }

  stop() {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
    this.#tell();
  }

  #tune() {
    clearTimeout(this.#timer);
    const form = this.#audio.canPlayType("audio/mpeg") ? "mp3" : "opus";
    this.#heard = { at: 0, time: Date.now() };
    this.#audio.src = `/radio.${form}?${Date.now()}`;
    this.#audio.play().catch((error) => {
      if (error.name !== "NotAllowedError") return;
      this.stop();
      this.dispatchEvent(new Event("forbidden"));
    });
    this.#tell();
  }

  #again() {
    if (!this.#wanted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tune(), RETRY[Math.min(this.#tries, RETRY.length - 1)]);
    this.#tries += 1;
    this.#tell();
  }

  #watch() {
    const { currentTime } = this.#audio;
    if (currentTime > SETTLED) this.#tries = 0;
    if (!this.#wanted || currentTime !== this.#heard.at) this.#heard = { at: currentTime, time: Date.now() };
    else if (Date.now() - this.#heard.time > STILL) this.#tune();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
