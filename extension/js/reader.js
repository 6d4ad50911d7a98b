// The module that reads what people point at: the indicators of running text, what about an address or a
// name is made to deceive, what a file is and holds. It carries the Public Suffix List, Unicode's tables and
// more, and is loaded when it is first needed.

import init, { Inspector, Sha512, aboutAddress, headerChecksums, listChecksums, notice as noticed, pageChecksums, pointedAt } from "./pkg/quorum_npm.js";
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
 * What a text points at.
 * @param {string} text
 * @param {number} limit
 * @returns {Promise<unknown>} a `Pointed` of quorum-core
 */
export async function find(text, limit) {
  await load();
  return pointedAt(text, limit);
}

/**
 * What an address tells by itself and by how it stood where it was pointed at.
 * @param {string} address
 * @param {string} written as it stood there, may be empty
 * @param {string} linkText may be empty
 * @param {string[]} own domains of one's own, which it may imitate
 * @returns {Promise<unknown>} an `About` of quorum-core
 */
export async function about(address, written, linkText, own) {
  await load();
  return aboutAddress(address, written, linkText, own);
}

/**
 * What an address and a name tell before there are bytes.
 * @param {string} url may be empty
 * @param {string} name may be empty
 * @param {string[]} own domains of one's own
 * @returns {Promise<unknown[]>} each a `Told` of quorum-core
 */
export async function notice(url, name, own) {
  await load();
  return noticed(url, name, own);
}

/**
 * Looks at a file while it streams by.
 * @param {string} url
 * @param {string} name
 * @param {string[]} own domains of one's own
 */
export async function inspect(url, name, own) {
  await load();
  return new Inspector(url, name, own);
}

/** A hasher for SHA-512, which a publisher's checksum may want. */
export async function sha512() {
  await load();
  return new Sha512();
}

/** @param {[string, string][]} headers of an answer @returns {Promise<unknown[]>} each a `Claim` of quorum-core */
export async function inHeaders(headers) {
  await load();
  return headerChecksums(headers);
}

/** @param {unknown} page by `readPage` @param {string} address of the link @returns {Promise<unknown>} a `Pointed` of quorum-core */
export async function onPage(page, address) {
  await load();
  return pageChecksums(/** @type {import("./pkg/quorum_npm.js").Page} */ (page), address);
}

/**
 * @param {string} text of the list
 * @param {string} list its address
 * @param {string} address of the link
 * @param {string} name of the file
 * @returns {Promise<unknown[]>} each a `Claim` of quorum-core
 */
export async function inList(text, list, address, name) {
  await load();
  return listChecksums(text, list, address, name);
}
