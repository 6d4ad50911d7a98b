// The service worker is stopped in the middle of everything: while bytes are read, while the
// backend is asked, while a file is sent in, and between any two steps of the journal. What must hold each time: the
// file is on disk as without the extension, its record is there once and comes to an end, and what the user asked to
// send in is stored once, however often somebody died on the way. Attack catalogue: E25.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chance, shuffled } from "../harness/chance.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256 } from "../harness/files.mjs";
import { countSteps, haltAt, stored } from "../harness/journal.mjs";
import { ask, checked } from "../harness/messages.mjs";
import { startSite } from "../harness/site.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** By the day, so that many places are tried in time, and a run can be had again: QUORUM_SEED=… */
const SEED = Number(process.env.QUORUM_SEED ?? Math.floor(Date.now() / 86_400_000));
/** Not so few that a half of it is never under way. */
const LENGTH = 600_000;

/**
 * Where somebody dies.
 * @typedef {object} Place
 * @property {"check" | "upload"} part of the job
 * @property {string} what is going on
 * @property {number} [step] of the journal
 * @property {boolean} [written] whether that step is on disk
 */

/** @param {Place} place */
const words = ({ part, what, step, written }) => `${part}: ${what}${step ? ` ${step}, ${written ? "written" : "not written"}` : ""}`;

/** Requests at which somebody can die, and the moments of each. @type {Place[]} */
const REQUESTS = [
  ...["copy coming", "copy half", "copy answered", "report asked", "report answered"].map((what) => ({ part: /** @type {const} */ ("check"), what })),
  ...["upload coming", "upload asked", "upload answered", "analysis asked", "analysis answered", "report asked", "report answered"].map((what) => ({ part: /** @type {const} */ ("upload"), what })),
];

/** @param {Place["part"]} part @param {number} steps @returns {Place[]} */
const journal = (part, steps) =>
  Array.from({ length: steps }, (_, n) => [false, true].map((written) => ({ part, what: "journal step", step: n + 1, written }))).flat();

/** A browser with a site and a backend, in which one job after the other is done. */
class Life {
  depot = new Depot();
  /** @type {import("../harness/site.mjs").Site} */
  site;
  /** @type {Chromium} */
  chromium;
  /** A page of the extension's. @type {Page} */
  page;
  /** What is told at each moment of each request. @type {(what: string) => void | Promise<void>} */
  at = () => {};

  /** @param {import("../harness/site.mjs").Site} site @param {Chromium} chromium @param {Page} page */
  constructor(site, chromium, page) {
    [this.site, this.chromium, this.page] = [site, chromium, page];
  }

  static async start() {
    const chromium = await Chromium.launch();
    const life = new Life(await startSite(), chromium, await chromium.open("history.html"));
    await life.depot.start();
    life.depot.at = (about, moment) => life.at(`${about} ${moment}`);
    assert.ok((await ask(life.page, { ask: "connect", address: life.depot.origin, key: life.depot.key, remember: true })).ok);
    assert.ok((await ask(life.page, { ask: "set_downloads", enabled: true })).ok);
    return life;
  }

  async end() {
    this.at = () => {};
    await this.chromium.close();
    this.chromium.remove();
    await Promise.all([this.site.close(), this.depot.close()]);
  }

  /** @param {string} name @param {Buffer} body */
  offer(name, body) {
    let asked = 0;
    return this.site.serve(name, async (_, response) => {
      // The browser itself comes first.
      const at = asked++ > 0 ? (/** @type {string} */ moment) => this.at(`copy ${moment}`) : () => {};
      await at("coming");
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length });
      const half = body.length >> 1;
      response.write(body.subarray(0, half));
      await at("half");
      await new Promise((resolve) => response.once("close", resolve).end(body.subarray(half), () => resolve(undefined)));
      await at("answered");
    });
  }

  /**
   * Arms a place: when it is reached, somebody dies.
   * @param {Place} place
   * @param {string} name of the download
   * @param {() => Promise<void>} dies
   * @returns {Promise<{death: Promise<void>}>} when that is prepared; `death` resolves when somebody has died
   */
  async arm(place, name, dies) {
    if (place.step) {
      const { halted } = await haltAt(this.chromium, name, place.step, place.written === true);
      return { death: halted.then(dies) };
    }
    const death = new Promise((resolve, reject) => {
      this.at = (what) => {
        if (what !== place.what) return;
        this.at = () => {};
        return dies().then(resolve, reject);
      };
    });
    return { death: death.then(() => {}) };
  }

  /** The record of a download when its check is over. @param {string} name @param {string} why */
  done(name, why) {
    return checked(this.page, (record) => record.name === name && record.phase === "done", `${why}: the check of ${name} never ends`);
  }

  /**
   * Presses "Upload for analysis" until that was taken: who sees nothing happen presses again.
   * @param {string} name
   * @param {string} id
   */
  async press(name, id) {
    for (const until = Date.now() + 30_000; Date.now() < until; ) {
      const answer = await ask(this.page, { ask: "upload", id }).catch(() => undefined);
      if (answer?.ok) return;
      const { upload } = await checked(this.page, (record) => record.name === name, `the record of ${name} is lost`);
      if (upload !== "no" && !upload?.failed) return;
    }
    throw new Error("the button does nothing");
  }

  /**
   * A page of the extension's own origin in which nothing of it runs: nobody wakes the worker from there, and what is
   * stored can be read. All others are closed: they would open their port again.
   */
  async alone() {
    const quiet = await this.chromium.open("manifest.json");
    await this.page.close();
    this.page = quiet;
  }

  /** What must hold of a job in the end. @param {string} name @param {Buffer} body @param {string} why */
  async settle(name, body, why) {
    const record = await checked(this.page, (record) => record.name === name && record.phase === "done" && record.upload === "done", `${why}: ${name} is not sent in`);
    assert.equal(this.depot.stored.get(sha256(body)), 1, `${why}: stored once`);
    const all = (await stored(this.page)).filter((record) => record.name === name);
    assert.deepEqual(all.map(({ id, open }) => ({ id, open })), [{ id: record.id, open: 0 }], `${why}: one record, at its end`);
    assert.equal(record.assessment.verdict, "clean", `${why}: what the backend says of it now`);
  }
}

/** How many steps the journal of a job has: of its check, and of its upload. @param {Life} life */
async function rehearsed(life) {
  const [name, body] = ["rehearsal.bin", Buffer.alloc(LENGTH, "rehearsal ")];
  const path = life.offer(name, body);
  const steps = await countSteps(life.chromium, name);
  const page = await life.chromium.visit(life.site.link(name, path));
  await life.chromium.downloads.of(() => page.click("#go"));
  await page.close();
  const { id } = await checked(life.page, (record) => record.name === name && record.phase === "done" && record.read === "saved_file");
  const check = await steps();
  await life.press(name, id);
  await life.settle(name, body, "rehearsal");
  return { check, upload: (await steps()) - check };
}

/** So many places out of all that there are: each once, then again in another order. @param {number} count @param {{check: number, upload: number}} steps */
function places(count, steps) {
  const all = [...REQUESTS, ...journal("check", steps.check), ...journal("upload", steps.upload)];
  const next = chance(SEED);
  /** @type {Place[]} */
  const chosen = [];
  while (chosen.length < count) chosen.push(...shuffled(all, next));
  return chosen.slice(0, count);
}

test("E25: the worker is stopped at 50 places", { timeout: 600_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const life = await Life.start();
  t.after(() => life.end());
  for (const [number, place] of places(50, await rehearsed(life)).entries()) {
    const why = `${number}, ${words(place)}`;
    const [name, body] = [`worker-${number}.bin`, Buffer.alloc(LENGTH, `job ${number} `)];
    const dies = () => life.chromium.stopWorker(life.page);
    const path = life.offer(name, body);
    await ask(life.page, { ask: "state" }); // it is awake
    const inCheck = place.part === "check" ? await life.arm(place, name, dies) : undefined;
    const page = await life.chromium.visit(life.site.link(name, path));
    const item = await life.chromium.downloads.of(() => page.click("#go"));
    await page.close();
    assert.equal(item.state, "complete", why);
    assert.ok(readFileSync(item.filename).equals(body), `${why}: the bytes on disk`);
    await inCheck?.death;
    const { id } = await life.done(name, why);
    const inUpload = place.part === "upload" ? await life.arm(place, name, dies) : undefined;
    await life.press(name, id);
    await inUpload?.death;
    await life.settle(name, body, why);
  }
});

/**
 * Waits until the records are as wanted, without a word to the extension.
 * @param {import("puppeteer-core").Page} page
 * @param {(records: any[]) => boolean} wanted
 * @returns {Promise<any[]>}
 */
async function settled(page, wanted) {
  for (;;) {
    const records = await stored(page);
    if (wanted(records)) return records;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("E25: what is written and not begun goes on by itself, within two minutes, with nobody there to ask", { timeout: 240_000 }, async (t) => {
  const life = await Life.start();
  t.after(() => life.end());
  const [sent, kept] = [Buffer.alloc(LENGTH, "to be sent "), Buffer.alloc(LENGTH, "to be kept ")];
  life.depot.malicious.add(sha256(kept));
  for (const [name, body, state] of /** @type {[string, Buffer, string][]} */ ([["sent.bin", sent, "complete"], ["kept.bin", kept, "interrupted"]])) {
    const page = await life.chromium.visit(life.site.link(name, life.offer(name, body)));
    assert.equal((await life.chromium.downloads.of(() => page.click("#go"))).state, state);
    await page.close();
  }
  const ids = [(await life.done("sent.bin", "first")).id, (await life.done("kept.bin", "first")).id];
  await life.alone();
  const before = new Set(life.chromium.downloads.items.keys());
  // Both wishes are written, and the worker is gone before it has begun with either.
  const halts = [await haltAt(life.chromium, "sent.bin", 1, true), await haltAt(life.chromium, "kept.bin", 1, true)];
  await life.page.evaluate(
    ([sent, kept]) => {
      void chrome.runtime.sendMessage({ upload: { id: sent } }).catch(() => {});
      void chrome.runtime.sendMessage({ keep: { id: kept } }).catch(() => {});
    },
    ids,
  );
  await Promise.all(halts.map(({ halted }) => halted));
  assert.equal(life.depot.stored.size, 0);
  await life.chromium.stopWorker(life.page);
  const died = Date.now();
  const records = await settled(life.page, (records) => records.length === 2 && records.every(({ open }) => open === 0));
  assert.ok(Date.now() - died < 120_000, "nobody is stuck for more than two minutes");
  assert.equal(life.depot.stored.get(sha256(sent)), 1, "sent in once");
  assert.deepEqual(records.map(({ name, disposition, upload }) => [name, disposition, upload]).sort(), [["kept.bin", "kept_anyway", "no"], ["sent.bin", "released", "done"]]);
  const fetched = [...life.chromium.downloads.items.values()].filter(({ id }) => !before.has(id));
  assert.equal(fetched.length, 1, "fetched again once");
  assert.ok(readFileSync(/** @type {any} */ (fetched[0]).filename).equals(kept));
});

test("E25: a backend that says for a while that it has never seen what it took does not get it twice", { timeout: 120_000 }, async (t) => {
  const life = await Life.start();
  t.after(() => life.end());
  const [name, body] = ["late.bin", Buffer.alloc(LENGTH, "late ")];
  const page = await life.chromium.visit(life.site.link(name, life.offer(name, body)));
  await life.chromium.downloads.of(() => page.click("#go"));
  await page.close();
  const { id } = await life.done(name, "late");
  life.depot.denials = 3;
  const dies = () => life.chromium.stopWorker(life.page);
  const { death } = await life.arm({ part: "upload", what: "upload asked" }, name, dies);
  await life.press(name, id);
  await death;
  await life.settle(name, body, "late");
  assert.equal(life.depot.denials, 0, "it was asked that often");
});

test("what is kept anyway and is not there any more can be asked for again", { timeout: 120_000 }, async (t) => {
  const life = await Life.start();
  t.after(() => life.end());
  const body = Buffer.alloc(LENGTH, "gone ");
  life.depot.malicious.add(sha256(body));
  const page = await life.chromium.visit(life.site.link("gone.bin", life.offer("gone.bin", body)));
  await life.chromium.downloads.of(() => page.click("#go"));
  await page.close();
  const { id } = await life.done("gone.bin", "first");
  life.site.serve("gone.bin", (_, response) => void response.writeHead(404).end());
  assert.ok((await ask(life.page, { ask: "keep", id })).ok);
  const record = await checked(life.page, (record) => record.name === "gone.bin" && record.not_had);
  assert.equal(record.disposition, "kept_back");
  life.offer("gone.bin", body);
  const item = await life.chromium.downloads.of(() => ask(life.page, { ask: "keep", id }));
  assert.equal(item.state, "complete");
  await checked(life.page, (record) => record.name === "gone.bin" && record.disposition === "kept_anyway" && !record.not_had);
});
