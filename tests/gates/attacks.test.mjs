// Rows of the attack catalogue that the product holds out against by a test: each is named by the title of at least
// one, so that nobody takes the last one away without noticing. `E13: …` in JavaScript, `e13_…` in Rust.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../e2e/harness/tree.mjs";

/** Those of the extension that have one: its downloads' guard, its key, the addresses that it is shown. */
const ROWS = ["E13", "E18", "E19", "E20", "E21", "E22", "E23", "E24", "E25", "E26", "E27", "E28", "E29", "E30", "E31", "E32", "E33", "E34"];

const FILES = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" }).split("\n");

/** @returns {string[]} the titles of all tests that run */
function titles() {
  return FILES.filter((file) => /\.test\.mjs$|^(core|extension|server|yara)\/.*\.rs$/.test(file)).flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    const found = file.endsWith(".rs")
      ? text.matchAll(/#\[test\]\s+(?:async )?fn (\w+)/g)
      : text.matchAll(/^\s*test\((["'`])((?:\\.|(?!\1).)*)\1/gm);
    return [...found].map((match) => match[2] ?? match[1] ?? "");
  });
}

/** @param {string} title @returns {string[]} the rows that it names */
const named = (title) => [...title.matchAll(/(?:^|[^a-z0-9])e(\d+)(?![0-9a-z])/gi)].map(([, number]) => `E${number}`);

test("a title's rows are read from either language", () => {
  assert.deepEqual(named("E13: floods"), ["E13"]);
  assert.deepEqual(named("E27, E28: a day"), ["E27", "E28"]);
  assert.deepEqual(named("e25_e28_every_record_ends"), ["E25", "E28"]);
  assert.deepEqual(named("the E2E test of E130"), ["E130"]);
});

test("each of these rows is named by a test", () => {
  const all = new Set(titles().flatMap(named));
  assert.deepEqual(ROWS.filter((row) => !all.has(row)), [], "rows of the attack catalogue without a test that names them");
});
