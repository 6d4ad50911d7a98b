// Downloads that need a scene of their own: two hundred at once, two gigabytes, a large file that waits for its scan,
// "Save as", a private window, a full disk, a line that breaks, another extension that hands out something bad. Each
// ends on disk as without the extension, and in one record that says so. Attack catalogue: E21, E22, E25, E26, E29, E30,
// E33.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, readFileSync, readdirSync, statSync } from "node:fs";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { Display } from "../harness/display.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { settled, stored } from "../harness/journal.mjs";
import { attach, checked } from "../harness/messages.mjs";
import { empty, files } from "../harness/parity.mjs";
import { memory } from "../harness/processes.mjs";
import { holding } from "../harness/search.mjs";
import { startSite } from "../harness/site.mjs";
import { Halting, spooled } from "../harness/spool.mjs";
import { bytes, piece, send } from "../harness/subjects.mjs";

const BINARY = { "content-type": "application/octet-stream" };
const MANY = 200;
/** As many bytes as are read at most. */
const HUGE = 2 ** 31;

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
    await options?.display?.close();
  });
  return browser;
}

async function screen() {
  const display = new Display();
  await display.start();
  return display;
}

/** The path of a file that the site gives to everybody. @param {string} name @param {Buffer} body */
const offer = (name, body) => site.serve(name, (_, response) => void response.writeHead(200, { ...BINARY, "content-length": body.length }).end(body));

test("E30: two hundred at once land whole, and each has one record, at its end", { timeout: 180_000 }, async () => {
  const names = Array.from({ length: MANY }, (_, n) => `one-of-many-${n}.bin`);
  const links = names.map((name) => `<a href="${offer(name, bytes(name, 20_000))}" download="${name}"></a>`);
  // A frame may start ten in a second, and no more: so there are twenty of them.
  const frames = Array.from({ length: MANY / 10 }, (_, n) => `<iframe src="${site.page(`many-${n}`, links.slice(n * 10, n * 10 + 10).join(""))}"></iframe>`);
  const go = `for (const { contentDocument } of document.querySelectorAll("iframe")) contentDocument.querySelectorAll("a").forEach((link) => link.click());`;
  const page = await chromium.visit(site.page("many", `${frames.join("")}<button id="go">Get all</button><script>document.querySelector("#go").addEventListener("click", () => { ${go} });</script>`));
  const items = await chromium.downloads.all(MANY, () => page.click("#go"));
  await page.close();
  assert.equal(items.length, MANY);
  assert.deepEqual(items.filter(({ state }) => state !== "complete"), []);
  assert.deepEqual(files(chromium.folder), Object.fromEntries(names.toSorted().map((name) => [name, sha256(bytes(name, 20_000))])));
  // The popup shows the newest fifty; the store has all.
  const about = async () => (await stored(ours)).filter(({ name }) => name.startsWith("one-of-many-"));
  let records = await about();
  for (const until = Date.now() + 90_000; Date.now() < until && records.some(({ open, phase }) => open !== 0 || phase !== "done"); ) records = await about();
  assert.deepEqual(records.map(({ name }) => name).sort(), names.toSorted(), "each has one record");
  assert.deepEqual(records.filter(({ open, phase }) => open !== 0 || phase !== "done").map(({ name, phase }) => ({ name, phase })), [], "and all of them are at their end");
  const wrong = records.filter(({ name, digests, assessment }) => digests?.sha256 !== sha256(bytes(name, 20_000)) || assessment.verdict !== "unknown");
  assert.deepEqual(wrong, [], "each is about its own file");
  empty(chromium.folder);
});

test("E33: two gigabytes land whole and are digested as they stream: nobody keeps them in memory", { timeout: 300_000 }, async (t) => {
  const expected = createHash("sha256");
  for (let number = 0; number < HUGE / piece(0).length; number++) expected.update(piece(number));
  const digest = expected.digest("hex");
  let given = false;
  const path = site.serve("huge.bin", (_, response) => {
    // Read twice it would take twice as long: the second asker is refused, and the saved file is what is looked at.
    if (given) return void response.writeHead(410).end();
    given = true;
    response.writeHead(200, { ...BINARY, "content-length": HUGE });
    send(response, HUGE);
  });
  const page = await chromium.visit(site.link("huge", path));
  const before = memory(chromium);
  assert.ok(before > 0, "the processes are found");
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, memory(chromium))), 100);
  t.after(() => clearInterval(watch));
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  assert.deepEqual([item.state, item.fileSize, statSync(item.filename).size], ["complete", HUGE, HUGE]);
  const disk = createHash("sha256");
  for await (const part of createReadStream(item.filename, { highWaterMark: 1024 * 1024 })) disk.update(part);
  assert.equal(disk.digest("hex"), digest, "what is on disk is what was sent");
  // How long the bytes take is up to the machine: the test's own limit is the only one.
  const its = (/** @type {any[]} */ records) => records.find(({ download }) => download === item.id);
  const record = its(await settled(ours, (records) => its(records)?.phase === "done" && its(records).read === "saved_file"));
  assert.deepEqual([record.digests.sha256, record.digests.size, record.open], [digest, HUGE, 0]);
  assert.equal(record.assessment.verdict, "unknown");
  t.diagnostic(`${before} bytes of memory before, ${most} at most`);
  // The scanner's module, and blocks of what is being read, hashed and scanned: a sixth of the file would be much.
  assert.ok(most - before < HUGE / 6, `${most - before} bytes more`);
  empty(chromium.folder);
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

/** A download that has come to a halt, all but its end on disk. @param {string} name */
async function halted(name) {
  const file = new Halting(name);
  const page = await chromium.visit(site.link(name, site.serve(`${name}.bin`, file.answer)));
  await page.click("#go");
  await file.sent;
  assert.equal((await spooled(ours)).length, 1);
  return { file, page };
}

test("E33: a large file is on disk while it is read, is scanned from there, and is gone then", { timeout: 120_000 }, async () => {
  const { file, page } = await halted("large");
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

test("E33: what a life of the background left on disk, the next one removes", { timeout: 120_000 }, async () => {
  const { file, page } = await halted("left");
  // Whoever asks again gets nothing.
  file.refuse();
  await chromium.stopWorker(ours);
  await checked(ours, ({ name }) => name === "left.bin");
  await gone();
  file.finish();
  await page.close();
});

test("E26: a line that breaks leaves what the browser leaves, and the user goes on with it: one record, at its end", { timeout: 60_000 }, async () => {
  const body = bytes("broken", 300_000);
  const half = body.length >> 1;
  const common = { ...BINARY, "accept-ranges": "bytes", etag: '"one"', "last-modified": "Mon, 01 Jun 2026 00:00:00 GMT" };
  let up = false;
  const path = site.serve("broken.bin", ({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-/.exec(String(headers.range ?? ""))?.[1] ?? 0);
    const length = body.length - from;
    response.writeHead(from ? 206 : 200, { ...common, "content-length": length, ...(from ? { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}) });
    if (up) response.end(body.subarray(from));
    else if (from < half) response.write(body.subarray(from, half), () => response.destroy());
    else response.destroy();
  });
  const page = await chromium.visit(site.link("broken", path));
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  assert.deepEqual([item.state, item.canResume], ["interrupted", true]);
  const { id } = await checked(ours, ({ download, phase, disposition }) => download === item.id && phase === "done" && disposition === "gone");
  up = true;
  await chromium.downloads.resume(item.id);
  const whole = await chromium.downloads.finished(item.id);
  assert.equal(whole.state, "complete");
  assert.ok(readFileSync(whole.filename).equals(body));
  const record = await checked(ours, ({ download, read }) => download === item.id && read === "saved_file");
  assert.deepEqual([record.id, record.disposition, record.digests.sha256], [id, "released", sha256(body)]);
  assert.equal((await stored(ours)).filter(({ download }) => download === item.id).length, 1);
  empty(chromium.folder);
});

test("E25: what another extension's page starts is held and looked at like any other, and kept back if it is bad", { timeout: 60_000 }, async () => {
  for (const by of /** @type {const} */ (["link", "call"])) {
    const [good, bad] = [bytes(`good by ${by}`), bytes(`bad by ${by}`)];
    depot.malicious.add(sha256(bad));
    const landed = await chromium.downloads.of(() => chromium.downloads.begin(`${site.origin}${offer(`good-${by}.bin`, good)}`, by));
    assert.equal(landed.state, "complete", by);
    assert.ok(readFileSync(landed.filename).equals(good), by);
    const kept = await chromium.downloads.of(() => chromium.downloads.begin(`${site.origin}${offer(`bad-${by}.bin`, bad)}`, by));
    assert.equal(kept.state, "interrupted", by);
    const record = await checked(ours, ({ download, phase }) => download === kept.id && phase === "done");
    assert.deepEqual([record.disposition, record.assessment.verdict], ["kept_back", "malicious"], by);
    assert.deepEqual(Object.keys(files(chromium.folder)), [`good-${by}.bin`], `${by}: no file of it is left`);
    empty(chromium.folder);
  }
});

test("E29: where the disk of the downloads is full the browser says so as ever, and the record ends without a file", { skip: process.getuid?.() !== 0 && "only root can make a small disk", timeout: 90_000 }, async (t) => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", chromium.folder]);
  t.after(() => execFileSync("umount", ["-l", chromium.folder]));
  const page = await chromium.visit(site.link("too-large", offer("too-large.bin", bytes("too-large", 5_000_000))));
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  assert.deepEqual([item.state, item.error], ["interrupted", "FILE_NO_SPACE"]);
  assert.deepEqual(readdirSync(chromium.folder), []);
  const record = await checked(ours, ({ download, phase, disposition }) => download === item.id && phase === "done" && disposition === "gone");
  assert.equal(record.open, 0);
  // A smaller one has room, and lands.
  const small = bytes("small enough");
  const next = await chromium.visit(site.link("small", offer("small.bin", small)));
  const landed = await chromium.downloads.of(() => next.click("#go"));
  await next.close();
  assert.equal(landed.state, "complete");
  assert.ok(readFileSync(landed.filename).equals(small));
  await checked(ours, ({ download, read }) => download === landed.id && read === "saved_file");
});

test("E22: saved by the browser's own dialog, a file lands where the user said, and its record has that name", { timeout: 90_000 }, async (t) => {
  const display = await screen();
  const browser = await launched(t, { display, asking: true });
  const page = await attach(browser, depot);
  const body = unknown("save-as");
  site.put("save-as.bin", body);
  const start = await browser.visit(site.link("save-as", "/d/attachment/save-as.bin"));
  const item = await browser.downloads.of(() => start.click("#go"), () => display.save());
  assert.equal(item.state, "complete");
  assert.equal(basename(item.filename), "save-as.bin");
  assert.ok(readFileSync(item.filename).equals(body));
  const record = await checked(page, ({ download, read }) => download === item.id && read === "saved_file");
  assert.deepEqual([record.path, record.digests.sha256, record.phase], [item.filename, sha256(body), "done"]);
  assert.deepEqual(files(browser.folder), { "save-as.bin": sha256(body) });
});

test("E21: a private window's download lands or is held back as any other, and leaves nothing in the profile", { timeout: 120_000 }, async (t) => {
  const display = await screen();
  const browser = await launched(t, { display, privately: true });
  const page = await attach(browser, depot);
  const secret = new Halting("secret");
  const bad = unknown("bad");
  // Names that are found nowhere by chance.
  const [plans, trap] = [`${randomBytes(16).toString("hex")}.bin`, `${randomBytes(16).toString("hex")}.bin`];
  const path = site.serve(plans, secret.answer);
  site.put(trap, bad);
  depot.malicious.add(sha256(bad));
  const address = site.page("secret", `<a id="go" href="${path}" download>plans</a> <a id="bad" href="/d/attachment/${trap}">trap</a>`);
  // A new tab of the driver's would not be private: the page's own opens one that is.
  const opened = browser.browser.waitForTarget((target) => target.url() === address);
  await page.evaluate((address) => void chrome.tabs.create({ url: address }), address);
  const start = /** @type {import("puppeteer-core").Page} */ (await (await opened).page());
  await start.waitForSelector("#go");
  await start.click("#go");
  await secret.sent;
  // A large file of another window waits on disk.
  assert.deepEqual(holding(browser.profile.path, secret.mark).filter((file) => !file.startsWith(browser.folder)), []);
  secret.finish();
  // In a private window this browser asks where to save, always.
  await display.save();
  const record = await checked(page, ({ name, phase }) => name === plans && phase === "done");
  assert.equal(record.private, true);
  assert.equal(record.digests.sha256, secret.sha256);
  await start.click("#bad");
  const held = await checked(page, ({ name, phase }) => name === trap && phase === "done");
  assert.equal(held.assessment.verdict, "malicious");
  assert.deepEqual(files(browser.folder), { [plans]: secret.sha256 });
  assert.ok(depot.record.holding(secret.sha256).length > 0, "the backend was asked");
  await browser.close();
  for (const trace of [secret.sha256, secret.mark, sha256(bad), plans.slice(0, 32), trap.slice(0, 32), depot.key]) {
    assert.deepEqual(holding(browser.profile.path, trace).map((file) => file.slice(browser.profile.path.length)).filter((file) => file !== `/Downloads/${plans}`), [], trace);
  }
});
