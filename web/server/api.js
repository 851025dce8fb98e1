// @ts-check
/**
 * All requests of the page to the server. Addresses are relative to this file, so a proxy may serve the camera
 * below any path. Each request names that path, because only the browser knows it: cookies are set for it.
 */

/**
 * The part of `api/status` that the page reads.
 * @typedef {object} Status
 * @property {string} [page]  the version of the page that the server has
 * @property {string} now  by the camera's clock, ISO 8601
 * @property {{name: string} | null} [frame]  the newest
 * @property {{running: boolean, mode?: string, reason?: string | null, interval_s?: number, taking?: object | null, library?: {waits?: string | null}}} capture
 * @property {Record<string, string>} [revisions]  of settings, library, series and films: another text for each state
 */

/** No answer: no network, nobody at that address, or too late. */
export class Unreachable extends Error {}

/** The server refused a request, or answered with something else. The message is for the user. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, field?: string | null, wait_s?: number, body?: any, tag?: string}} [answer]
   *   `field` is the one that is wrong; `wait_s` how long to wait before the next try (429, 503);
   *   `body` what came besides, of the version `tag`
   */
  constructor(message, { status = 0, field = null, wait_s = 0, body = null, tag = "" } = {}) {
    super(message);
    this.status = status;
    this.field = field;
    this.wait_s = wait_s;
    this.body = body;
    this.tag = tag;
  }
}

/** The server gives the files of one version of the page below a path of its own. */
const [versioned, served = null] = import.meta.url.match(/assets\/([0-9a-f]{8})\/(?=server\/[^/]*$)/) ?? [""];

/** The version of this page's files; null where they are served as plain files. */
export const version = served;

/** Where the page and all of the API begin: the camera may be at any path. */
export const base = new URL(`../${versioned && "../../"}`, import.meta.url);

const STATUS_LIMIT_MS = 5_000;
const DOCUMENT_LIMIT_MS = 60_000; // a change of settings is answered once the camera has made a picture with them

const ARRIVAL_LOOKS = 20; // at the status, for a frame that is to come ...
const ARRIVAL_PAUSE_MS = 500; // ... from one look to the next

/** Told of each answer that says that nobody is signed in. @type {() => void} */
let onSignedOut = () => {};

/** @param {() => void} listener */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

/**
 * A document of the API.
 * @param {string} path  like "api/settings"
 * @returns {Promise<any>}
 * @throws {Unreachable | Refused}
 */
export const get = async (path) => (await exchange("GET", path)).document;

/**
 * Send to the API what changes something.
 * @param {"POST" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {any} [body]  goes as JSON
 * @returns {Promise<any>} the answer's document; null where it has none
 * @throws {Unreachable | Refused}
 */
export const send = async (method, path, body) => (await exchange(method, path, { body })).document;

/**
 * One question and its answer, whose version is `tag` (its ETag).
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, tag?: string}} [what]  the body, and the version that it is meant for
 * @returns {Promise<{document: any, tag: string}>}
 * @throws {Unreachable | Refused}
 */
export async function exchange(method, path, { body, tag } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  // Without a body, too: a page of another origin could not send this type without the server's leave.
  if (method !== "GET") headers["Content-Type"] = "application/json";
  if (tag) headers["If-Match"] = tag;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const answer = await ask(path, { method, headers, body: sent, limit_ms: DOCUMENT_LIMIT_MS }, async (response) => ({
    document: response.status === 204 ? null : await response.json(),
    tag: response.headers.get("ETag") ?? "",
  }));
  if (answer.document?.wait_for) await arrival(answer.document.wait_for);
  return answer;
}

/**
 * Wait until the server has this frame or a later one, for a limited time.
 * @param {string} name
 */
async function arrival(name) {
  for (let looks = 0; looks < ARRIVAL_LOOKS; looks++) {
    const { frame } = await status();
    if (frame && frame.name >= name) return;
    await new Promise((resolve) => setTimeout(resolve, ARRIVAL_PAUSE_MS));
  }
}

/**
 * How the camera is.
 * @returns {Promise<Status>}
 */
export function status() {
  return ask("api/status?revisions=1", { limit_ms: STATUS_LIMIT_MS }, async (response) => {
    const body = await response.json().catch(() => null);
    if (typeof body?.capture !== "object") throw new Refused("This is not a camera's status: is the address right?");
    return body;
  });
}

/**
 * Subscribe to the server's events (`api/events`).
 * @param {(event: string, document: any) => void} heard
 * @param {() => void} broken  is called once, when the stream has ended
 * @returns {() => void} ends it
 */
export function listen(heard, broken) {
  const source = new EventSource(new URL("api/events", base));
  for (const name of ["status", "change", "item", "heartbeat"]) {
    source.addEventListener(name, (event) => heard(name, JSON.parse(event.data)));
  }
  source.addEventListener("error", () => {
    source.close(); // or the browser would try again by itself, for ever
    broken();
  });
  return () => source.close(); // no event comes after that
}

/**
 * One request, ended by `signal` or after `limit_ms`, its body included. `read` may call `comes` with each
 * part of a long body: that restarts `limit_ms`.
 *
 * `AbortSignal.any` and `.timeout` would say this in a line, but Safari 16
 * lacks the first (old tablets make good camera screens), and the second would
 * leave a pending timer for each of fifteen frames a second.
 *
 * @template T
 * @param {string} url
 * @param {{method?: string, headers?: HeadersInit, body?: string, signal?: AbortSignal, limit_ms: number}} how
 * @param {(response: Response, comes: () => void) => Promise<T>} read
 * @returns {Promise<T>}
 * @throws {Unreachable | Refused}
 */
export async function ask(url, { signal, limit_ms, ...request }, read) {
  const ended = new AbortController();
  const end = () => ended.abort();
  let timer = setTimeout(end, limit_ms);
  const comes = () => {
    clearTimeout(timer);
    timer = setTimeout(end, limit_ms);
  };
  signal?.addEventListener("abort", end);
  const headers = new Headers(request.headers);
  headers.set("X-Stillcam-Base", base.pathname);
  try {
    const response = await fetch(new URL(url, base), { ...request, headers, cache: "no-store", signal: ended.signal });
    if (response.ok || response.status === 304) return await read(response, comes);
    if (response.status === 401) onSignedOut();
    throw await refusal(response);
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Unreachable("The camera does not answer.", { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/**
 * The server's own words for what is wrong, or its status where it has none.
 * @param {Response} response
 */
async function refusal(response) {
  const { status, headers } = response;
  const body = await response.json().catch(() => null);
  const text = typeof body?.error === "string" ? body.error : "";
  return new Refused(text || `The server answers with an error (${status}).`, {
    status,
    field: body?.field ?? null,
    wait_s: Number(headers.get("Retry-After") ?? 0),
    body,
    tag: headers.get("ETag") ?? "",
  });
}
