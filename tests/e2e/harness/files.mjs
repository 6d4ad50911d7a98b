// The files that the tests send around. None is harmful: EICAR is the text that scanners agreed to object
// to, and it is put together here so that it never lies in the repository.

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export const EICAR = Buffer.from(["X5O!P%@AP[4\\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join(""));
export const CLEAN = Buffer.from("A letter to a friend: nothing in here does any harm.\n");

/**
 * A file that no server has seen before.
 * @param {string} name makes files of one run differ
 */
export function unknown(name) {
  return Buffer.from(`nobody has seen this: ${name} ${process.pid} ${process.hrtime.bigint()}\n`);
}

/**
 * A ZIP archive of stored members, by APPNOTE 4.3.
 * @param {Record<string, Buffer>} members by name
 */
export function zip(members) {
  const [local, central] = [/** @type {Buffer[]} */ ([]), /** @type {Buffer[]} */ ([])];
  let at = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    local.push(Buffer.from("PK\x03\x04"), common, Buffer.from(name), bytes);
    central.push(Buffer.from("PK\x01\x02\x14\0"), common, entry, Buffer.from(name));
    at += 30 + name.length + bytes.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  const count = Object.keys(members).length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...local, directory, Buffer.from("PK\x05\x06"), end]);
}

/** @param {Uint8Array} bytes */
export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
