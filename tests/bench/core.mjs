// The three digests of a download in one pass, in the extension's own WebAssembly (the module that digests dropped files), against hash-wasm, the
// fastest package of its kind, which needs a pass for each. Both are fed the chunks that a browser's stream
// gives. Runs are interleaved, so that a machine that slows down slows both; the medians are compared.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { createMD5, createSHA1, createSHA256 } from "hash-wasm";
import { ROOT } from "../e2e/harness/tree.mjs";

const CHUNK = 64 * 1024;
const ROUNDS = 9;

/** @type {any} */
const { initSync, Hasher } = await import(`${ROOT}/target/bindgen/bench/quorum_www.js`);
initSync({ module: readFileSync(`${ROOT}/target/bindgen/bench/quorum_www_bg.wasm`) });
const peers = [await createMD5(), await createSHA1(), await createSHA256()];

/** @param {Buffer} bytes @param {(chunk: Uint8Array) => void} take */
function feed(bytes, take) {
  for (let at = 0; at < bytes.length; at += CHUNK) take(bytes.subarray(at, at + CHUNK));
}

/** @param {Buffer} bytes */
function ours(bytes) {
  const hasher = new Hasher();
  feed(bytes, (chunk) => hasher.update(chunk));
  return hasher.finish();
}

/** @param {Buffer} bytes @returns {string[]} MD5, SHA-1, SHA-256 */
function theirs(bytes) {
  return peers.map((peer) => {
    peer.init();
    feed(bytes, (chunk) => void peer.update(chunk));
    return peer.digest("hex");
  });
}

/** @param {() => void} run @returns {number} milliseconds */
function time(run) {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** @param {number[]} values */
const median = (values) => /** @type {number} */ ([...values].sort((a, b) => a - b)[values.length >> 1]);

const rows = [];
for (const [label, size] of /** @type {[string, number][]} */ ([["64 KB", 64 << 10], ["1 MB", 1 << 20], ["64 MB", 64 << 20]])) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at);
  const expected = ["md5", "sha1", "sha256"].map((name) => createHash(name).update(bytes).digest("hex"));
  const got = JSON.stringify(ours(bytes));
  if (!expected.every((digest) => got.includes(digest))) throw new Error(`our digests are wrong: ${got}`);
  if (theirs(bytes).join() !== expected.join()) throw new Error("the peer's digests are wrong");

  const repeat = Math.max(1, Math.round((32 << 20) / size));
  const times = { ours: /** @type {number[]} */ ([]), theirs: /** @type {number[]} */ ([]) };
  for (let round = 0; round < ROUNDS; round++) {
    times.ours.push(time(() => { for (let n = 0; n < repeat; n++) ours(bytes); }));
    times.theirs.push(time(() => { for (let n = 0; n < repeat; n++) theirs(bytes); }));
  }
  /** @param {number[]} of @returns {number} MB/s */
  const speed = (of) => (size * repeat) / 1e6 / (median(of) / 1e3);
  const [our, peer] = [speed(times.ours), speed(times.theirs)];
  const ratio = our / peer;
  rows.push({ name: `MD5 + SHA-1 + SHA-256, ${label}`, ours: our, peer, unit: "MB/s", ratio, goal: 1, holds: ratio >= 1 });
}

mkdirSync(`${ROOT}/target/bench`, { recursive: true });
writeFileSync(`${ROOT}/target/bench/core.json`, `${JSON.stringify(rows, null, 2)}\n`);
console.log("name                                ours   hash-wasm  unit   ratio  goal  holds");
for (const { name, ours, peer, unit, ratio, goal, holds } of rows) {
  console.log(`${name.padEnd(32)} ${ours.toFixed(0).padStart(7)} ${peer.toFixed(0).padStart(11)}  ${unit} ${ratio.toFixed(2).padStart(7)} ${goal.toFixed(2).padStart(5)}  ${holds ? "yes" : "NO"}`);
}
process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;
