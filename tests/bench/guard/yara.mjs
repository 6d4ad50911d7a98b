// Scanning the same files with the same rules: our module, the npm package @virustotal/yara-x, and our own
// crate natively. The contestants take turns, a round each; what counts is the median. Then, in a fresh
// thread each time, how long it takes from the module's bytes to the first answer.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { temporaryFolder } from "../../e2e/harness/tree.mjs";
import { files, headed, patterns, rules, withoutMatches } from "../../yara/corpus.mjs";
import { load } from "../../yara/module.mjs";

const FILES = 160;
const RULES = 220;
const MORE = 60_000;
const ROUNDS = 7;

const PEER = createRequire(import.meta.url).resolve("@virustotal/yara-x");

/** @param {number[]} list */
const median = (list) => /** @type {number} */ (list.toSorted((a, b) => a - b)[list.length >> 1]);

/** The peer throws where a rule's meta has a number above 2^53. @param {string} text */
const small = (text) => text.replace(/^ {4}large = .*\n/gm, "");

/** @returns {Promise<import("../guard.mjs").Row[]>} */
export async function yara() {
  const made = files(FILES, 3, MORE);
  const folder = temporaryFolder("bench-yara");
  mkdirSync(join(folder.path, "files"));
  for (const { name, bytes } of made) writeFileSync(join(folder.path, "files", name), bytes);
  const [all, alone] = [small(rules(RULES, 3)), small(patterns(RULES, 3))];
  const sets = { "with matches": all, "without matches": withoutMatches(all), "patterns, with matches": alone, "patterns, without matches": withoutMatches(alone), "patterns behind the header, with matches": headed(alone), "patterns behind the header, without matches": withoutMatches(headed(alone)) };
  const module = await load();
  const blobs = made.map(({ bytes }) => new Blob([bytes]));
  /** @type {import("../guard.mjs").Row[]} */
  const rows = [];
  try {
    for (const [name, text] of Object.entries(sets)) {
      const path = join(folder.path, `${name.replaceAll(/\W+/g, "-")}.yar`);
      writeFileSync(path, text);
      module.use(text);
      const peer = new Worker(fileURLToPath(new URL("peer.mjs", import.meta.url)), { workerData: { peer: PEER, rules: text, files: made.map(({ bytes }) => bytes) } });
      const native = nativeRounds(path, join(folder.path, "files"));
      const contestants = {
        async ours() {
          let matches = 0;
          const start = performance.now();
          for (const blob of blobs) matches += (await module.work({ job: "scan" }, blob)).told.report.matches.length;
          return { ms: performance.now() - start, matches };
        },
        peer: () =>
          new Promise((resolve, reject) => {
            peer.once("message", resolve).once("error", reject);
            peer.postMessage("scan");
          }),
        native: native.round,
      };
      /** @type {Record<string, number[]>} */
      const times = { ours: [], peer: [], native: [] };
      for (let round = 0; round <= ROUNDS; round++) {
        const matches = [];
        for (const [who, run] of Object.entries(contestants)) {
          // The peer takes minutes for what the others do in a blink: three rounds of it are enough.
          if (who === "peer" && round > 3) continue;
          const result = await run();
          matches.push(result.matches);
          if (round > 0) times[who]?.push(result.ms);
        }
        assert.equal(new Set(matches).size, 1, `they do not find the same: ${matches.join(", ")}`);
        assert.equal((matches[0] ?? 0) > 0, !name.endsWith("without matches"));
      }
      native.end();
      await peer.terminate();
      const [ours, theirs, natively] = [median(times.ours ?? []), median(times.peer ?? []), median(times.native ?? [])];
      rows.push({ name: `scan ${name}, against @virustotal/yara-x`, ratio: theirs / ours, goal: 30, unit: "ms", ours, theirs });
      rows.push({ name: `scan ${name}, against native`, ratio: natively / ours, goal: 0.25, unit: "ms", ours, theirs: natively });
    }
    // Goal: at most 1.2 times its time.
    const text = join(folder.path, "with-matches.yar");
    /** @type {Record<string, number[]>} */
    const first = { ours: [], peer: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const who of ["ours", "peer"]) {
        const ms = await firstScan(who, text, join(folder.path, "files", made[0]?.name ?? ""));
        if (round > 0) first[who]?.push(ms);
      }
    }
    const [ours, theirs] = [median(first.ours ?? []), median(first.peer ?? [])];
    rows.push({ name: `first scan ready, against @virustotal/yara-x`, ratio: theirs / ours, goal: 1 / 1.2, unit: "ms", ours, theirs });
    return rows;
  } finally {
    module.remove();
    folder.remove();
  }
}

/** The native program, which scans once for each line it is given. @param {string} rules @param {string} folder */
function nativeRounds(rules, folder) {
  const child = spawn(/** @type {string} */ (process.env.QUORUM_YARA_NATIVE), [rules, folder, "timed"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async round() {
      child.stdin.write("\n");
      const { value } = await lines.next();
      const [ms, matches] = String(value).split(" ").map(Number);
      return { ms: ms ?? NaN, matches: matches ?? NaN };
    },
    end: () => child.stdin.end(),
  };
}

/** @param {string} who @param {string} rules @param {string} file @returns {Promise<number>} milliseconds */
function firstScan(who, rules, file) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(new URL("first.mjs", import.meta.url)), { workerData: { who, rules, file, peer: PEER } });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
