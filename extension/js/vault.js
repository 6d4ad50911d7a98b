// Keeps one secret across browser sessions without writing it down readably: sealed with AES-GCM by a key
// that scripts can use but not export, both in the extension's own database. It shields the secret from
// whoever reads or searches the profile's files for it, not from who can run code in this browser.

import * as database from "./database.js";

const NAME = "secret";

/** @param {string} secret */
export async function seal(secret) {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(secret));
  // A new key for each secret, so that an initialisation vector is never used twice with one key.
  await database.put("keys", NAME, { key, iv, sealed });
}

/** @returns {Promise<string | undefined>} the secret, if there is one that can be opened */
export async function unseal() {
  const entry = await database.get("keys", NAME);
  if (!entry) return undefined;
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv: entry.iv }, entry.key, entry.sealed);
  return new TextDecoder().decode(bytes);
}

export async function forget() {
  // Where nothing is kept there is nothing to forget, and no reason to refuse what was asked.
  if (await database.isKept()) await database.remove("keys", NAME);
}
