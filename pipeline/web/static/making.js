// The changes of one album that were ordered: whether they are being made, and what came of them.

import { get } from "./api.js";
import { live } from "./live.js";

const isOpen = (job) => job.state === "waiting" || job.state === "working";

// Tells "change" with every word of progress, and "end" with the order that was just done, failed or stopped.
export class Making extends EventTarget {
  #slug;
  // What is being made, or waits for it; null where nothing was ordered.
  job = null;

  constructor(slug) {
    super();
    this.#slug = slug;
    let told = false;
    live("jobs", (jobs) => {
      told = true;
      this.#take(jobs);
    });
    get("/api/jobs")
      .then((jobs) => told || this.job || this.#take(jobs))
      .catch(() => {
        // The events bring it once the server answers.
      });
  }

  // What was ordered from this page just now.
  ordered(job) {
    this.job = job;
    this.dispatchEvent(new Event("change"));
  }

  #take(jobs) {
    const before = this.job;
    // A list from before the order was taken says nothing of it.
    if (before && jobs.every((job) => job.id < before.id)) return;
    const mine = jobs.filter((job) => job.kind === "changes" && job.album === this.#slug);
    const going = mine.filter(isOpen);
    this.job = going.find((job) => job.state === "working") ?? going.at(-1) ?? null;
    const ended = before && mine.find((job) => job.id === before.id && !isOpen(job));
    if (before || this.job) this.dispatchEvent(new Event("change"));
    if (ended) this.dispatchEvent(new CustomEvent("end", { detail: ended }));
  }
}
