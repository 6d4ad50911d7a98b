// The history of downloads with as many records as are kept: searched, read page by page, taken along,
// forgotten.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { CLEAN } from "../harness/files.mjs";
import { ask } from "../harness/messages.mjs";
import { by, photograph, record, text, there } from "../harness/pages.mjs";
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
    (pattern, worst, many) =>
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
            store.put({ ...(n === many - 1 ? worst : pattern), id, download: 1_000_000 + n, started, name, url: `https://files.example/${n}` }, id);
          }
          transaction.oncomplete = () => resolve(request.result.close());
          transaction.onabort = () => reject(transaction.error);
        };
      }),
    pattern,
    worst,
    MANY,
  );
  await popup.close();
  page = await chromium.open("history.html");
});
after(() => scene?.close());

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
  await page.locator(by("searchbox", "Search by name, address, label or hash")).fill("");
  await page.select("#verdict", await page.$eval("#verdict", (box) => /** @type {HTMLSelectElement} */ (box).options[1]?.value ?? ""));
  await page.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length === 1);
  await text(page, "ul.downloads > li", "needle in the hay.exe");
  await photograph(page, picture("history-found"), { width: 900, height: 900 });
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
