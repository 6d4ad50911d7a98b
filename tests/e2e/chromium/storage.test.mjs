// What the extension keeps, under bad luck: two windows that change things at once, and entries that are damaged.
// Attack catalogue: E30, E31, E32.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { chance } from "../harness/chance.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { settled, stored } from "../harness/journal.mjs";
import { ask, checked } from "../harness/messages.mjs";
import { text } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { bytes } from "../harness/subjects.mjs";

const SEED = Number(process.env.QUORUM_SEED ?? Math.floor(Date.now() / 86_400_000));

/** @type {import("../harness/site.mjs").Site} */
let site;
const depot = new Depot();
before(async () => {
  [site] = [await startSite(), await depot.start()];
});
after(() => Promise.all([site?.close(), depot.close()]));

/** @param {import("node:test").TestContext} t @param {import("../harness/chromium.mjs").Options} [options] */
async function launched(t, options) {
  const chromium = await Chromium.launch(options);
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  return chromium;
}

/** @param {import("puppeteer-core").Page} page */
async function connected(page) {
  assert.ok((await ask(page, { ask: "connect", address: depot.origin, key: depot.key, remember: true })).ok);
  assert.ok((await ask(page, { ask: "set_downloads", enabled: true })).ok);
}

/** Downloads a file, which must land whole. @param {Chromium} chromium @param {string} name */
async function download(chromium, name) {
  const body = bytes(name);
  const path = site.serve(`${name}.bin`, (_, response) => void response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length }).end(body));
  const start = await chromium.visit(site.link(name, path));
  const item = await chromium.downloads.of(() => start.click("#go"));
  await start.close();
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(item.filename).equals(body));
  return item;
}

test("E30: five hundred changes from each of two windows end as if one had made them all", { timeout: 120_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const chromium = await launched(t);
  const pages = [await chromium.open("options.html"), await chromium.open("options.html")];
  await connected(/** @type {import("puppeteer-core").Page} */ (pages[0]));
  const before = (await ask(/** @type {any} */ (pages[0]), { ask: "state" })).reply.state;
  const next = chance(SEED);
  const any = () => Math.floor(next() * 1e6);
  // Each change has its mark, so that the end can be laid to one of them.
  const edits = pages.map((_, window) =>
    Array.from({ length: 500 }, (_, n) => {
      const which = Math.floor(next() * 3);
      if (which === 0) return { set_policy: { policy: { ...before.policy, skip_above: any(), skip_hosts: [`${window}-${n}.example`] } } };
      return which === 1 ? { set_downloads: { enabled: next() < 0.5 } } : { set_dry_run: { enabled: next() < 0.5 } };
    }),
  );
  await Promise.all(
    pages.map((page, window) =>
      page.evaluate(async (edits) => {
        // All at once: the order is the browser's.
        const answers = await Promise.all(edits.map((edit) => chrome.runtime.sendMessage(edit)));
        if (!answers.every(({ ok }) => ok)) throw new Error("a change was refused");
      }, edits[window] ?? []),
    ),
  );
  const page = /** @type {import("puppeteer-core").Page} */ (pages[0]);
  const state = (await ask(page, { ask: "state" })).reply.state;
  const kept = /** @type {any} */ (await page.evaluate(() => chrome.storage.local.get("settings"))).settings;
  assert.deepEqual([kept.policy, kept.downloads, kept.dry_run], [state.policy, state.downloads, state.dry_run], "what is kept is what goes");
  assert.equal(kept.address, before.address, "and nothing else was touched");
  /** Of each kind the last one of one window or of the other, whole. @param {string} kind @param {(edit: any) => unknown} value */
  const last = (kind, value) => edits.map((list) => list.findLast((edit) => kind in edit)).filter(Boolean).map((edit) => JSON.stringify(value(/** @type {any} */ (edit)[kind])));
  assert.ok(last("set_policy", ({ policy }) => policy).includes(JSON.stringify(state.policy)), JSON.stringify(state.policy));
  assert.ok(last("set_downloads", ({ enabled }) => enabled).includes(JSON.stringify(state.downloads)));
  assert.ok(last("set_dry_run", ({ enabled }) => enabled).includes(JSON.stringify(state.dry_run)));
});

test("E32: bad entries are left out, the good ones beside them stay, and a key is not made up", { timeout: 60_000 }, async (t) => {
  const chromium = await launched(t);
  const page = await chromium.open("options.html");
  await connected(page);
  const item = await download(chromium, "good");
  await checked(page, ({ download, phase }) => download === item.id && phase === "done");
  const [good] = await settled(page, ([record]) => record?.open === 0);
  const bad = [
    { ...good, id: "1-1", phase: "sleeping" },
    { ...good, id: "1-2", terms: null },
    { ...good, id: "1-3", assessment: { verdict: "wonderful" } },
    { ...good, id: "1-4", name: 7 },
    { ...good, id: "1-5", digests: { sha256: "short" } },
    { id: "1-6", started: good.started, open: 1, download: 3 },
    { id: "1-7", started: "yesterday" },
    { ...good, id: "1-8", open: 1, upload: { sending: "?" } },
  ];
  await page.evaluate(
    (bad) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("quorum");
        request.onsuccess = () => {
          const transaction = request.result.transaction(["downloads", "keys", "reports", "state"], "readwrite");
          for (const record of bad) transaction.objectStore("downloads").put(record, record.id);
          for (const store of ["keys", "reports", "state"]) {
            const all = transaction.objectStore(store).getAllKeys();
            all.onsuccess = () => all.result.forEach((key) => transaction.objectStore(store).put({ at: 1, asked_at: 1, sealed: "garbage" }, key));
          }
          transaction.oncomplete = () => resolve(request.result.close());
          transaction.onabort = () => reject(transaction.error);
        };
      }),
    bad,
  );
  await page.evaluate(() => chrome.storage.session.set({ key: 7, account: [], budget: "much" }));
  await chromium.stopWorker(page);
  const { state } = (await ask(page, { ask: "state" })).reply;
  assert.equal(state.address, depot.origin);
  assert.equal(state.has_key, false, "a key that cannot be read is none");
  const { records } = (await ask(page, { ask: "downloads" })).reply.downloads;
  assert.deepEqual(records.map((/** @type {any} */ { name }) => name), ["good.bin"]);
  await connected(page);
  const after = await download(chromium, "after-damage");
  await checked(page, ({ download, phase }) => download === after.id && phase === "done");
});

/**
 * Leaves a database of another version in the place of ours.
 * @param {import("puppeteer-core").Page} page
 * @param {number} version
 */
const replace = (page, version) =>
  page.evaluate(
    (version) =>
      new Promise((resolve, reject) => {
        indexedDB.deleteDatabase("quorum").onsuccess = () => {
          const request = indexedDB.open("quorum", version);
          request.onupgradeneeded = () => {
            // As the first version of ours made it; what later ones will look like nobody knows.
            const downloads = request.result.createObjectStore("downloads");
            downloads.createIndex("at", "started");
            request.result.createObjectStore("reports").createIndex("at", "asked_at");
            request.result.createObjectStore("keys");
            downloads.put({ id: "1-1", started: 1, from: "another version" }, "1-1");
          };
          request.onsuccess = () => resolve(request.result.close());
          request.onerror = () => reject(request.error);
        };
      }),
    version,
  );

test("E31: what a newer version has written is left as it is, and it is said that nothing new is kept", { timeout: 60_000 }, async (t) => {
  const chromium = await launched(t);
  // No page that opens its port again, and the database with it.
  const page = await chromium.open("manifest.json");
  await connected(page);
  await chromium.stopWorker(page);
  await replace(page, 99);
  const item = await download(chromium, "after-downgrade");
  const record = await checked(page, ({ download, phase }) => download === item.id && phase === "done");
  assert.equal(record.assessment.verdict, "unknown", "it is checked all the same");
  assert.equal((await ask(page, { ask: "state" })).reply.state.newer_data, true);
  const popup = await chromium.open("popup.html");
  await text(popup, "main, body", "written by a newer version");
  assert.deepEqual((await stored(page)).map(({ from }) => from), ["another version"], "nothing was changed");
});

test("E31: an upgrade keeps what there was, and one that a death cut off is made again", { timeout: 60_000 }, async (t) => {
  const chromium = await launched(t);
  const page = await chromium.open("manifest.json");
  await connected(page);
  await chromium.stopWorker(page);
  await replace(page, 1);
  // The upgrade is one transaction: what dies inside of it has not begun. One that never ends stands for it.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const request = indexedDB.open("quorum", 3);
        request.onupgradeneeded = () => /** @type {IDBTransaction} */ (request.transaction).abort();
        request.onerror = (event) => resolve(event.preventDefault());
      }),
  );
  const item = await download(chromium, "after-upgrade");
  await checked(page, ({ download, phase }) => download === item.id && phase === "done");
  assert.equal((await ask(page, { ask: "state" })).reply.state.newer_data, false);
  const names = (await stored(page)).map(({ name, from }) => name ?? from);
  assert.deepEqual(names.sort(), ["after-upgrade.bin", "another version"]);
});
