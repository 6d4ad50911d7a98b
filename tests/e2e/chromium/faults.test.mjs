// Whatever goes wrong on our side, the download lands, its record says "Not checked" and why, and the key
// goes to nobody but the configured backend. Each fault has a browser of its own: what one teaches the
// client (to wait, say) must not change the next.

import assert from "node:assert/strict";
import { cpSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { FaultyBackend } from "../harness/backend.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { unknown } from "../harness/files.mjs";
import { ask } from "../harness/messages.mjs";
import { by, photograph, pressInRecord, record, saveAndCheck, status, tab, text } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { connect } from "../harness/stage.mjs";
import { build, picture, temporaryFolder } from "../harness/tree.mjs";

/** @type {import("../harness/site.mjs").Site} */
let site;
before(async () => {
  site = await startSite();
});
after(() => site?.close());

/**
 * @param {import("node:test").TestContext} t
 * @param {string} [extension]
 */
async function launch(t, extension) {
  const chromium = await Chromium.launch({ extension });
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  return chromium;
}

/** A backend that is well so far, and a browser. @param {import("node:test").TestContext} t */
async function launched(t) {
  const backend = new FaultyBackend();
  await backend.start();
  t.after(() => backend.close());
  return { backend, chromium: await launch(t) };
}

/** The same, connected. @param {import("node:test").TestContext} t */
async function connected(t) {
  const { backend, chromium } = await launched(t);
  await (await connect(chromium, { address: backend.origin, key: backend.key, name: "frank" })).close();
  return { backend, chromium };
}

/** What the record must say, beside "Not checked". @type {[import("../harness/backend.mjs").Fault | "down", RegExp][]} */
const FAULTS = [
  ["down", /could not reach the backend/],
  ["hang", /did not answer in time/],
  ["401", /refuses the API key/],
  ["429", /quota is used up/],
  ["html", /did not come from the API/],
  ["301", /redirect to another address/],
  ["302", /redirect to another address/],
  ["303", /redirect to another address/],
  ["307", /redirect to another address/],
  ["308", /redirect to another address/],
  ["500", /error \(status 500\)/],
];

for (const [fault, why] of FAULTS) {
  test(`backend: ${fault}: the download lands and is marked as not checked`, { timeout: 120_000 }, async (t) => {
    const { backend, chromium } = await connected(t);

    if (fault === "down") await backend.down();
    else backend.fault = fault;
    const bytes = unknown(fault);
    const name = `file-${fault}.bin`;
    site.put(name, bytes);
    const page = await chromium.visit(site.link(fault, `/d/attachment/${name}`));
    const start = performance.now();
    const item = await chromium.downloads.of(() => page.click("#go"));
    assert.equal(item.state, "complete");
    const took = performance.now() - start;
    assert.ok(took < 15_000, `nobody waits for us longer than the browser would let them: ${took} ms`);
    assert.ok(readFileSync(join(chromium.folder, name)).equals(bytes));

    const popup = await chromium.open("popup.html");
    await record(popup, name, "Not checked", why);
    await photograph(popup, picture(`fault-${fault}`), { width: 380, height: 600 });
    assert.deepEqual(backend.canary.requests, [], "no other origin was asked anything");
    if (fault !== "down") assert.ok(backend.record.requests.length > 1, "the backend was asked");
    assert.deepEqual(site.record.holding(backend.key), []);
  });
}

test("a backend that redirects from the start is not connected, and the key stays here", { timeout: 60_000 }, async (t) => {
  const { backend, chromium } = await launched(t);
  backend.fault = "307";
  const options = await chromium.open("options.html");
  await saveAndCheck(options, { address: backend.origin, key: backend.key });
  await status(options, /redirect to another address/);
  assert.deepEqual(backend.canary.requests, []);
});

test("a file that is to be uploaded goes to the backend and not where that redirects", { timeout: 60_000 }, async (t) => {
  const { backend, chromium } = await connected(t);
  site.put("mine.bin", unknown("mine"));
  const page = await chromium.visit(site.link("mine", "/d/attachment/mine.bin"));
  await chromium.downloads.of(() => page.click("#go"));
  const popup = await chromium.open("popup.html");
  await record(popup, "mine.bin", "Unknown");
  backend.fault = "307";
  await pressInRecord(popup, "mine.bin", "Upload for analysis");
  await record(popup, "mine.bin", "Goes on by itself");
  assert.deepEqual(backend.canary.requests, []);
});

test("our own module is broken: the download lands", { timeout: 60_000 }, async (t) => {
  const folder = temporaryFolder("broken");
  t.after(folder.remove);
  cpSync(build("chromium-test"), folder.path, { recursive: true });
  truncateSync(join(folder.path, "pkg", "quorum_extension_bg.wasm"), 1000);
  const chromium = await launch(t, folder.path);
  const bytes = unknown("broken");
  site.put("broken.bin", bytes);
  const page = await chromium.visit(site.link("broken", "/d/attachment/broken.bin"));
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(join(chromium.folder, "broken.bin")).equals(bytes));
});

test("while a download is held, the popup and the toolbar say for how long at most", { timeout: 120_000 }, async (t) => {
  const { backend, chromium } = await launched(t);
  const own = await chromium.open("popup.html");
  assert.ok((await ask(own, { ask: "connect", address: backend.origin, key: backend.key, remember: false })).ok);
  assert.ok((await ask(own, { ask: "set_downloads", enabled: true })).ok);
  await own.close();
  backend.fault = "hang";
  site.put("held.bin", unknown("held"));
  const page = await chromium.visit(site.link("held", "/d/attachment/held.bin"));
  const worker = await chromium.worker();
  const title = () => worker.evaluate(() => chrome.action.getTitle({}));
  const item = await chromium.downloads.of(
    () => page.click("#go"),
    async () => {
      const popup = await chromium.open("popup.html");
      await record(popup, "held.bin", /Waits for the result, \d+ more seconds at most/);
      await photograph(popup, picture("download-held"), { width: 380, height: 600 });
      const left = () => popup.$eval("[role=timer]", (timer) => Number(/\d+/.exec(timer.textContent ?? "")?.[0]));
      const first = await left();
      assert.ok(first <= 12, `${first} s are more than anybody is held`);
      await popup.waitForFunction((first) => Number(/\d+/.exec(document.querySelector("[role=timer]")?.textContent ?? "")?.[0]) < first, {}, first);
      assert.match(await title(), /^Quorum: held\.bin waits for its check, \d+ s more at most$/);
    },
  );
  assert.equal(item.state, "complete");
  // The button's title is set when the download was let go, and no event tells of it.
  for (const until = Date.now() + 10_000; Date.now() < until && (await title()) !== "Quorum"; );
  assert.equal(await title(), "Quorum");
});

test("our worker is killed while it holds: the download lands", { timeout: 120_000 }, async (t) => {
  const { backend, chromium } = await connected(t);
  backend.fault = "hang";
  const bytes = unknown("killed");
  site.put("killed.bin", bytes);
  const asked = backend.record.requests.length;
  const page = await chromium.visit(site.link("killed", "/d/attachment/killed.bin"));
  const item = await chromium.downloads.of(
    () => page.click("#go"),
    async () => {
      await backend.record.next(asked);
      await (await chromium.worker()).close();
    },
  );
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(join(chromium.folder, "killed.bin")).equals(bytes));
  backend.fault = "well";
  const popup = await chromium.open("popup.html");
  await record(popup, "killed.bin");
});

test("our worker is killed while a page waits for it: what only reads is asked again, of a vote nobody knows", { timeout: 120_000 }, async (t) => {
  const { backend, chromium } = await launched(t);
  backend.quotas.api_requests_hourly.allowed = 6_000;
  const own = await connect(chromium, { address: backend.origin, key: backend.key, name: "frank" });
  const digest = "e".repeat(64);
  /** @param {string} end of the address */
  const asked = (end) => backend.record.requests.filter(({ url }) => url.endsWith(`${digest}${end}`)).length;
  backend.fault = "hang";
  const report = await chromium.open(`report.html?indicator=${digest}`);
  await backend.record.first(() => asked("") === 1);
  backend.fault = "well";
  await chromium.stopWorker(own);
  await text(report, "h1", "Unknown");
  assert.equal(asked(""), 2, "it was asked once more");

  backend.fault = "hang";
  await tab(report, "Community");
  await report.locator(by("button", "Malicious")).click();
  await backend.record.first(() => asked("/votes") === 1);
  backend.fault = "well";
  await chromium.stopWorker(own);
  await text(report, "body", "whether it was done is not known");
  assert.equal(asked("/votes"), 1, "a vote is not sent twice by itself");
  await photograph(report, picture("lost"), { width: 1100, height: 900 });
});
