// What goes to the stores: small enough, reproducible, and nothing but what the extension needs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, utimesSync } from "node:fs";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { ROOT, build, temporaryFolder } from "../e2e/harness/tree.mjs";

const KB = 1024;

/** @param {string} file */
const gzipped = (file) => gzipSync(readFileSync(file), { level: 9 }).length;

// 350 KB is what a module that is loaded often may take. The library is loaded by those who ask for it, the
// module that reads texts and looks at files at the first of these.
const MOST = { quorum_extension: 350, quorum_library: 200, quorum_www: 350, quorum_console: 350, quorum_npm: 420 };
for (const [name, most] of Object.entries(MOST)) {
  test(`${name}_bg.wasm takes at most ${most} KB gzipped`, (t) => {
    const size = gzipped(join(build("chromium"), "pkg", `${name}_bg.wasm`));
    t.diagnostic(`${(size / KB).toFixed(1)} KB`);
    assert.ok(size <= most * KB, `${size} bytes`);
    // A module that does nothing is small too.
    assert.ok(size > KB, `${size} bytes: is this the real module?`);
  });
}

test("the scanner takes at most 6.5 MB, 2.3 MB gzipped, and nobody loads it before it is needed", (t) => {
  const file = join(build("chromium"), "pkg/quorum_scanner_bg.wasm");
  const [raw, packed] = [readFileSync(file).length, gzipped(file)];
  t.diagnostic(`${raw} bytes, ${packed} gzipped`);
  assert.ok(raw <= 6_500_000, `${raw} bytes`);
  assert.ok(packed <= 2_300_000, `${packed} bytes gzipped`);
  const naming = readdirSync(build("chromium")).filter((name) => name.endsWith(".js") && readFileSync(join(build("chromium"), name), "utf8").includes("quorum_scanner"));
  assert.deepEqual(naming, ["scanner-worker.js"]);
});

test("the scanner's constructors are called once, not with each export", async () => {
  // Where a linker sees nobody call them, it wraps every export in a function that does, named so.
  const linked = join(process.env.CARGO_TARGET_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? "/root", ".cache"), "quorum/target"), "wasm32-unknown-unknown/scanner/quorum_scanner.wasm");
  const bytes = readFileSync(linked);
  assert.ok(WebAssembly.Module.customSections(await WebAssembly.compile(bytes), "name").length > 0, "the names are gone: this test would find nothing");
  assert.ok(bytes.includes("__wasm_call_ctors"), "the constructors are gone");
  assert.ok(!bytes.includes("command_export"), "an export is wrapped");
});

test("the content script takes at most 8 KB", (t) => {
  const size = readFileSync(join(build("chromium"), "content.js")).length;
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= 8 * KB, `${size} bytes`);
});

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: the same files make the same zip, whenever and wherever they were written`, (t) => {
    const folder = temporaryFolder("package");
    t.after(folder.remove);
    const copy = join(folder.path, "copy");
    cpSync(build(browser), copy, { recursive: true });
    for (const entry of readdirSync(copy, { recursive: true, encoding: "utf8" })) utimesSync(join(copy, entry), 1, 1);
    const [first, second] = [build(browser), copy].map((from, at) => {
      const out = join(folder.path, `${at}.zip`);
      execFileSync("python3", [join(ROOT, "tools/zip.py"), from, out]);
      return readFileSync(out);
    });
    assert.ok(first && second && first.equals(second));
  });

  test(`${browser}: nothing is packed that the extension does not need`, () => {
    const odd = readdirSync(build(browser), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .filter((name) => !/\.(js|wasm|html|css|png|json)$/.test(name) || /test|\.d\.ts$/.test(name));
    assert.deepEqual(odd, []);
  });

  test(`${browser}: no path of the building machine is in the build`, () => {
    const home = process.env.HOME ?? "/root";
    for (const name of ["quorum_extension", "quorum_library", "quorum_www", "quorum_console", "quorum_npm", "quorum_scanner"]) {
      const bytes = readFileSync(join(build(browser), "pkg", `${name}_bg.wasm`));
      for (const path of [`${home}/.cargo`, ROOT]) assert.ok(!bytes.includes(path), `${name} holds ${path}`);
    }
  });
}
