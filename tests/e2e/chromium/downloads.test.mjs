// Downloads, checked without being asked: what is malicious is held back and can still be had, everything
// else lands, and nothing is uploaded before the user says so.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CLEAN, EICAR, sha256, unknown } from "../harness/files.mjs";
import { checkDownloads, photograph, pressInRecord, record, text } from "../harness/pages.mjs";
import { startScene } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").Scene} */
let scene;

before(async () => {
  scene = await startScene();
});
after(() => scene?.close());

/** The files in the download folder, unfinished ones included. */
const landed = () => readdirSync(scene.chromium.folder);

/**
 * Waits for a notification: it is shown after the download was cancelled, and no event tells of it.
 * @param {import("puppeteer-core").WebWorker} worker
 * @returns {Promise<number>} how many there are then
 */
const notifications = (worker) =>
  worker.evaluate(async () => {
    for (const until = Date.now() + 10_000; Date.now() < until; ) {
      const shown = Object.keys(await chrome.notifications.getAll()).length;
      if (shown > 0) return shown;
    }
    return 0;
  });

test("a malicious file is held back, told of, and can still be had", { timeout: 90_000 }, async () => {
  const { chromium, proxy, site } = scene;
  const page = await chromium.visit(site.link("invoice", "/d/attachment/eicar.com"));
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "interrupted");
  assert.deepEqual(landed(), [], "no file is left");

  assert.equal(await notifications(await chromium.worker()), 1);

  const popup = await chromium.open("popup.html");
  const words = await record(popup, "eicar.com", "Malicious");
  assert.match(words, /The YARA rule Eicar_Test_File of Quorum's own rules, by Quorum, matches/, "the record says who says so");
  assert.deepEqual(proxy.record.holding(sha256(EICAR)), [], "what a rule has settled is asked about nobody");
  await photograph(popup, picture("download-malicious"), { width: 380, height: 600 });

  const kept = await chromium.downloads.of(() => pressInRecord(popup, "eicar.com", "Keep anyway"));
  assert.equal(kept.state, "complete");
  assert.ok(readFileSync(kept.filename).equals(EICAR), "the file is the one that was asked for");
  await record(popup, "eicar.com", "kept at your wish", "It was judged: Malicious. The YARA rule Eicar_Test_File");
  await photograph(popup, picture("download-kept"), { width: 380, height: 600 });
  await popup.close();
  await page.close();
});

test("the toolbar's popup opens at its width, and at the history when the badge calls for it", { timeout: 90_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.link("badge", "/d/attachment/eicar.com"));
  const worker = await chromium.worker();
  /** Opens it as a click on the toolbar does, and says which tab it shows. */
  const open = async () => {
    await page.bringToFront();
    await worker.evaluate(() => chrome.action.openPopup());
    const target = await chromium.browser.waitForTarget((target) => target.url().endsWith("/popup.html"));
    const popup = await target.asPage();
    await text(popup, "h1", "Not checked"); // the page in front is on this machine
    return popup;
  };
  const shown = '[role="tab"][aria-selected="true"]';

  let popup = await open();
  await text(popup, shown, "Engines");
  assert.equal(await popup.evaluate(() => innerWidth), 380);
  assert.equal(await popup.evaluate(() => document.documentElement.scrollWidth), 380, "nothing is cut off");
  await popup.close();

  await chromium.downloads.of(() => page.click("#go"));
  await worker.evaluate(async () => {
    // The badge is set after the download was cancelled, and no event tells of it.
    for (const until = Date.now() + 10_000; Date.now() < until && (await chrome.action.getBadgeText({})) !== "!"; );
  });
  popup = await open();
  await text(popup, shown, "Downloads");
  await popup.close();
  popup = await open();
  await text(popup, shown, "Engines"); // it has been seen
  await popup.close();
  await page.close();
});

test("a clean file lands", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.link("letter", "/d/attachment/letter.bin"));
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(join(chromium.folder, "letter.bin")).equals(CLEAN));
  const popup = await chromium.open("popup.html");
  await record(popup, "letter.bin", "Nothing found");
  await photograph(popup, picture("download-clean"), { width: 380, height: 600 });
  await popup.close();
  await page.close();
});

test("an unknown file lands, is marked, and is uploaded only when the user says so", { timeout: 90_000 }, async () => {
  const { chromium, site, proxy, alice } = scene;
  const bytes = unknown("upload");
  site.put("new.bin", bytes);
  const page = await chromium.visit(site.link("new", "/d/attachment/new.bin"));
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(join(chromium.folder, "new.bin")).equals(bytes));

  const popup = await chromium.open("popup.html");
  await record(popup, "new.bin", "Unknown", "Upload for analysis");
  await photograph(popup, picture("download-unknown"), { width: 380, height: 600 });
  const uploads = () => proxy.record.requests.filter((request) => request.method === "POST" && request.body.includes(bytes));
  assert.equal(uploads().length, 0, "nothing was uploaded yet");
  assert.equal(proxy.record.requests.filter((request) => request.url.includes("upload_url")).length, 0);
  await assert.rejects(alice.ask(`/files/${sha256(bytes)}`), /NotFoundError/);

  await pressInRecord(popup, "new.bin", "Upload for analysis");
  await proxy.record.first((request) => request.method === "POST" && request.body.includes(bytes));
  await record(popup, "new.bin", "Nothing found");
  assert.equal((await alice.ask(`/files/${sha256(bytes)}`)).id, sha256(bytes));
  await popup.close();
  await page.close();
});

test("what comes by a redirect, packed, or without a length is judged by its bytes too", { timeout: 120_000 }, async () => {
  const { chromium, site } = scene;
  for (const kind of ["redirect", "redirect-elsewhere", "gzip", "chunked"]) {
    site.put(`${kind}.com`, EICAR);
    const page = await chromium.visit(site.link(kind, `/d/${kind}/${kind}.com`));
    const item = await chromium.downloads.of(() => page.click("#go"));
    assert.equal(item.state, "interrupted", `${kind} is held back`);
    const popup = await chromium.open("popup.html");
    await record(popup, `${kind}.com`, "Malicious");
    await popup.close();
    await page.close();
  }
});

test("with checks switched off nothing is asked", { timeout: 60_000 }, async () => {
  const { chromium, site, proxy } = scene;
  const options = await chromium.open("options.html");
  await checkDownloads(options, false);
  const before = proxy.record.requests.length;
  const bytes = unknown("off");
  site.put("off.bin", bytes);
  const page = await chromium.visit(site.link("off", "/d/attachment/off.bin"));
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "complete");
  assert.equal(proxy.record.requests.length, before);
  await checkDownloads(options, true);
  await options.close();
  await page.close();
});
