// Starts the Worker in which YARA runs, gives it one job after another, and ends it when a job takes longer
// than it may. A page and Firefox's background start it themselves; Chromium's background, a service worker,
// cannot, and has it done by a hidden page of ours (scanner.html), to which files go as Blobs over a
// BroadcastChannel: that carries the Blob's handle, not its bytes, and only our own origin hears it.

import { fileUrl, openHidden } from "./platform.js";

/** A Worker that nobody needs is ended after this: its memory is given back by nothing else. */
const IDLE_MS = 30_000;
/** How long the hidden page may take to say that it has a job. */
const TAKEN_MS = 3_000;

const ADDRESS = fileUrl("scanner-worker.js");
const HIDDEN = "scanner.html";
export const CHANNEL = "quorum-scanner";

/** The policy that the pages' CSP allows: it lets this one address through and nothing else. */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("quorum-worker", {
  createScriptURL(/** @type {string} */ url) {
    if (url === ADDRESS) return url;
    throw new TypeError("not our worker");
  },
});

/** @type {Worker | undefined} */
let worker;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let idle;
/** The jobs wait for each other. @type {Promise<unknown>} */
let last = Promise.resolve();

function end() {
  worker?.terminate();
  worker = undefined;
}

/**
 * @param {unknown} job a `Job` of quorum-core
 * @param {Blob | undefined} file
 * @param {number} limitMs
 * @returns {Promise<{told?: unknown, done?: boolean, failed?: string}>} the last that the Worker said: without
 *   `done` it was ended at the limit
 */
function here(job, file, limitMs) {
  return new Promise((resolve) => {
    clearTimeout(idle);
    worker ??= new Worker(policy?.createScriptURL(ADDRESS) ?? ADDRESS, { type: "module" });
    /** @type {any} */
    let heard = {};
    const finish = (/** @type {boolean} */ replace) => {
      clearTimeout(limit);
      if (replace) end();
      else idle = setTimeout(end, IDLE_MS);
      resolve(heard);
    };
    const limit = setTimeout(() => finish(true), limitMs);
    worker.onmessage = ({ data }) => {
      heard = data;
      if (data.done || data.failed) finish(Boolean(data.spent || data.failed));
    };
    worker.onerror = (event) => {
      heard = { failed: event.message ?? "the worker did not start" };
      finish(true);
    };
    worker.postMessage({ job, file });
  });
}

/** @type {typeof here} */
async function there(job, file, limitMs) {
  const channel = new BroadcastChannel(CHANNEL);
  const id = crypto.randomUUID();
  try {
    // The page closes when it is idle, perhaps in this very moment: then it is opened anew, once.
    for (const _ of [1, 2]) {
      await openHidden(HIDDEN);
      const answer = await new Promise((resolve) => {
        let limit = setTimeout(resolve, TAKEN_MS);
        channel.onmessage = ({ data }) => {
          if (data.to !== id) return;
          clearTimeout(limit);
          if (data.taken) limit = setTimeout(resolve, limitMs + TAKEN_MS, {});
          else resolve(data.heard);
        };
        channel.postMessage({ id, job, file, limitMs });
      });
      if (answer) return answer;
    }
    return { failed: "the page of the scanner did not answer" };
  } finally {
    channel.close();
  }
}

/** @type {typeof here} */
export function run(job, file, limitMs) {
  const next = last.then(() => (typeof Worker === "function" ? here : there)(job, file, limitMs));
  last = next.catch(() => {});
  return next;
}
