// The files that the tests send around. None is harmful: EICAR is the text that scanners agreed to object
// to, and it is put together here so that it never lies in the repository.

import { createHash } from "node:crypto";

export const EICAR = Buffer.from(["X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join(""));
export const CLEAN = Buffer.from("A letter to a friend: nothing in here does any harm.\n");

/**
 * A file that no server has seen before.
 * @param {string} name makes files of one run differ
 */
export function unknown(name) {
  return Buffer.from(`nobody has seen this: ${name} ${process.pid} ${process.hrtime.bigint()}\n`);
}

/** @param {Uint8Array} bytes */
export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
