// `./build.sh bench guard [PART …]`: what the guard costs in a browser (`browser`), and YARA in WebAssembly beside the
// npm package of YARA-X and beside the same code natively (`yara`).

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../e2e/harness/tree.mjs";
import { browser } from "./guard/browser.mjs";
import { yara } from "./guard/yara.mjs";

/** @typedef {{name: string, ratio: number, goal: number, unit: string, ours: number, theirs: number}} Row */

/** @type {Row[]} */
const rows = [];
const PARTS = { browser, yara };
const asked = process.argv.slice(2);
for (const [name, part] of Object.entries(PARTS)) if (asked.length === 0 || asked.includes(name)) rows.push(...(await part()));

const OUT = join(ROOT, "target/bench");
mkdirSync(OUT, { recursive: true });
writeFileSync(join(OUT, "guard.json"), `${JSON.stringify({ rows }, null, 2)}\n`);
console.log("ratio    goal  holds  what                                                              ours       other");
for (const { name, ratio, goal, unit, ours, theirs } of rows) {
  console.log(`${ratio.toFixed(2).padStart(6)} ${goal.toFixed(2).padStart(6)}  ${ratio >= goal ? "yes" : "NO "}    ${name.padEnd(62)} ${ours.toFixed(1).padStart(7)} ${unit} ${theirs.toFixed(1).padStart(8)} ${unit}`);
}
process.exitCode = rows.every(({ ratio, goal }) => ratio >= goal) ? 0 : 1;
