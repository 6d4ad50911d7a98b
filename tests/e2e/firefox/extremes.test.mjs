// Downloads in Firefox that need a scene of their own: two hundred at once, full disks, a backend that refuses for a day,
// a clock that jumps. What Chromium's tests show of them holds here too, as far as this browser can do it. Left out is
// "Save as": with its driver at it, Firefox opens no dialog and begins no download. Attack catalogue: E26–E30.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Depot } from "../harness/depot.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { JUMPS, kept, ring, settled, stored } from "../harness/journal.mjs";
import { attach, checked } from "../harness/messages.mjs";
import { empty, files } from "../harness/parity.mjs";
import { startSite } from "../harness/site.mjs";
import { bytes } from "../harness/subjects.mjs";
import { ballast } from "../harness/tree.mjs";

const MANY = 200;
const DAY = 86_400_000;

/** @type {import("../harness/site.mjs").Site} */
let site;
before(async () => {
  site = await startSite();
});
after(() => site?.close());

/** @param {import("node:test").TestContext} t @param {import("../harness/firefox.mjs").Options} [options] */
async function launched(t, options) {
  const depot = new Depot();
  await depot.start();
  const firefox = await Firefox.launch({ observed: true, ...options });
  t.after(async () => {
    await firefox.close();
    firefox.remove();
    await depot.close();
  });
  return { depot, firefox, page: await attach(firefox, depot, true) };
}

/** @param {Firefox} firefox @param {string} name @param {Buffer} body @param {(item: chrome.downloads.DownloadItem) => Promise<unknown>} [meanwhile] */
async function download(firefox, name, body, meanwhile) {
  site.put(name, body);
  const start = await firefox.visit(site.link(name, `/d/attachment/${name}`));
  const [item] = await firefox.downloads.all(1, () => start.click("#go"), meanwhile);
  await start.close();
  return /** @type {chrome.downloads.DownloadItem} */ (item);
}

/**
 * Sets the wall clock of our background, until it ends.
 * @param {import("puppeteer-core").Page} page one of the extension's
 * @param {number} ahead of the true time, in milliseconds
 */
const setClock = (page, ahead) =>
  page.evaluate(async (ahead) => {
    const background = await /** @type {any} */ (chrome).runtime.getBackgroundPage();
    const clock = (background.trueTime ??= background.Date.now);
    background.Date.now = () => clock.call(background.Date) + ahead;
  }, ahead);

test("E30: two hundred at once land whole, and each has one record, at its end", { timeout: 240_000 }, async (t) => {
  const { firefox, page } = await launched(t);
  const names = Array.from({ length: MANY }, (_, n) => `one-of-many-${n}.bin`);
  for (const name of names) site.put(name, bytes(name, 20_000));
  const links = names.map((name) => `<a href="/d/plain/${name}" download="${name}"></a>`).join("");
  const start = await firefox.visit(
    site.page("many", `${links}<button id="go">Get all</button><script>document.querySelector("#go").addEventListener("click", () => document.querySelectorAll("a").forEach((link) => link.click()));</script>`),
  );
  const items = await firefox.downloads.all(MANY, () => start.click("#go"));
  await start.close();
  assert.equal(items.length, MANY);
  assert.deepEqual(items.filter(({ state }) => state !== "complete"), []);
  assert.deepEqual(files(firefox.folder), Object.fromEntries(names.toSorted().map((name) => [name, sha256(bytes(name, 20_000))])));
  const records = await settled(page, (records) => records.length >= MANY && records.every(({ open, phase }) => open === 0 && phase === "done"));
  assert.deepEqual(records.map(({ name }) => name).sort(), names.toSorted(), "each has one record");
  const wrong = records.filter(({ name, digests, assessment }) => digests?.sha256 !== sha256(bytes(name, 20_000)) || assessment.verdict !== "unknown");
  assert.deepEqual(wrong.map(({ name, assessment }) => [name, assessment]), [], "each is about its own file");
});

test("E29: where the disk of the downloads is full the browser says so as ever, and the record ends without a file", { skip: process.getuid?.() !== 0 && "only root can make a small disk", timeout: 120_000 }, async (t) => {
  const { firefox, page } = await launched(t);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", firefox.folder]);
  try {
    const item = await download(firefox, "too-large.bin", bytes("too-large", 5_000_000));
    assert.equal(item.state, "interrupted");
    const gone = await checked(page, (record) => record.name === "too-large.bin" && record.phase === "done" && record.disposition === "gone");
    assert.equal(gone.open, 0);
    empty(firefox.folder);
    // A smaller one has room, and lands.
    const small = bytes("small enough");
    const landed = await download(firefox, "small.bin", small);
    assert.equal(landed.state, "complete");
    assert.ok(readFileSync(landed.filename).equals(small));
    await checked(page, (record) => record.name === "small.bin" && record.read === "second_copy" && record.open === 0);
  } finally {
    // What is mounted in there cannot be removed with the profile.
    execFileSync("umount", ["-l", firefox.folder]);
  }
});

test("E29: a full store costs neither a download nor an entry of the log, and it recovers by itself", { skip: process.getuid?.() !== 0 && "only root can make a small disk", timeout: 120_000 }, async (t) => {
  const depot = new Depot();
  await depot.start();
  let folder = "";
  const firefox = await Firefox.launch({
    observed: true,
    prepare(profile) {
      // What the browser keeps elsewhere has room still.
      folder = join(profile, "storage", "default");
      mkdirSync(folder, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]);
    },
  });
  t.after(async () => {
    await firefox.close();
    execFileSync("umount", ["-l", folder]);
    firefox.remove();
    await depot.close();
  });
  const page = await attach(firefox, depot);
  /** @param {string} name */
  const look = async (name) => {
    assert.equal((await download(firefox, name, unknown(name))).state, "complete");
    const record = await checked(page, (record) => record.name === name && record.phase === "done", `the check of ${name} never ends`);
    assert.equal(record.assessment.verdict, "unknown", `${name} is checked all the same`);
  };
  await look("before-full.bin");
  /** @type {string[]} */
  const names = [];
  let taken = "";
  // In pages that the database already has there is room for a few, and what it gives back is taken at once.
  for (let there = names; names.every((name) => there.includes(name)); there = (await stored(page)).map(({ name }) => name)) {
    taken = ballast(folder);
    const name = `while-full-${names.length}.bin`;
    await look(name);
    names.push(name);
  }
  // There is room again: with the next request all of it gets there.
  rmSync(taken);
  await look("after-full.bin");
  const left = depot.record.requests.map(({ url }) => url).filter((url) => url.includes("/files/"));
  assert.equal(left.length, 2 + names.length);
  let [records, sent] = [await stored(page), await kept(page, "sent")];
  while (records.length < left.length || records.some(({ open }) => open)) [records, sent] = [await stored(page), await kept(page, "sent")];
  assert.deepEqual(records.map(({ name }) => name).sort(), ["after-full.bin", "before-full.bin", ...names], "no record is lost");
  const written = sent.map(({ url }) => new URL(url).pathname);
  assert.deepEqual(left.filter((url) => !written.includes(url)), [], "the log is on disk, whole");
});

test("E26, E27: a backend that refuses for a day is asked nothing before the time, and everything goes on afterwards", { timeout: 120_000 }, async (t) => {
  const { depot, firefox, page } = await launched(t);
  depot.instead = (_, __, response) => {
    response.writeHead(429, { "content-type": "application/json", "retry-after": "86400" });
    response.end(JSON.stringify({ error: { code: "QuotaExceededError", message: "Quota exceeded" } }));
    return true;
  };
  const asked = () => depot.record.requests.filter(({ url }) => url.includes("/files/")).length;
  const names = ["spent-0.bin", "spent-1.bin", "spent-2.bin"];
  for (const name of names) {
    await download(firefox, name, unknown(name));
    const record = await checked(page, (record) => record.name === name && record.phase === "done");
    assert.equal(record.assessment.verdict, "unchecked");
    const { retry_at } = record.assessment.reasons[0].failed.failure.quota_spent;
    assert.ok(Math.abs(retry_at - record.checked_at - DAY) < 60_000, "it says until when");
    assert.equal(record.open, 1);
  }
  assert.equal(asked(), 1, "the one question to which it said no");
  depot.instead = () => false;
  await ring(page);
  for (const ahead of [DAY / 2, DAY + 60_000]) {
    await setClock(page, ahead);
    await ring(page);
    if (ahead < DAY) assert.equal(asked(), 1, "nothing is asked before the time");
  }
  const records = await settled(page, (records) => records.every(({ open }) => open === 0));
  assert.deepEqual(records.map(({ name, assessment }) => [name, assessment.verdict]).sort(), names.map((name) => [name, "unknown"]));
  assert.equal(asked(), 1 + names.length, "each is asked about once");
});

test("E28: the clock jumps while a download is checked: it lands, its record ends, and the next ones are asked about", { timeout: 120_000 }, async (t) => {
  const { depot, firefox, page } = await launched(t);
  for (const [name, to] of JUMPS) {
    const asked = depot.halt("report", "asked");
    const item = await download(firefox, `${name}.bin`, unknown(name));
    assert.equal(item.state, "complete");
    await asked.reached;
    await setClock(page, to());
    asked.go();
    for (const file of [`${name}.bin`, `after-${name}.bin`]) {
      if (file.startsWith("after-")) await download(firefox, file, unknown(file));
      const record = await checked(page, (record) => record.name === file && record.phase === "done" && record.open === 0, `the check of ${file} never ends`);
      assert.equal(record.assessment.verdict, "unknown", `${file}: ${JSON.stringify(record.assessment)}`);
    }
  }
  assert.equal((await stored(page)).length, 2 * JUMPS.length, "each has one record");
});
