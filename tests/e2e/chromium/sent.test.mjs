// The log of what was sent equals what went over the wire, and in a dry run nothing goes over it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CLEAN, EICAR, sha256, unknown } from "../harness/files.mjs";
import { ask } from "../harness/messages.mjs";
import { by, photograph, pressInRecord, record, text, there } from "../harness/pages.mjs";
import { attachment, startScene } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").Scene} */
let scene;

before(async () => {
  scene = await startScene();
});
after(() => scene?.close());

/** The log as it is stored, oldest first. @param {import("puppeteer-core").Page} page one of the extension's */
async function log(page) {
  return (await ask(page, { ask: "sent" })).reply.sent.reverse();
}

/** @param {string} name @param {Buffer} bytes */
const download = (name, bytes) => attachment(scene, name, bytes);

test("each request that left is in the log, with what was in it and why, and nothing else is", { timeout: 120_000 }, async () => {
  const { chromium, proxy, site, erin } = scene;
  const page = await chromium.open("popup.html");
  await ask(page, { ask: "report", indicator: sha256(EICAR), evidence: "given", fresh: true });
  await ask(page, { ask: "vote", indicator: sha256(CLEAN), verdict: "harmless" });
  const bytes = unknown("logged");
  await download("logged.bin", bytes);
  await record(page, "logged.bin", "Unknown", "Upload for analysis");
  await pressInRecord(page, "logged.bin", "Upload for analysis");
  await record(page, "logged.bin", "Nothing found");

  const entries = await log(page);
  const { origin } = new URL(proxy.origin);
  const hide = (/** @type {string} */ text) => text.replaceAll(erin.key, "[key]");
  const toBackend = entries.filter((/** @type {any} */ entry) => entry.url.startsWith(origin));
  assert.deepEqual(
    toBackend.map((/** @type {any} */ { method, url }) => `${method} ${url.slice(origin.length)}`).sort(),
    proxy.record.requests.map(({ method, url }) => hide(`${method} ${url}`)).sort(),
  );
  assert.ok(toBackend.every((/** @type {any} */ entry) => entry.with_key && !entry.with_cookies && entry.outcome.answered >= 200));
  assert.ok(!JSON.stringify(entries).includes(erin.key), "the key is nowhere in it");
  const upload = toBackend.find((/** @type {any} */ entry) => entry.body.file);
  assert.deepEqual(upload.body.file, { name: "logged.bin", size: bytes.length });
  assert.equal(upload.why, "user");
  assert.equal(toBackend.find((/** @type {any} */ entry) => entry.url.endsWith(`/files/${sha256(bytes)}`))?.why, "background");
  assert.match(toBackend.find((/** @type {any} */ entry) => entry.url.endsWith("/votes"))?.body.text, /harmless/);

  // The site was asked by the browser once, and by us as often as the log says.
  const elsewhere = entries.filter((/** @type {any} */ entry) => !entry.url.startsWith(origin));
  assert.ok(elsewhere.every((/** @type {any} */ entry) => entry.url === `${site.origin}/d/attachment/logged.bin` && entry.with_cookies && !entry.with_key));
  const asked = site.record.requests.filter(({ url }) => url === "/d/attachment/logged.bin").length;
  assert.equal(elsewhere.length, asked - 1);
  await page.close();
});

test("in a dry run nothing leaves, the log says what would have, and the download lands", { timeout: 120_000 }, async () => {
  const { chromium, proxy, site } = scene;
  const page = await chromium.open("sent.html");
  await photograph(page, picture("sent"), { width: 900, height: 900 });
  await (await there(page, by("checkbox", "Dry run: send nothing"))).click();
  await page.waitForFunction(async () => (await chrome.runtime.sendMessage("state")).reply.state.dry_run);
  const [asked, fetched] = [proxy.record.requests.length, site.record.requests.length];

  // One that no stored answer is about.
  const bytes = unknown("dry");
  const item = await download("dry.bin", bytes);
  assert.equal(item.state, "complete");
  const popup = await chromium.open("popup.html");
  await record(popup, "dry.bin", "Not checked", "dry run");
  await popup.close();
  assert.equal(proxy.record.requests.length, asked, "the backend was asked nothing");
  const paths = site.record.requests.slice(fetched).filter(({ url }) => url.startsWith("/d/"));
  assert.equal(paths.length, 1, "the browser alone fetched the file");

  const withheld = (await log(page)).filter((/** @type {any} */ { outcome }) => outcome === "withheld");
  assert.ok(withheld.some((/** @type {any} */ { url }) => url.endsWith("/d/attachment/dry.bin")));
  assert.ok(withheld.some((/** @type {any} */ { url }) => url.endsWith(`/files/${sha256(bytes)}`)), "what was saved would have been asked about");
  await page.reload();
  await text(page, "li", "Withheld");
  await photograph(page, picture("sent-dry-run"), { width: 900, height: 900 });
  await (await there(page, by("button", "Forget all"))).click();
  await text(page, "main", "Nothing was sent.");
  await page.close();
});
