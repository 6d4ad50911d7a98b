// What the guard costs in a real browser: time added to a download, digests beside the second copy's own time, memory
// for 2 GB, and the history with as many records as are kept. The optimised modules are meant: what an unoptimised
// build measures says nothing.

import assert from "node:assert/strict";
import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { Chromium } from "../../e2e/harness/chromium.mjs";
import { Depot } from "../../e2e/harness/depot.mjs";
import { stored } from "../../e2e/harness/journal.mjs";
import { memory } from "../../e2e/harness/processes.mjs";
import { attach, checked } from "../../e2e/harness/messages.mjs";
import { startSite } from "../../e2e/harness/site.mjs";
import { piece, send } from "../../e2e/harness/subjects.mjs";

/** @typedef {import("../guard.mjs").Row} Row */

const MB = 1024 * 1024;
const BINARY = { "content-type": "application/octet-stream" };

/** @param {number[]} list */
const median = (list) => /** @type {number} */ (list.toSorted((a, b) => a - b)[list.length >> 1]);

/** @returns {Promise<Row[]>} */
export async function browser() {
  const [site, depot] = [await startSite(), new Depot()];
  await depot.start();
  const alone = await Chromium.launch({ extension: null });
  const guarded = await Chromium.launch();
  try {
    const ours = await attach(guarded, depot);
    return [await added(site, alone, guarded, ours), await digests(site, guarded, ours), ...(await large(site, guarded, ours)), await history(guarded, ours)];
  } finally {
    for (const one of [alone, guarded]) {
      await one.close();
      one.remove();
    }
    await Promise.all([site.close(), depot.close()]);
  }
}

/** @param {Chromium} chromium @param {string} address of a page with a link @returns {Promise<{ms: number, item: chrome.downloads.DownloadItem}>} from the click to the end */
async function timed(chromium, address) {
  const page = await chromium.visit(address);
  const start = performance.now();
  const item = await chromium.downloads.of(() => page.click("#go"));
  const ms = performance.now() - start;
  await page.close();
  assert.equal(item.state, "complete");
  return { ms, item };
}

/**
 * A small download, of which the time to the backend and back is most; the backend is on this machine.
 * @param {import("../../e2e/harness/site.mjs").Site} site @param {Chromium} alone @param {Chromium} guarded @param {import("puppeteer-core").Page} ours
 * @returns {Promise<Row>}
 */
async function added(site, alone, guarded, ours) {
  /** @type {{without: number[], with: number[]}} */
  const times = { without: [], with: [] };
  for (let round = 0; round <= 7; round++) {
    // Another file each time: an answer that is stored costs nothing.
    const body = Buffer.concat([Buffer.from(`round ${round}`), piece(round)]);
    const address = site.link(`small-${round}`, site.serve(`small-${round}.bin`, (_, response) => void response.writeHead(200, { ...BINARY, "content-length": body.length }).end(body)));
    const [without, with_] = [await timed(alone, address), await timed(guarded, address)];
    await checked(ours, ({ download, phase }) => download === with_.item.id && phase === "done");
    if (round > 0) [times.without.push(without.ms), times.with.push(with_.ms)];
  }
  const [ours_, theirs] = [median(times.with), median(times.without)];
  // The goal is ours: half a second is what nobody minds.
  return { name: "1 MB is held at most 500 ms longer than without the guard", ratio: 500 / Math.max(1, ours_ - theirs), goal: 1, unit: "ms", ours: ours_, theirs };
}

/**
 * The second copy of 100 MB, digested as it streams, against the same fetch with nothing done to it. The site gives
 * 25 MB a second: a fast line. What counts is how long the site was busy with each.
 * @param {import("../../e2e/harness/site.mjs").Site} site @param {Chromium} guarded @param {import("puppeteer-core").Page} ours
 * @returns {Promise<Row>}
 */
async function digests(site, guarded, ours) {
  const LENGTH = 100 * MB;
  /** How long each asker took. @type {number[]} */
  const took = [];
  /** @type {Promise<unknown>[]} */
  const ended = [];
  const path = site.serve("line.bin", (_, response) => {
    const start = performance.now();
    ended.push(new Promise((resolve) => response.once("close", () => resolve(took.push(performance.now() - start)))));
    response.writeHead(200, { ...BINARY, "content-length": LENGTH });
    let sent = 0;
    const more = () => {
      if (response.destroyed) return;
      // As much as the line has carried by now, as far as the reader keeps up.
      const due = Math.min(LENGTH, ((performance.now() - start) / 1000) * 25 * MB);
      while (sent < due) {
        const next = piece(sent / MB);
        sent += next.length;
        if (!response.write(next)) break;
      }
      if (sent >= LENGTH) return response.end();
      if (response.writableNeedDrain) response.once("drain", more);
      else setTimeout(more, 10);
    };
    more();
  });
  /** @type {{digested: number[], fetched: number[]}} */
  const times = { digested: [], fetched: [] };
  for (let round = 0; round < 3; round++) {
    took.length = ended.length = 0;
    const { item } = await timed(guarded, site.link(`line-${round}`, path));
    await checked(ours, ({ download, phase }) => download === item.id && phase === "done");
    await Promise.all(ended);
    assert.equal(took.length, 2, "the browser and we");
    times.digested.push(Math.max(...took));
    took.length = ended.length = 0;
    await ours.evaluate(async (url) => {
      const reader = /** @type {ReadableStream<Uint8Array>} */ ((await fetch(url, { cache: "no-store" })).body).getReader();
      while (!(await reader.read()).done);
    }, `${site.origin}${path}`);
    await Promise.all(ended);
    times.fetched.push(...took);
    rmSync(item.filename);
  }
  const [digested, fetched] = [median(times.digested), median(times.fetched)];
  return { name: "digests of 100 MB, beside the second copy's own time at 25 MB/s", ratio: fetched / digested, goal: 1 / 1.05, unit: "ms", ours: digested, theirs: fetched };
}

/**
 * How much more memory the browser takes while a file comes in, is read twice and is scanned in blocks: 2 GB against
 * 256 MB, which are too many for memory too.
 * @param {import("../../e2e/harness/site.mjs").Site} site @param {Chromium} guarded @param {import("puppeteer-core").Page} ours
 * @returns {Promise<Row[]>}
 */
async function large(site, guarded, ours) {
  const [SMALL, LARGE] = [256 * MB, 2048 * MB];
  const { bavail, bsize } = statfsSync(guarded.folder);
  // Beside the download there is the copy that waits for its scan, twice for a while.
  if (bavail * bsize < 4 * LARGE) {
    console.log("2 GB: left out, the disk has no room for them");
    return [];
  }
  /** @param {number} length @returns {Promise<number>} bytes */
  const grown = async (length) => {
    const address = site.link(
      `large-${length}`,
      site.serve(`large-${length}.bin`, (_, response) => {
        response.writeHead(200, { ...BINARY, "content-length": length });
        send(response, length);
      }),
    );
    // What the last one needed is given back after a while.
    await new Promise((resolve) => setTimeout(resolve, 35_000));
    const before = memory(guarded);
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, memory(guarded))), 50);
    const { item } = await timed(guarded, address);
    // The saved file is read once more behind that.
    for (const until = Date.now() + 300_000; ; ) {
      const record = (await stored(ours)).find(({ download }) => download === item.id);
      if (record?.read === "saved_file" && record.open === 0 && record.rules) break;
      if (Date.now() > until) throw new Error(`the check never ends: ${JSON.stringify(record)}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    clearInterval(watch);
    rmSync(item.filename);
    return most - before;
  };
  const [small, large] = [await grown(SMALL), await grown(LARGE)];
  return [{ name: "2 GB: the browser's memory grows as for 256 MB", ratio: small / large, goal: 1 / 1.25, unit: "MB", ours: large / MB, theirs: small / MB }];
}

/**
 * The history's page with as many records as are kept, against one with 50.
 * @param {Chromium} guarded @param {import("puppeteer-core").Page} ours
 * @returns {Promise<Row>}
 */
async function history(guarded, ours) {
  const [pattern] = await stored(ours);
  const fill = (/** @type {number} */ from, /** @type {number} */ to) =>
    ours.evaluate(
      (pattern, from, to) =>
        new Promise((resolve, reject) => {
          const request = indexedDB.open("quorum");
          request.onsuccess = () => {
            const transaction = request.result.transaction("downloads", "readwrite");
            const store = transaction.objectStore("downloads");
            for (let n = from; n < to; n++) {
              const started = pattern.started - n * 60_000;
              store.put({ ...pattern, id: `${started}-${n}`, download: 1_000_000 + n, started, name: `file-${n}.bin` }, `${started}-${n}`);
            }
            transaction.oncomplete = () => resolve(request.result.close());
            transaction.onabort = () => reject(transaction.error);
          };
        }),
      pattern,
      from,
      to,
    );
  const opened = async () => {
    const times = [];
    for (let round = 0; round <= 7; round++) {
      const page = await guarded.browser.newPage();
      const start = performance.now();
      await page.goto(`chrome-extension://${guarded.id}/history.html`);
      await page.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length === 50);
      if (round > 0) times.push(performance.now() - start);
      await page.close();
    }
    return median(times);
  };
  await fill((await stored(ours)).length, 50);
  const few = await opened();
  await fill(50, 50_000);
  const many = await opened();
  return { name: "the history's page with 50,000 records, against one with 50", ratio: few / many, goal: 1 / 1.5, unit: "ms", ours: many, theirs: few };
}
