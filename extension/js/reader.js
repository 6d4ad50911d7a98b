// The module that finds indicators in running text. It carries the Public Suffix List and more, and is
// needed for selections alone: it is loaded when the first one is checked.

import init, { indicators } from "./pkg/quorum_npm.js";
import { fileUrl } from "./platform.js";

/** @type {Promise<unknown> | undefined} */
let ready;

/**
 * The indicators of a text, each once, in their order.
 * @param {string} text
 * @param {number} limit
 * @returns {Promise<string[]>}
 */
export async function find(text, limit) {
  ready ??= init({ module_or_path: fileUrl("pkg/quorum_npm_bg.wasm") });
  try {
    await ready;
  } catch (error) {
    // The next selection tries again.
    ready = undefined;
    throw error;
  }
  return indicators(text, limit);
}
