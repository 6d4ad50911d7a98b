// docs/CORE.md against what is there: its shell block is run, its features are those of the crate. Its block
// in JavaScript is run by npm.test.mjs, the one in Rust by `cargo test --doc`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { ROOT, binary, temporaryFolder } from "../e2e/harness/tree.mjs";

const page = readFileSync(join(ROOT, "docs/CORE.md"), "utf8");
const folder = temporaryFolder("core-page");
after(folder.remove);
const report = "Payload at hxxp://cdn.evil-corp[.]com/a.bin, not in readme.md\n";
for (const [name, text] of [["report.txt", report], ["page.html", `<p>${report}</p>`], ["installer.exe", "abc"], ["urls.txt", "https://a.example/\njavascript:alert(1)\n"]]) writeFileSync(join(folder.path, /** @type {string} */ (name)), /** @type {string} */ (text));

/** What each command is to print, by how it begins. @type {Record<string, (out: string, told: string) => void>} */
const PRINTS = {
  "quorum extract report.txt": (out) => assert.match(out, /^url\thttp:\/\/cdn\.evil-corp\.com\/a\.bin$/m),
  "cat page.html": (out) => {
    const [hit] = JSON.parse(out);
    assert.deepEqual(Object.keys(hit), ["kind", "value", "written", "start", "end"]);
    assert.equal(hit.written, "hxxp://cdn.evil-corp[.]com/a.bin");
  },
  "quorum extract --format stix": (out) => {
    const { type, objects } = JSON.parse(out);
    assert.deepEqual([type, objects[0].type], ["bundle", "url"]);
  },
  "quorum extract --left-out": (_, told) => assert.match(told, /readme\.md.*file name/),
  "quorum url explain '": (out) => {
    for (const part of ["canonical           http://paypa1.com/a?token=k3y", "id  ", "paypa1.com looks like paypal.com", "token=REMOVED", "  paypa1.com/a"]) assert.ok(out.includes(part), `${part} in ${out}`);
  },
  "quorum url explain <": (out) => {
    for (const part of ["canonical           https://a.example/", "javascript:alert(1)"]) assert.ok(out.includes(part), `${part} in ${out}`);
  },
  "quorum hash": (out) => {
    for (const part of ["900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]) assert.ok(out.includes(part), out);
  },
};

const commands = (/^```sh\n([^]*?)^```$/m.exec(page)?.[1] ?? "").trimEnd().split("\n");
test("the page shows one command for each thing", () => {
  assert.equal(commands.length, Object.keys(PRINTS).length);
});
for (const line of commands) {
  test(line.replace(/ +#.*/, ""), () => {
    const prints = Object.entries(PRINTS).filter(([begin]) => line.startsWith(begin));
    assert.equal(prints.length, 1, "what it prints is known");
    const { status, stdout, stderr } = spawnSync("bash", ["-c", line], {
      cwd: folder.path,
      encoding: "utf8",
      env: { ...process.env, PATH: `${dirname(binary())}:${process.env.PATH}` },
    });
    assert.equal(status, 0, stderr);
    prints[0]?.[1](stdout, stderr);
  });
}

test("the page has all features of the crate", () => {
  const features = /^\[features\]\n([^]*?)^\[/m.exec(readFileSync(join(ROOT, "core/Cargo.toml"), "utf8"))?.[1] ?? "";
  const declared = [...features.matchAll(/^(\w+) =/gm)].map(([, name]) => name).filter((name) => name !== "default");
  const table = page.slice(page.indexOf("| feature |")).split("\n\n")[0] ?? "";
  assert.deepEqual([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name).sort(), declared.sort());
});
