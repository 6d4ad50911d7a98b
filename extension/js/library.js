// The module of the library: YARA rules, local lists, and where they come from. It is loaded when somebody asks
// for it, when a pack is due, or when something is looked up; it fetches by the light module's `fetch_file`.

import init, { __wbg_reset_state, ask as asked, look as looked, refresh as refreshed } from "./pkg/quorum_library.js";
import { fileUrl } from "./platform.js";

/** @type {Promise<unknown> | undefined} */
let ready;

async function load() {
  ready ??= init({ module_or_path: fileUrl("pkg/quorum_library_bg.wasm") });
  try {
    await ready;
  } catch (error) {
    // The next time tries again.
    ready = undefined;
    throw error;
  }
}

/** @param {string} request JSON @returns {Promise<string>} JSON */
export async function ask(request) {
  await load();
  return asked(request);
}

export async function refresh() {
  await load();
  return refreshed();
}

/**
 * Looks things up in the lists that are on.
 * @param {string[]} addresses
 * @param {string[]} hashes of one file
 * @param {string[]} members of an archive: path and SHA-256 in turn
 * @param {boolean} mayAsk whether the backend may be asked what stands behind a hit
 * @param {boolean} inPrivate whether nothing of that may be kept
 * @returns {Promise<unknown[]>} each a `Listing` of quorum-core
 */
export async function look(addresses, hashes, members, mayAsk, inPrivate) {
  await load();
  return looked(addresses, hashes, members, mayAsk, inPrivate);
}

/** After a trap, which may have been in there: a fresh instance, which finds in the store what there is. */
export function renew() {
  if (ready) ready = ready.then(() => __wbg_reset_state());
}
