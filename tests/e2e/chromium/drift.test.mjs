// Older downloads are asked about anew: one that has turned out malicious is told of and marked, by the
// user's leave only.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { age } from "../harness/journal.mjs";
import { listen } from "../harness/listen.mjs";
import { ask } from "../harness/messages.mjs";
import { photograph, record } from "../harness/pages.mjs";
import { Recorder } from "../harness/record.mjs";
import { startSite } from "../harness/site.mjs";
import { picture } from "../harness/tree.mjs";

const DAY = 24 * 60 * 60 * 1000;
const asked = new Recorder();
/** Digests that engines object to by now. @type {Set<string>} */
const turned = new Set();

/** @type {Chromium} */
let chromium;
/** @type {import("../harness/site.mjs").Site} */
let site;
/** @type {import("../harness/listen.mjs").Listening} */
let backend;

before(async () => {
  site = await startSite();
  backend = await listen(async (request, response) => {
    const { url } = await asked.add(request);
    /** @param {number} status @param {unknown} value */
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    const id = url.split("/").at(-1) ?? "";
    if (url.includes("/users/")) return answer(200, { data: { type: "user", id: "tom", attributes: {} } });
    if (!turned.has(id)) return answer(404, { error: { code: "NotFoundError", message: "not found" } });
    const engine = { category: "malicious", engine_name: "Late", method: "blacklist", result: "Trojan.Late" };
    return answer(200, { data: { type: "file", id, attributes: { sha256: id, last_analysis_results: { Late: engine } } } });
  });
  chromium = await Chromium.launch();
  const page = await chromium.open("options.html");
  assert.ok((await ask(page, { ask: "connect", address: backend.origin, key: "0".repeat(64), remember: false })).ok);
  assert.ok((await ask(page, { ask: "set_downloads", enabled: true })).ok);
  await page.close();
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
  await backend?.close();
  await site?.close();
});

/** Downloads a file that nobody has seen, and turns out malicious afterwards. @param {string} name @returns {Promise<string>} its digest */
async function download(name) {
  const bytes = unknown(name);
  site.put(name, bytes);
  const page = await chromium.visit(site.link(name, `/d/attachment/${name}`));
  assert.equal((await chromium.downloads.of(() => page.click("#go"))).state, "complete");
  await page.close();
  const popup = await chromium.open("popup.html");
  await record(popup, name, "Unknown");
  await popup.close();
  turned.add(sha256(bytes));
  return sha256(bytes);
}

/**
 * Makes all records as old as two days, and has the worker start anew an hour after it has last looked.
 * @returns {Promise<import("puppeteer-core").Page>} a page of ours
 */
async function twoDaysLater() {
  // Nobody wakes it from there before it is time.
  const quiet = await chromium.open("manifest.json");
  await chromium.stopWorker(quiet);
  await age(quiet, 2 * DAY);
  await quiet.evaluate(() => chrome.storage.session.remove("rechecked"));
  await quiet.close();
  const page = await chromium.open("popup.html");
  await ask(page, { ask: "state" }); // wakes it
  return page;
}

test("a file that has turned out malicious is told of with its path, and its record says since when", { timeout: 120_000 }, async () => {
  const digest = await download("sleeper.bin");
  const before = asked.requests.length;
  const popup = await twoDaysLater();
  await asked.first(({ url }) => asked.requests.length > before && url.endsWith(digest));
  await popup.reload();
  await record(popup, "sleeper.bin", "Malicious", /Was “Unknown” on .*, malicious since/);
  await photograph(popup, picture("download-drift"), { width: 380, height: 600 });
  const { records } = (await ask(popup, { ask: "downloads" })).reply.downloads;
  const { id, path, drift } = records.find((/** @type {any} */ { name }) => name === "sleeper.bin");
  assert.equal(drift.was, "unknown");
  assert.match(path, /sleeper\.bin$/);
  // A notification tells of it, when the record is on disk.
  await popup.waitForFunction(async (id) => id in (await chrome.notifications.getAll()), {}, id);
  const entries = (await ask(popup, { ask: "sent" })).reply.sent;
  const entry = entries.find((/** @type {any} */ { url }) => url.endsWith(digest));
  assert.equal(entry.why, "background");
  await popup.close();
});

test("with the setting off nothing is asked by itself", { timeout: 120_000 }, async () => {
  const digest = await download("left-alone.bin");
  const page = await chromium.open("options.html");
  const { policy } = (await ask(page, { ask: "state" })).reply.state;
  assert.equal(policy.recheck, true);
  assert.ok((await ask(page, { ask: "set_policy", policy: { ...policy, recheck: false } })).ok);
  await page.close();
  const before = asked.requests.length;
  const popup = await twoDaysLater();
  // The worker has taken its turn, and what it asks after that is asked before what we ask.
  await popup.waitForFunction(async () => (await chrome.storage.session.get("rechecked")).rechecked !== undefined);
  await ask(popup, { ask: "report", indicator: "f".repeat(64), evidence: "given", fresh: true });
  await record(popup, "left-alone.bin", "Unknown");
  assert.deepEqual(asked.requests.slice(before).filter(({ url }) => url.endsWith(digest)), []);
  await popup.close();
});
