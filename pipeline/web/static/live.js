// What changes while the page is open, one connection a page and none while it is hidden.

const heard = new EventTarget();
// Of the library as the page was drawn: what changed since is not in it, however late the connection comes about.
const drawn = document.querySelector('meta[name="pulse"]');
let source = null;

function open() {
  if (source || document.hidden) return;
  source = new EventSource("/api/events");
  for (const name of ["pulse", "jobs"]) {
    source.addEventListener(name, (event) =>
      heard.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(event.data) })),
    );
  }
  source.addEventListener("open", () => heard.dispatchEvent(new Event("back")));
  source.addEventListener("error", () => {
    // A refusal ends it for good; a lost connection is opened again by the browser.
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    setTimeout(open, 10_000);
  });
}

function close() {
  source?.close();
  source = null;
}

export function live(name, does) {
  if (name !== "pulse") {
    heard.addEventListener(name, (event) => does(event.detail));
    return;
  }
  // Where no page says it, the first pulse is taken for its own; those that come thick are answered together.
  let last = drawn ? JSON.parse(drawn.content) : null;
  let timer = 0;
  heard.addEventListener("pulse", (event) => {
    const changed = last !== null && last !== event.detail;
    last = event.detail;
    if (!changed) return;
    clearTimeout(timer);
    timer = setTimeout(does, 250);
  });
}

export function goLive() {
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
}
