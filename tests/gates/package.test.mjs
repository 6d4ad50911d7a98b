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

for (const name of ["quorum_extension", "quorum_www", "quorum_console"]) {
  test(`${name}_bg.wasm takes at most 350 KB gzipped`, (t) => {
    const size = gzipped(join(build("chromium"), "pkg", `${name}_bg.wasm`));
    t.diagnostic(`${(size / KB).toFixed(1)} KB`);
    assert.ok(size <= 350 * KB, `${size} bytes`);
    // A module that does nothing is small too.
    assert.ok(size > KB, `${size} bytes: is this the real module?`);
  });
}

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
    for (const name of ["quorum_extension", "quorum_www", "quorum_console"]) {
      const bytes = readFileSync(join(build(browser), "pkg", `${name}_bg.wasm`));
      for (const path of [`${home}/.cargo`, ROOT]) assert.ok(!bytes.includes(path), `${name} holds ${path}`);
    }
  });
}
