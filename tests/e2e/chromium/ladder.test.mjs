// How a download's bytes are got at, rung by rung, and what is found in them: the saved file, a second copy,
// the members of an archive, a name that lies. Attack catalogue: E22, E23.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CLEAN, EICAR, unknown, zip } from "../harness/files.mjs";
import { photograph, record } from "../harness/pages.mjs";
import { startScene } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").Scene} */
let scene;

before(async () => {
  scene = await startScene();
});
after(() => scene?.close());

/**
 * Downloads a file of the site and opens the popup.
 * @param {string} kind how the site gives it
 * @param {string} name
 * @param {Buffer} bytes
 */
async function download(kind, name, bytes) {
  const { chromium, site } = scene;
  site.put(name, bytes);
  const form = `<form method="post" action="/d/post/${name}"><input type="hidden" name="ticket" value="42"><button id="go">Get</button></form>`;
  const page = await chromium.visit(kind === "post" ? site.page(name, form) : site.link(name, `/d/${kind}/${name}`));
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  return item;
}

test("this browser lets us read saved files, as a user can who wants it", async () => {
  const worker = await scene.chromium.worker();
  assert.equal(await worker.evaluate(() => chrome.extension.isAllowedFileSchemeAccess()), true);
});

test("the saved file is judged where no second copy is to be had", { timeout: 90_000 }, async () => {
  const item = await download("post", "form.bin", CLEAN);
  assert.equal(item.state, "complete");
  const popup = await scene.chromium.open("popup.html");
  await record(popup, "form.bin", "Nothing found", "The saved file was read");
  await popup.close();
});

test("a name with every odd character is found on disk", { timeout: 90_000 }, async () => {
  const name = "50% off #1 (ü)&.bin";
  const { chromium, site } = scene;
  site.put("odd.bin", CLEAN);
  const page = await chromium.visit(site.link("odd", "/d/post/odd.bin"));
  await page.evaluate((name) => {
    const link = /** @type {HTMLAnchorElement} */ (document.querySelector("#go"));
    link.href = URL.createObjectURL(new Blob(["A letter to a friend: nothing in here does any harm.\n"]));
    link.download = name;
  }, name);
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(item.filename).equals(CLEAN));
  const popup = await chromium.open("popup.html");
  await record(popup, "50% off", "Nothing found", "The saved file was read");
  await popup.close();
  await page.close();
});

test("E23: a site that gives other bytes to the second asker is told of, and what was saved is judged", { timeout: 90_000 }, async () => {
  const item = await download("fickle", "fickle.bin", CLEAN);
  assert.equal(item.state, "complete");
  const popup = await scene.chromium.open("popup.html");
  await record(popup, "fickle.bin", "Nothing found", "The saved file was read", "other bytes of the same length");
  await photograph(popup, picture("download-fickle"), { width: 380, height: 600 });
  await popup.close();
});

test("an archive nobody has seen is held back for its worst member, which is named", { timeout: 90_000 }, async () => {
  const { chromium } = scene;
  const before = readdirSync(chromium.folder);
  const bytes = zip({ "readme.txt": unknown("readme"), "docs/letter.bin": CLEAN, "docs/eicar.com": EICAR });
  const item = await download("attachment", "bundle.zip", bytes);
  assert.equal(item.state, "interrupted");
  assert.deepEqual(readdirSync(chromium.folder), before, "no file is left");
  const popup = await chromium.open("popup.html");
  await record(popup, "bundle.zip", "Malicious", "docs/eicar.com");
  await photograph(popup, picture("download-archive"), { width: 380, height: 600 });
  await popup.close();
});

test("E22: a name that lies about the content is a doubt, and the file lands", { timeout: 90_000 }, async () => {
  const program = Buffer.concat([Buffer.from("7f454c460201010000000000000000000200003e00", "hex"), unknown("program")]);
  const item = await download("attachment", "holiday.jpg", program);
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(join(scene.chromium.folder, "holiday.jpg")).equals(program));
  const popup = await scene.chromium.open("popup.html");
  await record(popup, "holiday.jpg", "Suspicious", "ends in .jpg, but the content is something else: ELF");
  await photograph(popup, picture("download-lying-name"), { width: 380, height: 600 });
  await popup.close();
});
