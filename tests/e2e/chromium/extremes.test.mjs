// Downloads that need a scene of their own: two hundred at once, "Save as", a private window, a full disk, and a site
// that one must be logged in to. Each ends on disk as without the extension. Attack catalogue: E21.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { Display } from "../harness/display.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { stored } from "../harness/journal.mjs";
import { attach, checked } from "../harness/messages.mjs";
import { empty, files } from "../harness/parity.mjs";
import { holding } from "../harness/search.mjs";
import { startSite } from "../harness/site.mjs";
import { bytes } from "../harness/subjects.mjs";

const BINARY = { "content-type": "application/octet-stream" };
const MANY = 200;

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

/** @param {import("node:test").TestContext} t @param {import("../harness/chromium.mjs").Options} [options] */
async function launched(t, options) {
  const browser = await Chromium.launch(options);
  t.after(async () => {
    await browser.close();
    browser.remove();
  });
  return browser;
}

/** @param {import("node:test").TestContext} t */
async function screen(t) {
  const display = new Display();
  await display.start();
  t.after(() => display.close());
  return display;
}

test("two hundred at once land whole, and each has its record at its end", { timeout: 180_000 }, async (t) => {
  const names = Array.from({ length: MANY }, (_, n) => `one-of-many-${n}.bin`);
  const links = names.map((name) => {
    const body = bytes(name, 20_000);
    return `<a href="${site.serve(name, (_, response) => void response.writeHead(200, { ...BINARY, "content-length": body.length }).end(body))}" download="${name}"></a>`;
  });
  const address = site.page("many", `${links.join("")}<button id="go">Get all</button><script>document.querySelector("#go").addEventListener("click", () => document.querySelectorAll("a").forEach((link) => link.click()));</script>`);
  const page = await chromium.visit(address);
  const start = performance.now();
  const items = await chromium.downloads.all(MANY, () => page.click("#go"));
  t.diagnostic(`${Math.round(performance.now() - start)} ms`);
  await page.close();
  assert.equal(items.length, MANY);
  assert.ok(items.every(({ state }) => state === "complete"));
  assert.deepEqual(files(chromium.folder), Object.fromEntries(names.toSorted().map((name) => [name, sha256(bytes(name, 20_000))])));
  // Told anew with each change; only the newest fifty are shown.
  const about = async () => (await stored(ours)).filter(({ name }) => name.startsWith("one-of-many-"));
  let records = await about();
  for (const until = Date.now() + 90_000; Date.now() < until && !(records.length === MANY && records.every(({ open }) => open === 0)); ) records = await about();
  assert.deepEqual(records.map(({ name }) => name).sort(), names.toSorted(), "each has one record");
  assert.deepEqual(records.filter(({ open, phase }) => open !== 0 || phase !== "done").map(({ name, phase }) => ({ name, phase })), [], "and all of them are at their end");
  empty(chromium.folder);
});

test("what a logged-in user downloads is fetched a second time as that user, and as nobody else", { timeout: 60_000 }, async () => {
  const body = bytes("account");
  const path = site.serve("account.bin", ({ headers }, response) => {
    if (/\blax=1\b/.test(String(headers.cookie)) && /\bstrict=2\b/.test(String(headers.cookie))) response.writeHead(200, { ...BINARY, "content-length": body.length }).end(body);
    else response.writeHead(403, { "content-type": "text/html" }).end("<p>Please log in.");
  });
  const login = site.serve("login", (_, response) => {
    response.writeHead(200, { "content-type": "text/html", "set-cookie": ["lax=1; HttpOnly; SameSite=Lax; Path=/", "strict=2; HttpOnly; SameSite=Strict; Path=/"] });
    response.end(`<!doctype html><a id="go" href="${path}">Download</a>`);
  });
  const page = await chromium.visit(`${site.origin}${login}`);
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  assert.ok(readFileSync(item.filename).equals(body));
  const record = await checked(ours, ({ download, phase }) => download === item.id && phase === "done");
  assert.equal(record.copy_failure ?? null, null, "the second copy was had");
  assert.equal(record.digests.sha256, sha256(body));
  const asked = site.record.requests.filter(({ url }) => url === path);
  assert.equal(asked.length, 2);
  for (const { headers } of asked) assert.match(String(headers.cookie), /lax=1.*strict=2|strict=2.*lax=1/);
  assert.deepEqual(site.record.holding(depot.key), []);
  empty(chromium.folder);
});

test("where the disk is full the browser says so as ever, and the record ends without a file", { skip: process.getuid?.() !== 0 && "only root can make a small disk", timeout: 90_000 }, async (t) => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", chromium.folder]);
  t.after(() => execFileSync("umount", ["-l", chromium.folder]));
  const body = bytes("too-large", 5_000_000);
  const path = site.serve("too-large.bin", (_, response) => void response.writeHead(200, { ...BINARY, "content-length": body.length }).end(body));
  const page = await chromium.visit(site.link("too-large", path));
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  assert.deepEqual([item.state, item.error], ["interrupted", "FILE_NO_SPACE"]);
  assert.deepEqual(readdirSync(chromium.folder), []);
  const record = await checked(ours, ({ download, phase }) => download === item.id && phase === "done");
  assert.equal(record.disposition, "gone");
});

test("saved by the browser's own dialog, a file lands where the user said", { timeout: 90_000 }, async (t) => {
  const display = await screen(t);
  const browser = await launched(t, { display, asking: true });
  const page = await attach(browser, depot);
  const body = unknown("save-as");
  site.put("save-as.bin", body);
  const start = await browser.visit(site.link("save-as", "/d/attachment/save-as.bin"));
  const item = await browser.downloads.of(() => start.click("#go"), () => display.save());
  assert.equal(item.state, "complete");
  assert.equal(basename(item.filename), "save-as.bin");
  assert.ok(readFileSync(item.filename).equals(body));
  const record = await checked(page, ({ download, phase }) => download === item.id && phase === "done");
  assert.equal(record.digests.sha256, sha256(body));
});

test("E21: a private window's download lands or is held back as any other, and leaves nothing in the profile", { timeout: 120_000 }, async (t) => {
  const display = await screen(t);
  const browser = await Chromium.launch({ display, privately: true });
  t.after(() => browser.remove());
  t.after(() => browser.close());
  const page = await attach(browser, depot);
  const [secret, bad] = [unknown("secret"), unknown("bad")];
  // Names that are found nowhere by chance.
  const [plans, trap] = [`${randomBytes(16).toString("hex")}.bin`, `${randomBytes(16).toString("hex")}.bin`];
  site.put(plans, secret);
  site.put(trap, bad);
  depot.malicious.add(sha256(bad));
  const address = site.page("secret", `<a id="go" href="/d/attachment/${plans}">plans</a> <a id="bad" href="/d/attachment/${trap}">trap</a>`);
  // A new tab of the driver's would not be private: the page's own opens one that is.
  const opened = browser.browser.waitForTarget((target) => target.url() === address);
  await page.evaluate((address) => void chrome.tabs.create({ url: address }), address);
  const start = /** @type {import("puppeteer-core").Page} */ (await (await opened).page());
  await start.waitForSelector("#go");
  await start.click("#go");
  // In a private window this browser asks where to save, always.
  await display.save();
  const record = await checked(page, ({ name, phase }) => name === plans && phase === "done");
  assert.equal(record.private, true);
  assert.equal(record.digests.sha256, sha256(secret));
  await start.click("#bad");
  const held = await checked(page, ({ name, phase }) => name === trap && phase === "done");
  assert.equal(held.assessment.verdict, "malicious");
  assert.deepEqual(files(browser.folder), { [plans]: sha256(secret) });
  assert.ok(depot.record.holding(sha256(secret)).length > 0, "the backend was asked");
  await browser.close();
  for (const trace of [sha256(secret), sha256(bad), plans.slice(0, 32), trap.slice(0, 32), depot.key]) {
    assert.deepEqual(holding(browser.profile.path, trace).map((file) => file.slice(browser.profile.path.length)), [], trace);
  }
});
