// What is done with downloads: by the user's settings, and by the organisation's, which are stronger.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { unknown } from "../harness/files.mjs";
import { ask } from "../harness/messages.mjs";
import { by, photograph, pressInRecord, record, text, there } from "../harness/pages.mjs";
import { startScene } from "../harness/stage.mjs";
import { build, picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").Scene} */
let scene;

/** Where Debian's Chromium reads what an administrator has set. */
const FOLDER = "/etc/chromium/policies/managed";
const FILE = join(FOLDER, `quorum-test-${process.pid}.json`);
const MAY = process.getuid?.() === 0;

/** The id that Chromium gives an unpacked extension: its path's SHA-256, the first half, in the letters a to p. */
const id = [...createHash("sha256").update(build("chromium-test")).digest("hex").slice(0, 32)]
  .map((digit) => String.fromCharCode(97 + parseInt(digit, 16)))
  .join("");

before(async () => {
  if (MAY) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(FILE, JSON.stringify({ "3rdparty": { extensions: { [id]: { skip_endings: ["iso"], send_documents: true, remember: false, dry_run: false } } } }));
  }
  scene = await startScene();
});
after(async () => {
  await scene?.close();
  rmSync(FILE, { force: true });
});

/** @param {string} name @param {Buffer} bytes */
async function download(name, bytes) {
  const { chromium, site } = scene;
  site.put(name, bytes);
  const page = await chromium.visit(site.link(name, `/d/attachment/${name}`));
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  return item;
}

/** @param {import("puppeteer-core").Page} page */
const records = async (page) => (await ask(page, { ask: "downloads" })).reply.downloads.records;

test("the user has unknown files kept back, and can have one anyway", { timeout: 120_000 }, async () => {
  const { chromium } = scene;
  const options = await chromium.open("options.html");
  await (await there(options, by("checkbox", "Unknown"))).click();
  await (await there(options, by("button", "Save"))).click();
  await text(options, "form span[role=status]", "Saved");
  await photograph(options, picture("options-policy"), { width: 900, height: 1500 });
  await options.close();

  const before = readdirSync(chromium.folder);
  const item = await download("new.bin", unknown("policy"));
  assert.equal(item.state, "interrupted");
  assert.deepEqual(readdirSync(chromium.folder), before, "no file is left");
  const popup = await chromium.open("popup.html");
  await record(popup, "new.bin", "Unknown", "held back");
  const kept = await chromium.downloads.of(() => pressInRecord(popup, "new.bin", "Keep anyway"));
  assert.equal(kept.state, "complete");
  await popup.close();
});

test("what the organisation skips is not looked at, and says who has set it", { skip: !MAY, timeout: 120_000 }, async () => {
  const { chromium, site } = scene;
  const options = await chromium.open("options.html");
  // Chromium hands an organisation's settings out some time after its start.
  await text(options, "main", "Your organisation has set some of this");
  assert.equal(await options.$eval("#skip_endings", (field) => /** @type {HTMLTextAreaElement} */ (field).disabled), true);
  assert.equal(await options.$eval("#skip_endings", (field) => /** @type {HTMLTextAreaElement} */ (field).value), "iso");
  assert.equal(await options.$eval("#skip_hosts", (field) => /** @type {HTMLTextAreaElement} */ (field).disabled), false);
  for (const name of ["#remember", "#send_documents"]) assert.equal(await options.$eval(name, (field) => /** @type {HTMLInputElement} */ (field).disabled), true, name);
  // What the user saves beside it stays the user's: what the organisation has set is not written down as theirs.
  await (await there(options, by("button", "Save"))).click();
  await text(options, "form span[role=status]", "Saved");
  const own = /** @type {any} */ (await options.evaluate(() => chrome.storage.local.get("settings"))).settings.policy;
  assert.deepEqual([own.skip_endings, own.send_documents], [[], false]);
  const log = await chromium.open("sent.html");
  await there(log, "#dry");
  assert.equal(await log.$eval("#dry", (field) => /** @type {HTMLInputElement} */ (field).disabled), true);
  await log.close();
  await photograph(options, picture("options-managed"), { width: 900, height: 1500 });

  const item = await download("disk.iso", unknown("skipped"));
  assert.equal(item.state, "complete");
  assert.equal(site.record.requests.filter(({ url }) => url.startsWith("/d/") && url.endsWith("disk.iso")).length, 1, "the browser alone fetched it");
  assert.ok((await records(options)).every((/** @type {any} */ { name }) => name !== "disk.iso"));
  await options.close();
});
