// The downloads that wait for us, and the promise that none waits for ever. It lies outside of the
// WebAssembly module so that it still works when that one has failed to load or has trapped.

/** Chromium itself lets go at 15 s; the guard's own limit is shorter than this one. */
const LAST_RESORT_MS = 14_000;

/** @type {Map<number, {suggest: () => void, timer: ReturnType<typeof setTimeout>}>} */
const held = new Map();

/**
 * @param {number} id
 * @param {() => void} suggest lets the download go on under the name that the browser gave it
 */
export function hold(id, suggest) {
  held.set(id, { suggest, timer: setTimeout(() => release(id), LAST_RESORT_MS) });
}

/** Lets a download go on; does nothing if it has gone already. @param {number} id */
export function release(id) {
  const waiting = held.get(id);
  if (!waiting) return;
  held.delete(id);
  clearTimeout(waiting.timer);
  waiting.suggest();
}

export function releaseAll() {
  for (const id of [...held.keys()]) release(id);
}
