// Cases that a program makes are what it makes: whoever changes one changes the other.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../e2e/harness/tree.mjs";

test("tests/cases/archives.json is what archives.py makes", () => {
  const made = execFileSync("python3", [join(ROOT, "tests/cases/archives.py")], { encoding: "utf8" });
  const kept = readFileSync(join(ROOT, "tests/cases/archives.json"), "utf8");
  // Case by case, so that a difference names itself.
  const [of, were] = [JSON.parse(made), JSON.parse(kept)];
  assert.deepEqual(
    were.cases.map((/** @type {any} */ one) => one.in.about),
    of.cases.map((/** @type {any} */ one) => one.in.about),
  );
  for (const [index, one] of of.cases.entries()) assert.deepEqual(were.cases[index], one, one.in.about);
  assert.ok(made === kept, "they differ in their spacing only: run archives.py");
});
