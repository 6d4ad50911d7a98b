// With the server stopped, downloads of every kind end on disk exactly as without the extension. The
// browser itself says what "exactly" is: the same ten are made with and without us, and compared.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { photograph, record } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { connect, startWorld } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

const FILE = unknown("parity");

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {(site: import("../harness/site.mjs").Site) => string} page its address; `#go` starts the download
 * @property {boolean} [cancelled] by the user, while it runs
 */

/** @type {Kind[]} */
const KINDS = [
  { name: "plain", page: (site) => site.link("plain", "/d/plain/plain.bin") },
  { name: "redirect", page: (site) => site.link("redirect", "/d/redirect-elsewhere/redirect.bin") },
  { name: "attachment", page: (site) => site.link("attachment", "/d/attachment/attachment.txt") },
  {
    name: "data:",
    page: (site) => site.link("data", `data:application/octet-stream;base64,${FILE.toString("base64")}`, 'download="data.bin"'),
  },
  {
    name: "blob:",
    page: (site) =>
      site.page(
        "blob",
        `<a id="go" download="blob.bin">blob</a><script>document.querySelector("#go").href = URL.createObjectURL(new Blob([${JSON.stringify(FILE.toString())}]));</script>`,
      ),
  },
  {
    name: "POST",
    page: (site) =>
      site.page(
        "post",
        '<form method="post" action="/d/post/post.bin"><input type="hidden" name="ticket" value="42"><button id="go">Get</button></form>',
      ),
  },
  { name: "0 bytes", page: (site) => site.link("empty", "/d/empty/empty.bin") },
  { name: "200 MB", page: (site) => site.link("big", "/d/big/big.bin") },
  { name: "one-time link", page: (site) => site.link("once", "/d/once/once.bin") },
  { name: "cancelled by the user", page: (site) => site.link("slow", "/d/slow/slow.bin"), cancelled: true },
];

/**
 * @param {Chromium} chromium
 * @param {Kind} kind
 */
async function download(chromium, kind) {
  const site = await startSite();
  for (const name of ["plain.bin", "redirect.bin", "attachment.txt", "post.bin", "once.bin", "slow.bin"]) site.put(name, FILE);
  try {
    const page = await chromium.visit(kind.page(site));
    const item = await chromium.downloads.of(
      () => page.click("#go"),
      kind.cancelled ? (begun) => chromium.downloads.cancel(begun.id) : undefined,
    );
    await page.close();
    const { state, error, mime, danger, exists, fileSize, totalBytes } = item;
    return {
      // The site is on another port each time, so addresses are not compared.
      // One that is cancelled while we hold it has no name yet, and no file that could bear it.
      item: { state, error, mime, danger, exists, fileSize, totalBytes, name: kind.cancelled ? undefined : basename(item.filename) },
      folder: Object.fromEntries(readdirSync(chromium.folder).sort().map((name) => [name, sha256(readFileSync(join(chromium.folder, name)))])),
      // Nobody presses a button for the user: the form was sent once.
      posts: site.record.requests.filter(({ method }) => method === "POST").length,
    };
  } finally {
    await site.close();
  }
}

/** @type {Chromium} */
let alone;
/** @type {Chromium} */
let guarded;

before(async () => {
  alone = await Chromium.launch({ extension: null });
  const world = await startWorld();
  guarded = await Chromium.launch();
  await (await connect(guarded, { address: world.proxy.origin, key: world.erin.key, name: "erin" })).close();
  await world.close();
});
after(async () => {
  for (const chromium of [alone, guarded]) {
    await chromium?.close();
    chromium?.remove();
  }
});

for (const kind of KINDS) {
  test(`server stopped: ${kind.name} ends on disk as without the extension`, { timeout: 120_000 }, async () => {
    const expected = await download(alone, kind);
    assert.equal(expected.item.state, kind.cancelled ? "interrupted" : "complete");
    assert.deepEqual(await download(guarded, kind), expected);
  });
}

test("the guard had its hand on each of them", { timeout: 60_000 }, async () => {
  const popup = await guarded.open("popup.html");
  for (const name of ["plain", "redirect", "attachment", "data", "blob", "post", "empty", "big", "once"]) {
    await record(popup, `${name}.`, "Not checked");
  }
  await record(popup, "slow", /without a file/);
  await photograph(popup, picture("downloads-server-stopped"), { width: 380, height: 900 });
});
