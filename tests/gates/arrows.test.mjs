// The arrows between the crates, as docs/ARCHITECTURE.md draws them: none may run back.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { ROOT } from "../e2e/harness/tree.mjs";

/** What each crate may build on, among ours. @type {Record<string, string[]>} */
const MAY_USE = {
  "quorum-core": [],
  "quorum-yara": ["quorum-core"],
  "quorum-extension": ["quorum-core"],
  "quorum-library": ["quorum-core"],
  "quorum-scanner": ["quorum-core", "quorum-yara"],
  "quorum-www": ["quorum-core"],
  "quorum-console": ["quorum-www"],
  "quorum-npm": ["quorum-core"],
  "quorum-package": ["quorum-core", "quorum-npm"],
  "quorum-server": ["quorum-core", "quorum-yara"],
};

/** @type {{name: string, dependencies: {name: string, path?: string}[]}[]} */
const packages = JSON.parse(
  execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 }),
).packages;

test("every crate of the workspace has its place in the picture", () => {
  assert.deepEqual(packages.map((crate) => crate.name).sort(), Object.keys(MAY_USE).sort());
});

for (const crate of packages) {
  test(`${crate.name} builds only on what lies below it`, () => {
    const ours = crate.dependencies.filter((dependency) => dependency.path).map((dependency) => dependency.name);
    const back = ours.filter((name) => !MAY_USE[crate.name]?.includes(name));
    assert.deepEqual(back, [], `${crate.name} may use ${MAY_USE[crate.name]?.join(", ") || "none of our crates"}`);
  });
}
