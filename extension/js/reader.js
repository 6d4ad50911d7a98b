// The module that reads what people point at: the indicators of running text, what about an address or a
// name is made to deceive, what a file is and holds. It carries the Public Suffix List, Unicode's tables and
// more, and is loaded when it is first needed.

import init, { Inspector, indicators, notice as noticed } from "./pkg/quorum_npm.js";
import { fileUrl } from "./platform.js";

/** @type {Promise<unknown> | undefined} */
let ready;

async function load() {
  ready ??= init({ module_or_path: fileUrl("pkg/quorum_npm_bg.wasm") });
  try {
    await ready;
  } catch (error) {
    // The next time tries again.
    ready = undefined;
    throw error;
  }
}

/**
 * The indicators of a text, each once, in their order.
 * @param {string} text
 * @param {number} limit
 * @returns {Promise<string[]>}
 */
export async function find(text, limit) {
  await load();
  return indicators(text, limit);
}

/**
 * What an address and a name tell before there are bytes.
 * @param {string} url may be empty
 * @param {string} name may be empty
 * @returns {Promise<unknown[]>} each a `Told` of quorum-core
 */
export async function notice(url, name) {
  await load();
  return noticed(url, name);
}

/**
 * Looks at a file while it streams by.
 * @param {string} url
 * @param {string} name
 */
export async function inspect(url, name) {
  await load();
  return new Inspector(url, name);
}
