// Speaks with the server. A refusal comes as `Refused`, a server that does not answer as `Unreachable`.

export class Refused extends Error {
  constructor(status, refusal) {
    super([refusal.message, refusal.remedy].filter(Boolean).join(" "));
    this.status = status;
    this.refusal = refusal;
  }
}

export class Unreachable extends Error {}

const meta = (name) => document.querySelector(`meta[name="${name}"]`);
export const author = () => meta("author")?.content ?? "";

const PATIENCE = 30_000;

async function once(method, address, body, type) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = meta("csrf").content;
  if (body !== undefined) headers["Content-Type"] = type;
  let answer;
  try {
    const signal = AbortSignal.timeout(type === "application/json" ? PATIENCE : 4 * PATIENCE);
    answer = await fetch(address, { method, headers, body, credentials: "same-origin", cache: "no-store", signal });
  } catch (error) {
    throw new Unreachable("The server does not answer.", { cause: error });
  }
  if (answer.status === 204) return null;
  let said;
  try {
    said = await answer.json();
  } catch (error) {
    if (answer.ok) throw new Unreachable("The answer was cut short.", { cause: error });
    said = { message: `The server answered ${answer.status}.`, remedy: "" };
  }
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

async function call(method, address, body, type = "application/json") {
  try {
    return await once(method, address, body, type);
  } catch (error) {
    if (error instanceof Refused && error.status === 401 && location.pathname !== "/login") {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    // The cookie beside the token may have been cleared: take a new pair, once.
    if (!(error instanceof Refused) || error.status !== 403 || method === "GET") throw error;
    meta("csrf").content = (await once("GET", "/api/session")).csrf;
    return once(method, address, body, type);
  }
}

export const get = (address) => call("GET", address);
export const post = (address, value) => call("POST", address, JSON.stringify(value ?? {}));
export const put = (address, value) => call("PUT", address, JSON.stringify(value));
export const send = (address, file) => call("POST", address, file, file.type || "audio/wav");
