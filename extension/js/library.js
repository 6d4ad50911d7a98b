// The module of the library: YARA rules and their packs. It is loaded when somebody asks for it, or when a
// pack is due; it fetches by the light module's `fetch_file`.

import init, { __wbg_reset_state, ask as asked, refresh as refreshed } from "./pkg/quorum_library.js";
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

/** After a trap, which may have been in there: a fresh instance, which finds in the store what there is. */
export function renew() {
  if (ready) ready = ready.then(() => __wbg_reset_state());
}
