// The history of downloads with as many records as are kept: searched, read page by page, taken along,
// forgotten.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CLEAN } from "../harness/files.mjs";
import { ask } from "../harness/messages.mjs";
import { by, photograph, pressInRecord, record, text, there } from "../harness/pages.mjs";
import { startScene } from "../harness/stage.mjs";
import { record as made } from "../harness/states.mjs";
import { picture } from "../harness/tree.mjs";

const MANY = 50_000;

/** @type {import("../harness/stage.mjs").Scene} */
let scene;
/** @type {import("puppeteer-core").Page} */
let page;

before(async () => {
  scene = await startScene();
  // One of the real ones first, so that the database is as the extension makes it.
  const { chromium, site } = scene;
  const start = await chromium.visit(site.link("real", "/d/attachment/letter.bin"));
  await chromium.downloads.of(() => start.click("#go"));
  await start.close();
  const popup = await chromium.open("popup.html");
  await record(popup, "letter.bin", "Nothing found");
  const pattern = { ...made("NAME", { verdict: "clean", reasons: [{ reason: "nobody_objects", answered: 70 }] }), phase: "done", open: 0 };
  const worst = { ...pattern, assessment: made("x", { verdict: "malicious", reasons: [{ reason: "engines_object", objecting: 9, answered: 70 }] }).assessment };
  await popup.evaluate(
    (pattern, worst, given, many) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("quorum");
        request.onsuccess = () => {
          const transaction = request.result.transaction("downloads", "readwrite");
          const store = transaction.objectStore("downloads");
          for (let n = 1; n < many; n++) {
            // Ten at a time, as with many downloads at once: an order by time alone would lose some.
            const started = pattern.started - Math.ceil(n / 10) * 60_000;
            const id = `${started}-${n}`;
            const name = n === many - 1 ? "needle in the hay.exe" : `file-${n}.bin`;
            // One whose saved file nobody has read yet.
            const own = n === 1 ? given : {};
            store.put({ ...(n === many - 1 ? worst : pattern), id, download: 1_000_000 + n, started, name, url: `https://files.example/${n}`, ...own }, id);
          }
          transaction.oncomplete = () => resolve(request.result.close());
          transaction.onabort = () => reject(transaction.error);
        };
      }),
    pattern,
    worst,
    { name: "given.bin", path: "/downloads/given.bin", landed_size: CLEAN.length, digests: null },
    MANY,
  );
  await popup.close();
  page = await chromium.open("history.html");
  // A search looks through all of them.
  page.setDefaultTimeout(90_000);
});
after(() => scene?.close());

/** Takes out what stands in a field: the driver's `fill` types nothing then, and leaves it. @param {string} field */
const empty = (field) =>
  page.$eval(field, (input) => {
    /** @type {HTMLInputElement} */ (input).value = "";
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  });

const names = () => page.$$eval("ul.downloads > li", (rows) => rows.map((row) => row.querySelector(".name")?.textContent));

test("the newest are shown, and more on demand, each once", { timeout: 120_000 }, async () => {
  await text(page, "main", "50,000 downloads are kept");
  const first = await names();
  assert.equal(first.length, 50);
  assert.match(String(first[0]), /letter\.bin/);
  await (await there(page, by("button", "Show more"))).click();
  await page.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length === 100);
  const two = await names();
  assert.equal(new Set(two).size, 100);
  assert.deepEqual(two.slice(0, 50), first);
  await photograph(page, picture("history"), { width: 900, height: 900 });
});

test("the oldest of all is found by a word, and by its verdict", { timeout: 120_000 }, async () => {
  await page.locator(by("searchbox", "Search by name, address, label or hash")).fill("needle exe");
  await page.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length === 1);
  await text(page, "ul.downloads > li", "needle in the hay.exe", "Malicious");
  await empty("input[type=search]");
  await page.select("#verdict", await page.$eval("#verdict", (box) => /** @type {HTMLSelectElement} */ (box).options[1]?.value ?? ""));
  await page.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length === 1);
  await text(page, "ul.downloads > li", "needle in the hay.exe");
  await photograph(page, picture("history-found"), { width: 900, height: 900 });
});

test("filters for span, site, grade and what became of it are looked for among all", { timeout: 120_000 }, async () => {
  /** Chooses what is called so. @param {string} box @param {string} label */
  const choose = (box, label) =>
    page.$eval(box, (box, label) => [...(/** @type {HTMLSelectElement} */ (box)).options].find(({ text }) => text === label)?.value ?? `no ${label}`, label).then((value) => page.select(box, value));
  await choose("#verdict", "All");
  const rows = (/** @type {number} */ count) => page.waitForFunction((count) => document.querySelectorAll("ul.downloads > li").length === count, {}, count);
  const many = () => page.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length > 1);
  await many();
  await page.locator("summary").click();
  await page.locator("#site").fill(new URL(scene.site.origin).hostname);
  await rows(1);
  await text(page, "ul.downloads > li", "letter.bin");
  await choose("#became", "held back, no file was saved");
  await text(page, "main", "No download matches");
  await choose("#became", "saved, or on its way");
  await rows(1);
  await choose("#evidence", "A second copy was read");
  await text(page, "main", "No download matches");
  await choose("#evidence", "The saved file was read");
  await rows(1);
  // The one real download is of today; the oldest of all is weeks older.
  const day = (/** @type {string} */ field, /** @type {number} */ ago) =>
    page.$eval(field, (input, ago) => {
      const then = new Date(Date.now() - ago * 86_400_000);
      /** @type {HTMLInputElement} */ (input).value = [then.getFullYear(), String(then.getMonth() + 1).padStart(2, "0"), String(then.getDate()).padStart(2, "0")].join("-");
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }, ago);
  await day("#until", 2);
  await text(page, "main", "No download matches");
  await empty("#site");
  await choose("#evidence", "All");
  await many();
  await day("#since", 1);
  await text(page, "main", "No download matches");
  await photograph(page, picture("history-filters"), { width: 900, height: 900 });
  await page.reload();
  await text(page, "main", "50,000 downloads are kept");
  await choose("#verdict", "Malicious");
  await rows(1);
});

test("a saved file is shown in its folder, and one that is given raises the grade", { timeout: 120_000 }, async (t) => {
  const { chromium } = scene;
  const folder = mkdtempSync(join(tmpdir(), "quorum-history-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const popup = await chromium.open("popup.html");
  await record(popup, "letter.bin", "The saved file was read");
  const [item] = chromium.downloads.items.values();
  // The browser would open a file manager; what it is asked for is what counts.
  const worker = await chromium.worker();
  await worker.evaluate(() => {
    /** @type {any} */ (globalThis).shown = new Promise((resolve) => (chrome.downloads.show = resolve));
  });
  await pressInRecord(popup, "letter.bin", "Open folder");
  assert.equal(await worker.evaluate(() => /** @type {any} */ (globalThis).shown), item?.id);

  const give = async (/** @type {string} */ path) => {
    const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await popup.waitForSelector("::-p-xpath(//li[contains(., 'given.bin')]//input[@type='file'])"));
    await input.uploadFile(path);
  };
  writeFileSync(join(folder, "given.bin"), "another file");
  await give(join(folder, "given.bin"));
  await record(popup, "given.bin", "not the file that was saved", "A second copy was read");
  writeFileSync(join(folder, "given.bin"), CLEAN);
  await give(join(folder, "given.bin"));
  await record(popup, "given.bin", "Nothing found", "The saved file was read");
  await popup.close();
});

test("what was found can be taken along, and is not checked as a download of its own", { timeout: 120_000 }, async () => {
  const { chromium } = scene;
  for (const [form, holds] of /** @type {const} */ ([
    ["CSV", (/** @type {string} */ text) => /^started,name,verdict[^\n]*\n[^\n]*needle in the hay\.exe,malicious,[^\n]*\n$/.test(text)],
    ["JSON", (/** @type {string} */ text) => JSON.parse(text).length === 1 && JSON.parse(text)[0].name === "needle in the hay.exe"],
    ["STIX 2.1", (/** @type {string} */ text) => JSON.parse(text).objects.some((/** @type {any} */ object) => object.x_quorum_verdict === "malicious")],
  ])) {
    const button = await there(page, by("button", form));
    const item = await chromium.downloads.of(() => button.click());
    assert.equal(item.state, "complete");
    const written = readFileSync(item.filename, "utf8");
    assert.ok(holds(written), `${form}: ${written.slice(0, 400)}`);
  }
  const answer = await ask(page, { ask: "downloads" });
  assert.ok(answer.reply.downloads.records.every((/** @type {any} */ { name }) => !name.startsWith("quorum-history")));
});

test("all is forgotten after asking twice, and the checks go on", { timeout: 120_000 }, async () => {
  const { chromium, site } = scene;
  await (await there(page, by("button", "Forget all"))).click();
  await (await there(page, by("button", "Press again to forget all"))).click();
  await text(page, "main", "0 downloads are kept");
  site.put("after.bin", CLEAN);
  const start = await chromium.visit(site.link("after", "/d/attachment/after.bin"));
  await chromium.downloads.of(() => start.click("#go"));
  const popup = await chromium.open("popup.html");
  await record(popup, "after.bin", "Nothing found");
  await popup.close();
});
