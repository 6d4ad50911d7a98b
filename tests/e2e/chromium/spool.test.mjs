// A file that is too large for memory waits on disk until it is scanned, in the folder that the browser keeps for
// the extension alone; and nothing of it stays there, however that ends. Attack catalogue: E33.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { attach, checked } from "../harness/messages.mjs";
import { holding } from "../harness/search.mjs";
import { startSite } from "../harness/site.mjs";
import { Halting, spooled } from "../harness/spool.mjs";

const depot = new Depot();
/** @type {import("../harness/site.mjs").Site} */
let site;
/** @type {Chromium} */
let chromium;
/** A page of the extension's. @type {import("puppeteer-core").Page} */
let ours;

before(async () => {
  [site] = [await startSite(), await depot.start()];
  chromium = await Chromium.launch();
  ours = await attach(chromium, depot);
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
  await Promise.all([site?.close(), depot.close()]);
});

/** The files that hold a text, beside the download. @param {string} mark */
const onDisk = (mark) => holding(chromium.profile.path, mark).filter((file) => !file.startsWith(chromium.folder));

/** Waits until nothing is there. */
async function gone() {
  for (const until = Date.now() + 30_000; ; ) {
    const names = await spooled(ours);
    if (names.length === 0) return;
    if (Date.now() > until) throw new Error(`still there: ${names}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a large file is on disk while it is read, is scanned from there, and is gone then", { timeout: 120_000 }, async () => {
  const file = new Halting("large");
  const page = await chromium.visit(site.link("large", site.serve("large.bin", file.answer)));
  await page.click("#go");
  await file.sent;
  assert.equal((await spooled(ours)).length, 1);
  assert.notDeepEqual(onDisk(file.mark), []);
  file.finish();
  // The saved file is read behind the second copy, and waits there too.
  const record = await checked(ours, ({ name, read, open }) => name === "large.bin" && read === "saved_file" && open === 0);
  assert.deepEqual([record.digests.size, record.rules.trouble, record.rules.unfinished], [file.length, null, null]);
  assert.ok(record.rules.rules > 0, "it was scanned");
  await gone();
  assert.deepEqual(onDisk(file.mark), []);
  await page.close();
});

test("what a life of the background left on disk, the next one removes", { timeout: 120_000 }, async () => {
  const file = new Halting("left");
  const page = await chromium.visit(site.link("left", site.serve("left.bin", file.answer)));
  await page.click("#go");
  await file.sent;
  assert.equal((await spooled(ours)).length, 1);
  // Whoever asks again gets nothing.
  file.refuse();
  await chromium.stopWorker(ours);
  await checked(ours, ({ name }) => name === "left.bin");
  await gone();
  file.finish();
  await page.close();
});
