// The service worker is stopped in the middle of everything: while bytes are read, while the backend is asked, while a
// file is sent in, while one that was kept back is fetched after all, and between any two steps of the journal. What
// must hold each time: the file is on disk as without the extension, its record is there once and comes to an end, and
// what the user asked to send in is stored once, however often somebody died on the way. Attack catalogue: E25.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { chance, shuffled } from "../harness/chance.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256 } from "../harness/files.mjs";
import { countSteps, haltAt, settled } from "../harness/journal.mjs";
import { ask, checked } from "../harness/messages.mjs";
import { startSite } from "../harness/site.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** By the day, so that they come in many orders in time, and a run can be had again: QUORUM_SEED=… */
const SEED = Number(process.env.QUORUM_SEED ?? Math.floor(Date.now() / 86_400_000));
/** Not so few that a half of it is never under way. */
const LENGTH = 600_000;

/**
 * Where somebody dies.
 * @typedef {object} Place
 * @property {"check" | "back" | "upload" | "keep"} part of the job: a file is checked, a bad one is kept back, one is sent in, a bad one is had after all
 * @property {string} what is going on
 * @property {import("../harness/journal.mjs").Step} [step] of the journal
 * @property {boolean} [written] whether that step is on disk
 */

/** How many steps the journal of a part has. @typedef {{check: number, upload: number, keep: number}} Steps */

/** @param {Place} place */
const words = ({ part, what, step, written }) => [`${part}: ${what}`, ...(typeof step === "number" ? [step] : []), ...(step ? [written ? "written" : "not written"] : [])].join(" ");

/** Requests at which somebody can die, and the moments of each. @type {Place[]} */
const REQUESTS = [
  ...["copy coming", "copy half", "copy answered", "report asked", "report answered"].map((what) => ({ part: /** @type {const} */ ("check"), what })),
  ...["upload coming", "upload asked", "upload answered", "analysis asked", "analysis answered", "report asked", "report answered"].map((what) => ({ part: /** @type {const} */ ("upload"), what })),
  ...["again coming", "again half", "again answered"].map((what) => ({ part: /** @type {const} */ ("keep"), what })),
];

/** The step that decides. Those before it are the same as of any other file. @type {Place[]} */
const KEPT_BACK = [false, true].map((written) => ({ part: "back", what: "that it is kept back", step: { disposition: "kept_back" }, written }));

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
      // The browser itself comes first, then we, and then again whoever fetches it after all.
      const who = ["browser", "copy"][asked++] ?? "again";
      const at = (/** @type {string} */ moment) => this.at(`${who} ${moment}`);
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
   * Presses "Upload for analysis" or "Keep anyway" until that was taken: who sees nothing happen presses again.
   * @param {string} name
   * @param {string} id
   * @param {"upload" | "keep"} [button]
   */
  async press(name, id, button = "upload") {
    for (const until = Date.now() + 30_000; Date.now() < until; ) {
      const answer = await ask(this.page, { ask: button, id }).catch(() => undefined);
      if (answer?.ok) return;
      const { upload, disposition } = await checked(this.page, (record) => record.name === name, `the record of ${name} is lost`);
      if (button === "keep" ? disposition !== "kept_back" : upload !== "no" && !upload?.failed) return;
    }
    throw new Error("the button does nothing");
  }

  /** Downloads a file as far as the browser goes. @param {string} name @param {Buffer} body @param {string} why @param {boolean} [back] whether it is kept back; else it lands */
  async download(name, body, why, back = false) {
    const page = await this.chromium.visit(this.site.link(name, this.offer(name, body)));
    const item = await this.chromium.downloads.of(() => page.click("#go"));
    await page.close();
    assert.equal(item.state, back ? "interrupted" : "complete", why);
    if (!back) assert.ok(readFileSync(item.filename).equals(body), `${why}: the bytes on disk`);
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

  /** What must hold in the end of what was sent in. @param {string} name @param {Buffer} body @param {string} why */
  async settle(name, body, why) {
    const record = await checked(this.page, (record) => record.name === name && record.phase === "done" && record.upload === "done", `${why}: ${name} is not sent in`);
    assert.equal(this.depot.stored.get(sha256(body)), 1, `${why}: stored once`);
    await this.#ended(name, record, why);
    assert.equal(record.assessment.verdict, "clean", `${why}: what the backend says of it now`);
  }

  /** What must hold in the end of what was kept back and is wanted all the same. @param {string} name @param {Buffer} body @param {string} why */
  async settleKept(name, body, why) {
    const record = await checked(this.page, (it) => it.name === name && it.disposition === "kept_anyway" && it.open === 0, `${why}: ${name} is not had`);
    assert.ok(readFileSync(record.path).equals(body), `${why}: the bytes on disk`);
    const fetched = [...this.chromium.downloads.items.values()].filter(({ url, state }) => url.endsWith(`/${name}`) && state === "complete");
    assert.equal(fetched.length, 1, `${why}: fetched again once`);
    await this.#ended(name, record, why);
    assert.equal(record.kept.despite.verdict, "malicious", `${why}: what the user was shown`);
  }

  /** What must hold in the end of a bad file whose check was broken off: it lands, and is told of. @param {string} name @param {string} why */
  async settleLate(name, why) {
    const record = await checked(this.page, (it) => it.name === name && it.phase === "done" && it.open === 0, `${why}: ${name} is stuck`);
    await this.#ended(name, record, why);
    assert.equal(record.assessment.verdict, "malicious", why);
    assert.ok(await this.page.evaluate(async (id) => id in (await chrome.notifications.getAll()), record.id), `${why}: the user hears of it`);
  }

  /** @param {string} name @param {any} record @param {string} why */
  async #ended(name, record, why) {
    const ours = (/** @type {any[]} */ records) => records.filter((it) => it.name === name);
    const all = ours(await settled(this.page, (records) => ours(records).every(({ open }) => open === 0)));
    assert.deepEqual(all.map(({ id }) => id), [record.id], `${why}: one record, at its end`);
  }
}

/** How many steps the journal of a job has, part by part. @param {Life} life @returns {Promise<Steps>} */
async function rehearsed(life) {
  const [name, body] = ["rehearsal.bin", Buffer.alloc(LENGTH, "rehearsal ")];
  let steps = await countSteps(life.chromium, name);
  await life.download(name, body, "rehearsal");
  const { id } = await checked(life.page, (record) => record.name === name && record.phase === "done" && record.read === "saved_file" && record.open === 0);
  const check = await steps();
  await life.press(name, id);
  await life.settle(name, body, "rehearsal");
  const upload = (await steps()) - check;

  const [bad, malware] = ["rehearsal-bad.bin", Buffer.alloc(LENGTH, "bad rehearsal ")];
  life.depot.malicious.add(sha256(malware));
  await life.download(bad, malware, "rehearsal", true);
  const back = await checked(life.page, (record) => record.name === bad && record.disposition === "kept_back" && record.open === 0);
  steps = await countSteps(life.chromium, bad);
  await life.press(bad, back.id, "keep");
  await life.settleKept(bad, malware, "rehearsal");
  return { check, upload, keep: await steps() };
}

/** All places that there are, in an order of the day. @param {Steps} steps */
const places = ({ check, upload, keep }) => shuffled([...REQUESTS, ...KEPT_BACK, ...journal("check", check), ...journal("upload", upload), ...journal("keep", keep)], chance(SEED));

test("E25: the worker is stopped at more than 50 places, no two of them the same", { timeout: 600_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const life = await Life.start();
  t.after(() => life.end());
  const all = places(await rehearsed(life));
  t.diagnostic(`${all.length} places`);
  assert.ok(new Set(all.map(words)).size >= 50, all.map(words).join());
  for (const [number, place] of all.entries()) {
    const why = `${number}, ${words(place)}`;
    const [name, body] = [`worker-${number}.bin`, Buffer.alloc(LENGTH, `job ${number} `)];
    const bad = place.part === "keep" || place.part === "back";
    if (bad) life.depot.malicious.add(sha256(body));
    const dies = () => life.chromium.stopWorker(life.page);
    await ask(life.page, { ask: "state" }); // it is awake
    if (place.part === "check" || place.part === "back") {
      const { death } = await life.arm(place, name, dies);
      // Who holds it dies: the browser lets it go.
      await life.download(name, body, why);
      await death;
      if (bad) {
        await life.settleLate(name, why);
        continue;
      }
      const { id } = await life.done(name, why);
      await life.press(name, id);
    } else {
      await life.download(name, body, why, bad);
      // Nothing else is written any more where the steps are counted from now on.
      const { id } = await checked(life.page, (it) => it.name === name && it.phase === "done" && it.open === 0 && (bad || it.read === "saved_file"), `${why}: ${name} does not come to rest`);
      const { death } = await life.arm(place, name, dies);
      await life.press(name, id, bad ? "keep" : "upload");
      await death;
    }
    await (bad ? life.settleKept(name, body, why) : life.settle(name, body, why));
  }
});

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
