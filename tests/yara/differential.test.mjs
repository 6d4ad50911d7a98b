// The same rules say the same of the same files, natively and in the browser's module: every match, offset,
// byte shown and number, those above 2^53 included.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, temporaryFolder } from "../e2e/harness/tree.mjs";
import { files, rules } from "./corpus.mjs";
import { load } from "./module.mjs";

const FILES = 324;
const RULES = 520;

/** @type {import("./module.mjs").Module} */
let module;
const folder = temporaryFolder("differential");
const made = files(FILES);
const text = rules(RULES);
/** What the native program says, by file. @type {any[]} */
let native;

before(async () => {
  mkdirSync(join(folder.path, "files"));
  for (const { name, bytes } of made) writeFileSync(join(folder.path, "files", name), bytes);
  writeFileSync(join(folder.path, "rules.yar"), text);
  const of = [join(folder.path, "rules.yar"), join(folder.path, "files")];
  const options = { cwd: ROOT, encoding: /** @type {const} */ ("utf8"), maxBuffer: 1 << 29 };
  const program = process.env.QUORUM_YARA_NATIVE;
  const out = program
    ? execFileSync(program, of, options)
    : execFileSync("cargo", ["run", "--quiet", "-p", "quorum-scanner", "--example", "native", "--", ...of], options);
  native = out.trim().split("\n").map((line) => JSON.parse(line));
  module = await load();
  module.use(text);
});
after(() => {
  folder.remove();
  module?.remove();
});

test(`${RULES} rules say the same of ${FILES} files, natively and in WebAssembly`, async (t) => {
  assert.equal(native.length, FILES);
  let matches = 0;
  const matched = new Set();
  const kinds = new Set();
  for (const [at, { name, bytes }] of made.entries()) {
    const { told } = await module.work({ job: "scan" }, new Blob([bytes]));
    assert.equal(told.report.rules, RULES);
    // serde leaves an absent option out here and writes null there.
    assert.deepEqual(plain(told.report), plain(native[at]), name);
    for (const found of told.report.matches) {
      matches += 1;
      matched.add(found.rule.name);
      kinds.add(name.split("-")[1]);
    }
  }
  t.diagnostic(`${matches} matches of ${matched.size} rules`);
  // Two scanners that find nothing agree too.
  assert.ok(matched.size > RULES / 2, `${matched.size} rules match something`);
  assert.ok(kinds.size >= 11, `matches in ${[...kinds].join(", ")}`);
});

test("every module finds its own kind of file", () => {
  // The tenth shape and on are the modules'; each has at least one rule that must match one of its files.
  const by = (/** @type {string} */ kind) => native.filter((_, at) => made[at]?.name.endsWith(`-${kind}`)).flatMap((report) => report.matches.map((/** @type {any} */ found) => found.rule.name));
  const conditions = new Map([...text.matchAll(/rule (\w+)[^]*?condition:\n\s*(.*)/g)].map(([, name, condition]) => [name, condition]));
  for (const [module, kind] of [["pe.", "pe32"], ["pe.imports", "pe32"], ["pe.exports", "pe64"], ["dotnet.module_name", "dotnet"], ["dotnet.assembly", "dotnet"], ["elf.", "elf"], ["macho.", "macho"], ["lnk.relative_path", "lnk"], ["dex.contains_string", "dex"]]) {
    const hits = by(/** @type {string} */ (kind)).filter((/** @type {string} */ name) => conditions.get(name)?.includes(/** @type {string} */ (module)));
    assert.ok(hits.length > 0, `no rule with ${module} matches a ${kind}`);
  }
});

test("a number above 2^53 is the same digits in the match", async () => {
  const { told } = await module.work({ job: "try", text: { name: "x", text: 'rule r { meta: a = 9007199254740993 b = -9223372036854775807 condition: filesize + 9007199254740993 == 9007199254740994 }' } }, new Blob(["x"]));
  assert.deepEqual(told.report.matches[0]?.meta, [["a", "9007199254740993"], ["b", "-9223372036854775807"]]);
});

test("a read of the file says what is there, again and again, and in the next file what is there", async () => {
  // 300 offsets do not fit into what is kept of one kind of read; -1 and the file's end are undefined, not 0.
  const condition = "for all i in (0..299) : (uint8(i) == (i * 7 + uint8(300)) & 255 and uint8(i) == uint8(i)) and uint8(0) == uint8(300) and not defined uint8(-1) and not defined uint8(301) and not defined uint8(-1)";
  module.use(`rule r { condition: ${condition} }`);
  for (const first of [0, 9, 200]) {
    const bytes = Uint8Array.from({ length: 301 }, (_, at) => at === 300 ? first : at * 7 + first);
    assert.equal((await module.work({ job: "scan" }, new Blob([bytes]))).told.report.matches.length, 1, `${first}`);
    bytes[150] = (bytes[150] ?? 0) + 1;
    assert.equal((await module.work({ job: "scan" }, new Blob([bytes]))).told.report.matches.length, 0, `${first}`);
  }
});

test("a rule is told of the rules before it, and of patterns that were found before they matched", async () => {
  // A match is told of, and a module's field read, without the patterns that were found; later rules need those.
  module.use(`import "pe"
rule a { strings: $a = "one" $b = "two" condition: $a and $b }
rule b { strings: $c = "three" condition: a and $c and not pe.is_pe }
rule c { strings: $d = "four" $e = "one" condition: a and not $d and #e == 2 }`);
  for (const [text, names] of [["one two three one", ["a", "b", "c"]], ["one two four", ["a"]], ["three", []], ["one two one", ["a", "c"]]]) {
    const { told } = await module.work({ job: "scan" }, new Blob([/** @type {string} */ (text)]));
    assert.deepEqual(told.report.matches.map((/** @type {any} */ found) => found.rule.name), names, String(text));
  }
});

test("a large file is scanned in blocks, and a pattern where two of them meet is found once", async () => {
  const block = Buffer.alloc(16 * 1024 * 1024, "-");
  const parts = Array.from({ length: 9 }, () => block.subarray());
  const whole = Buffer.concat(parts);
  for (const at of [100, block.length - 3, 5 * block.length + 7]) whole.write("needle", at);
  const source = 'rule r { strings: $a = "needle" condition: #a == 3 } rule w { condition: filesize > 1 }';
  const { told, spent } = await module.work({ job: "try", text: { name: "x", text: source } }, new Blob([whole]));
  assert.equal(told.report.in_blocks, true);
  assert.deepEqual(told.report.matches.map((/** @type {any} */ found) => found.rule.name), ["r"]);
  assert.deepEqual(told.report.matches[0].hits.map((/** @type {any} */ hit) => hit.offset), [100, block.length - 3, 5 * block.length + 7]);
  assert.equal(told.report.matches[0].hits[1].data, Buffer.from("needle").toString("hex"));
  // Blocks do not take more memory than a Worker may keep.
  assert.equal(spent, false);
});

test("an own text that does not compile is left out and told, the others stay", async () => {
  const { told } = await module.work({ job: "check", texts: [{ name: "a", text: "rule a { condition: true }" }, { name: "b", text: "rule b {\n  condition: $x }" }] });
  assert.deepEqual({ ...told.fault, message: "", code: "" }, { source: "b", line: 2, column: 14, message: "", code: "" });
  assert.notEqual(told.fault.message, "");
});

/** @param {any} value @returns {any} without what is null or undefined */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).filter(([, it]) => it !== null && it !== undefined).map(([key, it]) => [key, plain(it)]));
}
