// Plays takes: at once, equally loud, the next one without a gap.
//
// Two audio elements take turns: while one plays, the other holds what comes next. Levels are matched by a gain behind
// each; where the browser has no Web Audio, by its volume.

const AHEAD = 0.35;

function deck() {
  const audio = new Audio();
  audio.preload = "auto";
  audio.preservesPitch = true;
  return { audio, gain: null, item: null };
}

export class Player extends EventTarget {
  #decks = [deck(), deck()];
  #now = 0;
  #context = null;
  #speed = 1;
  #loop = null; // null, "whole" or [from, to] in seconds
  #timer = 0;
  // Where it is to begin, in seconds, until the sound is there to be moved; null from then on.
  #wanted = null;
  // Asked when a take ends: what comes after it.
  following = () => null;

  constructor() {
    super();
    for (const one of this.#decks) {
      one.audio.addEventListener("loadedmetadata", () => {
        if (one === this.#deck && this.#wanted !== null) this.seek(this.#wanted);
      });
      for (const name of ["play", "pause", "loadedmetadata", "waiting", "playing"])
        one.audio.addEventListener(name, () => this.#tell(one, "change"));
      one.audio.addEventListener("timeupdate", () => this.#watch(one));
      one.audio.addEventListener("seeked", () => this.#tell(one, "time"));
      one.audio.addEventListener("ended", () => one === this.#deck && this.#end());
      one.audio.addEventListener("error", () => one.item && this.#tell(one, "broken"));
    }
    const frame = () => {
      if (this.playing) this.#tell(this.#deck, "time");
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  get #deck() {
    return this.#decks[this.#now];
  }

  get item() {
    return this.#deck.item;
  }

  get playing() {
    return Boolean(this.item) && !this.#deck.audio.paused;
  }

  get position() {
    return this.#wanted ?? this.#deck.audio.currentTime;
  }

  get length() {
    return Number.isFinite(this.#deck.audio.duration) ? this.#deck.audio.duration : (this.item?.seconds ?? 0);
  }

  get loop() {
    return this.#loop;
  }

  get speed() {
    return this.#speed;
  }

  // Makes an item ({audio, gain, seconds, ...}) the current one. `at` in seconds.
  load(item, { at = 0, play = this.playing } = {}) {
    const old = this.#deck;
    const other = this.#decks[1 - this.#now];
    if (old.item?.audio !== item.audio) {
      // What was preloaded is there already, unless the server was gone by then.
      this.#now = 1 - this.#now;
      if (other.item?.audio !== item.audio || other.audio.error) this.#fill(other, item);
      old.audio.pause();
      if (Array.isArray(this.#loop)) this.#loop = null;
    } else if (old.audio.error) this.#fill(old, item);
    this.#deck.item = item;
    this.#level(this.#deck);
    this.seek(at);
    if (play) this.play();
    this.dispatchEvent(new Event("load"));
    this.#tell(this.#deck, "change");
  }

  // Says otherwise what is playing: its title, line or cover.
  retell(words) {
    if (!this.item || Object.entries(words).every(([name, said]) => this.item[name] === said)) return;
    Object.assign(this.item, words);
    this.dispatchEvent(new Event("told"));
  }

  // Fetches anew what could not be had, and goes on where it was.
  mend() {
    const { audio, item } = this.#deck;
    if (!item || !audio.error) return;
    const play = !audio.paused;
    const at = this.position;
    this.#fill(this.#deck, item);
    this.seek(at);
    if (play) this.play();
  }

  // Fetches what comes next, so that it starts without a gap.
  prepare(item) {
    const other = this.#decks[1 - this.#now];
    if (item && other.item?.audio !== item.audio && item.audio !== this.item?.audio) this.#fill(other, item);
  }

  async play() {
    if (!this.item) return;
    this.#wire();
    if (this.#context?.state === "suspended") this.#context.resume();
    this.#deck.audio.playbackRate = this.#speed;
    try {
      await this.#deck.audio.play();
    } catch (error) {
      // Another take was chosen meanwhile, or the browser wants a click first.
      if (error.name === "NotAllowedError") this.dispatchEvent(new Event("forbidden"));
    }
  }

  pause() {
    this.#deck.audio.pause();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(seconds) {
    const to = Math.max(0, Math.min(seconds, Math.max(0, this.length - 0.05)));
    const { audio } = this.#deck;
    const there = audio.readyState > 0;
    this.#wanted = there ? null : to;
    if (there) audio.currentTime = to;
    this.#tell(this.#deck, "time");
  }

  setSpeed(speed) {
    this.#speed = Math.min(1.5, Math.max(0.5, speed));
    for (const { audio } of this.#decks) {
      audio.defaultPlaybackRate = this.#speed;
      audio.playbackRate = this.#speed;
    }
    this.dispatchEvent(new Event("change"));
  }

  setLoop(loop) {
    this.#loop = loop;
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("time"));
  }

  #fill(one, item) {
    one.item = item;
    one.audio.src = item.audio;
    one.audio.playbackRate = this.#speed;
    one.audio.load();
    this.#level(one);
  }

  #wire() {
    if (this.#context || !window.AudioContext) return;
    this.#context = new AudioContext({ latencyHint: "interactive" });
    for (const one of this.#decks) {
      one.gain = this.#context.createGain();
      this.#context.createMediaElementSource(one.audio).connect(one.gain).connect(this.#context.destination);
      one.audio.volume = 1;
      this.#level(one);
    }
  }

  #level(one) {
    const factor = 10 ** ((one.item?.gain ?? 0) / 20);
    if (one.gain) one.gain.gain.value = factor;
    else one.audio.volume = Math.min(1, factor);
  }

  #tell(one, name) {
    if (one === this.#deck) this.dispatchEvent(new Event(name));
  }

  #watch(one) {
    if (one !== this.#deck || one.audio.paused) return;
    const [from, to] = Array.isArray(this.#loop) ? this.#loop : [0, Infinity];
    const end = Math.min(to, this.length);
    const left = (end - one.audio.currentTime) / this.#speed;
    if (one.audio.currentTime >= to) this.seek(from);
    else if (left < AHEAD) {
      clearTimeout(this.#timer);
      // Events come four times a second: the last stretch is timed.
      this.#timer = setTimeout(
        () => {
          if (one !== this.#deck || one.audio.paused || one.audio.currentTime < end - 0.1) return;
          if (Array.isArray(this.#loop)) this.seek(from);
          else this.#end();
        },
        Math.max(0, left * 1000 - 15),
      );
    }
  }

  #end() {
    clearTimeout(this.#timer);
    if (this.#loop) {
      this.seek(Array.isArray(this.#loop) ? this.#loop[0] : 0);
      this.play();
      return;
    }
    const next = this.following();
    if (next) {
      this.load(next, { play: true });
      this.dispatchEvent(new Event("advance"));
    } else this.#tell(this.#deck, "change");
  }
}
