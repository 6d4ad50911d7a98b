// The browser is killed in the middle of everything, with all of its processes, and started again with the same
// profile: ten times while one file is on its way in and one on its way to the backend, and once at each of twenty other
// places from the hold to the second look days later. What must hold in the end: no record is lost, none stays open,
// and what was to be sent in is stored once. Attack catalogue: E25.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chance, shuffled } from "../harness/chance.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256 } from "../harness/files.mjs";
import { age, haltAt, ring, settled, stored } from "../harness/journal.mjs";
import { ask, attach, checked } from "../harness/messages.mjs";
import { startSite } from "../harness/site.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const SEED = Number(process.env.QUORUM_SEED ?? Math.floor(Date.now() / 86_400_000));
const KILLS = 10;
const LENGTH = 300_000;
const DAY = 86_400_000;

/** What the site sees of the file that comes in, and what the backend is asked. */
const MOMENTS = ["browser half", "copy coming", "copy half", "copy answered", "report asked", "report answered"];

/** Something that a test waits for and something else brings about. */
function promise() {
  /** @type {() => void} */
  let keep = () => {};
  const kept = new Promise((resolve) => (keep = () => resolve(undefined)));
  return { kept, keep };
}

/** One browser after the other with the same profile, between a site and a backend. */
class Lives {
  /** @type {import("../harness/site.mjs").Site} */
  site;
  /** @type {Depot} */
  depot;
  /** @type {Chromium} */
  chromium;
  /** A page of the extension's. @type {Page} */
  page;
  /** What goes on right now, told to the life that there is. @type {(what: string) => void | Promise<void>} */
  at = () => {};

  /** @param {import("../harness/site.mjs").Site} site @param {Depot} depot @param {Chromium} chromium @param {Page} page */
  constructor(site, depot, chromium, page) {
    [this.site, this.depot, this.chromium, this.page] = [site, depot, chromium, page];
  }

  /** @param {import("node:test").TestContext} t */
  static async begin(t) {
    const depot = new Depot();
    await depot.start();
    const [site, chromium] = [await startSite(), await Chromium.launch()];
    const lives = new Lives(site, depot, chromium, await attach(chromium, depot, true));
    depot.at = (about, moment) => lives.at(`${about} ${moment}`);
    t.after(async () => {
      lives.at = () => {};
      await lives.chromium.close().catch(() => {});
      lives.chromium.remove();
      await Promise.all([site.close(), depot.close()]);
    });
    return lives;
  }

  /** @param {string} page the one that is open in the next life */
  async kill(page = "history.html") {
    await this.chromium.kill();
    this.at = () => {};
    this.chromium = await Chromium.launch({ after: this.chromium });
    this.page = await this.chromium.open(page);
  }

  /** A page with a link to a file. @param {string} name @param {Buffer} body */
  offer(name, body) {
    let asked = 0;
    const path = this.site.serve(name, async (_, response) => {
      const who = ["browser", "copy"][asked++] ?? "again";
      await this.at(`${who} coming`);
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length });
      response.write(body.subarray(0, body.length >> 1));
      await this.at(`${who} half`);
      await new Promise((resolve) => response.once("close", resolve).end(body.subarray(body.length >> 1), () => resolve(undefined)));
      await this.at(`${who} answered`);
    });
    return this.site.link(name, path);
  }

  /** Begins a download. @param {string} address of the page with the link */
  async click(address) {
    const page = await this.chromium.visit(address);
    await page.click("#go");
    return page;
  }

  /** Downloads a file to its end. @param {string} name @param {Buffer} body @param {"complete" | "interrupted"} [ends] */
  async download(name, body, ends = "complete") {
    // A page that closes before the download has begun takes the click along.
    const start = await this.chromium.visit(this.offer(name, body));
    assert.equal((await this.chromium.downloads.of(() => start.click("#go"))).state, ends, name);
    await start.close();
  }

  /** Presses the button until that was taken: who sees nothing happen presses again. @param {string} name @param {string} why */
  async press(name, why) {
    for (const until = Date.now() + 30_000; Date.now() < until; ) {
      const { id, upload } = await checked(this.page, (record) => record.name === name && record.phase === "done", `${why}: the record of ${name} is lost`);
      if (upload !== "no" && !upload?.failed) return;
      await ask(this.page, { ask: "upload", id }).catch(() => undefined);
    }
    throw new Error(`${why}: the button does nothing`);
  }

  /** Goes on until a moment is reached, at which everything stops that waits for its end. @param {string} moment @param {() => Promise<unknown>} begin */
  async until(moment, begin) {
    const reached = promise();
    this.at = (what) => {
      if (what !== moment) return;
      reached.keep();
      return new Promise(() => {});
    };
    await begin();
    await reached.kept;
  }
}

test(`E25: the browser is killed at ${KILLS} moments while a file comes in, and every record and every upload comes to its end`, { timeout: 240_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const next = chance(SEED);
  /** @type {string[]} */
  const moments = [];
  while (moments.length < KILLS) moments.push(...shuffled(MOMENTS, next));
  const lives = await Lives.begin(t);
  const names = new Set();
  /** @type {Map<string, Buffer>} */
  const sent = new Map();
  for (const [number, moment] of moments.slice(0, KILLS).entries()) {
    const why = `${number}, ${moment}`;
    const [coming, going] = [`coming-${number}.bin`, `going-${number}.bin`];
    const body = Buffer.alloc(LENGTH, `going ${number} `);
    names.add(coming).add(going);
    sent.set(going, body);
    await lives.download(going, body);
    await checked(lives.page, ({ name, phase, read, open }) => name === going && phase === "done" && read === "saved_file" && open === 0, `${why}: the check of ${going}`);

    // Its upload is held where it is; the one that comes in gets to the moment, and the browser dies.
    const [reached, over, underway] = [promise(), promise(), promise()];
    const held = "upload coming";
    /** @param {...string} halts */
    const halt = (...halts) => {
      lives.at = (what) => {
        if (what === held) underway.keep();
        if (what === moment) reached.keep();
        return halts.includes(what) ? over.kept.then(() => {}) : undefined;
      };
    };
    // Its bytes may be fetched for that once more: only then is it about the other one.
    halt(held);
    void lives.press(going, why).catch(() => {});
    await underway.kept;
    halt(held, moment);
    await lives.click(lives.offer(coming, Buffer.alloc(LENGTH, `coming ${number} `)));
    await reached.kept;
    if (moment === "browser half") await checked(lives.page, ({ name }) => name === coming, `${why}: ${coming} has no record`);
    await lives.kill();
    over.keep();

    await checked(lives.page, ({ name, phase }) => name === coming && phase === "done", `${why}: ${coming} is lost or stuck`);
    await lives.press(going, why);
    await checked(lives.page, ({ name, upload, open }) => name === going && upload === "done" && open === 0, `${why}: ${going} is not sent in`);
    assert.equal(lives.depot.stored.get(sha256(body)), 1, `${why}: stored once`);
  }
  const records = await settled(lives.page, (records) => records.every(({ open }) => open === 0));
  assert.deepEqual(records.map(({ name }) => name).sort(), [...names].sort(), "each has one record, and no other is there");
  assert.deepEqual([...sent.values()].map((body) => lives.depot.stored.get(sha256(body))), Array(KILLS).fill(1));
});

/**
 * A place at which the browser dies: what leads there, and what must come of it in the next life.
 * @typedef {object} Place
 * @property {string} what
 * @property {(lives: Lives, name: string, body: Buffer) => Promise<void>} reach
 * @property {(lives: Lives, name: string, body: Buffer) => Promise<void>} [then] where it is more than the end of its check
 * @property {string} [page] the one that is open in the next life
 * @property {number} [left] how many records there are of it in the end, if not one
 */

/** The record of a download when nothing goes on about it. @param {Lives} lives @param {string} name */
const over = (lives, name) => checked(lives.page, (record) => record.name === name && record.phase === "done" && record.open === 0, `${name} is lost or stuck`);

/** Whether a notification about a record is shown. @param {Lives} lives @param {string} id */
const told = (lives, id) => lives.page.evaluate(async (id) => id in (await chrome.notifications.getAll()), id);

/** Halts the worker at a step of the journal on the way in. @param {import("../harness/journal.mjs").Step} step @param {boolean} written @returns {Place["reach"]} */
const atStep = (step, written) => async (lives, name, body) => {
  await ask(lives.page, { ask: "state" }); // it is awake
  const { halted } = await haltAt(lives.chromium, name, step, written);
  await lives.click(lives.offer(name, body));
  await halted;
};

/** Downloads a file, as far as to a moment. @param {string} moment @returns {Place["reach"]} */
const onTheWay = (moment) => (lives, name, body) => lives.until(moment, () => lives.click(lives.offer(name, body)));

/** Sends a file in, as far as to a moment. @param {string} moment @returns {Place["reach"]} */
const sending = (moment) => async (lives, name, body) => {
  await lives.download(name, body);
  await over(lives, name);
  await lives.until(moment, async () => void lives.press(name, moment).catch(() => {}));
};

/** It is sent in, once. @type {NonNullable<Place["then"]>} */
async function once(lives, name, body) {
  await lives.press(name, "after the kill");
  await checked(lives.page, (record) => record.name === name && record.upload === "done" && record.open === 0, `${name} is not sent in`);
  assert.equal(lives.depot.stored.get(sha256(body)), 1, "stored once");
}

/** Halts the worker where a step is written that the user has asked for. @param {import("../harness/journal.mjs").Step} step @param {"keep" | "upload" | "forget"} button @param {boolean} [written] */
const atStepOf = (step, button, written = true) => async (/** @type {Lives} */ lives, /** @type {string} */ name) => {
  const { id } = await over(lives, name);
  const { halted } = await haltAt(lives.chromium, name, step, written);
  void ask(lives.page, { ask: button, id }).catch(() => {});
  await halted;
};

/** Downloads a file and halts at a step of sending it in. @param {import("../harness/journal.mjs").Step} step @returns {Place["reach"]} */
const sendingStep = (step) => async (lives, name, body) => {
  await lives.download(name, body);
  await over(lives, name);
  await atStepOf(step, "upload")(lives, name);
};

/** Downloads a file that is kept back. @type {Place["reach"]} */
async function keptBack(lives, name, body) {
  lives.depot.malicious.add(sha256(body));
  await lives.download(name, body, "interrupted");
}

/** The user wants what was kept back, and has it. @type {NonNullable<Place["then"]>} */
async function hadAnyway(lives, name, body) {
  const find = () => checked(lives.page, (record) => record.name === name && record.open === 0, `${name} is lost or stuck`);
  let record = await find();
  if (record.disposition === "kept_back") {
    assert.equal(existsSync(join(lives.chromium.folder, name)), false, "no file is left of it");
    const { state, filename } = await lives.chromium.downloads.of(() => ask(lives.page, { ask: "keep", id: record.id }));
    assert.equal(state, "complete");
    assert.ok(readFileSync(filename).equals(body));
    record = await checked(lives.page, (it) => it.name === name && it.disposition === "kept_anyway" && it.open === 0);
  }
  assert.deepEqual([record.disposition, record.assessment.verdict], ["kept_anyway", "malicious"]);
  assert.ok(readFileSync(record.path).equals(body));
}

/** The user hears of what was kept back or is bad and could not be, and can have it. @type {NonNullable<Place["then"]>} */
async function heardOf(lives, name, body) {
  const { id } = await checked(lives.page, (record) => record.name === name && record.open === 0, `${name} is lost or stuck`);
  assert.ok(await told(lives, id), "the user hears of it");
  await hadAnyway(lives, name, body);
}

/** One of some days ago is asked about anew, and its answer waits; nobody else is due. @param {Lives} lives @param {string} name @param {Buffer} body */
async function askedAnew(lives, name, body) {
  await lives.download(name, body);
  await over(lives, name);
  const quiet = await lives.chromium.open("manifest.json");
  await lives.page.close();
  await lives.chromium.stopWorker(quiet);
  await age(quiet, 2 * DAY);
  await quiet.evaluate(() => chrome.storage.session.remove("rechecked"));
  // It has turned out malicious since.
  lives.depot.malicious.add(sha256(body));
  const [reached, answer] = [promise(), promise()];
  lives.at = (what) => {
    if (what !== "report asked") return;
    reached.keep();
    return answer.kept.then(() => {});
  };
  await ask(quiet, { ask: "state" });
  await reached.kept;
  return answer.keep;
}

/** What has turned bad is so in the record, and the user hears of it. @type {NonNullable<Place["then"]>} */
async function turned(lives, name) {
  const record = await checked(lives.page, (record) => record.name === name && record.drift && record.open === 0, `${name} is not asked about again`);
  assert.deepEqual([record.drift.was, record.assessment.verdict], ["unknown", "malicious"]);
  assert.ok(await told(lives, record.id), "the user hears of it");
}

/** Its time comes, and the alarm with it: what waited on disk is asked about, with nobody there. @type {NonNullable<Place["then"]>} */
async function goesOn(lives, name) {
  const records = await stored(lives.page);
  const waits = records.find((record) => record.name === name);
  assert.deepEqual([waits?.open, waits?.assessment.verdict], [1, "unchecked"], `on disk: ${records.map(({ name }) => name)}`);
  lives.depot.instead = () => false;
  await ask(lives.page, { ask: "state" });
  await lives.chromium.stopWorker(lives.page);
  await age(lives.page, DAY);
  await ring(lives.page);
  const its = (/** @type {any[]} */ records) => records.find((record) => record.name === name);
  assert.equal(its(await settled(lives.page, (records) => its(records).open === 0)).assessment.verdict, "unknown");
}

/** The backend does not answer as it should, and that it waits is on disk. @param {(response: import("node:http").ServerResponse) => void} refuse @returns {Place["reach"]} */
const waiting = (refuse) => async (lives, name, body) => {
  lives.depot.instead = (_, __, response) => {
    refuse(response);
    return true;
  };
  await lives.download(name, body);
  await settled(lives.page, (records) => records.some((record) => record.name === name && record.later?.at && record.read === "saved_file"));
};

/**
 * Some of them make all that is stored older: the first two have only what is bad by now beside their own record, of
 * which nothing is due with it; the others come last.
 * @type {Place[]}
 */
const PLACES = [
  { what: "one of two days ago is asked about anew", reach: async (...about) => void (await askedAnew(...about)), then: turned },
  {
    what: "that it has turned bad is written, and the user is not told yet",
    reach: async (lives, name, body) => {
      const answer = await askedAnew(lives, name, body);
      const { halted } = await haltAt(lives.chromium, name, { untold: ["turned_malicious"] }, true);
      answer();
      await halted;
    },
    then: turned,
  },
  { what: "the first step of the journal is written, and nothing is done yet", reach: atStep(1, true) },
  { what: "the second is written: it is held, and nothing is asked yet", reach: atStep(2, true) },
  { what: "half of the second copy is there", reach: onTheWay("copy half") },
  { what: "the fourth is not written: the second copy was read for nothing", reach: atStep(4, false) },
  {
    what: "that the rules are asked is written, and nothing is scanned yet",
    reach: atStep({ question: "rules" }, true),
    then: async (lives, name) => {
      const { rules } = await over(lives, name);
      assert.ok(rules, "it is scanned after all");
    },
  },
  { what: "the backend is asked about it", reach: onTheWay("report asked") },
  { what: "the backend's answer is out, and nobody has written it down", reach: onTheWay("report answered") },
  { what: "that it goes on is written, and it is held still", reach: atStep({ disposition: "released" }, true) },
  {
    what: "that it is kept back is written, and nothing is done about it yet",
    reach: async (lives, name, body) => {
      lives.depot.malicious.add(sha256(body));
      await atStep({ disposition: "kept_back" }, true)(lives, name, body);
    },
    then: heardOf,
  },
  {
    what: "the notification is shown, and nobody has written that down",
    reach: async (lives, name, body) => {
      lives.depot.malicious.add(sha256(body));
      await atStep({ disposition: "kept_back", untold: null }, false)(lives, name, body);
    },
    then: heardOf,
  },
  {
    what: "that the user wants it anyway is written, and nothing is fetched yet",
    reach: async (lives, name, body) => {
      await keptBack(lives, name, body);
      await atStepOf({ disposition: "fetching" }, "keep")(lives, name);
    },
    then: hadAnyway,
  },
  {
    what: "what was kept back is fetched anyway",
    reach: async (lives, name, body) => {
      await keptBack(lives, name, body);
      const { id } = await over(lives, name);
      await lives.until("again half", () => ask(lives.page, { ask: "keep", id }));
    },
    then: hadAnyway,
  },
  { what: "that it is to be sent in is written, and nothing is read for that yet", reach: sendingStep({ upload: "sending" }), then: once },
  { what: "that its bytes leave now is written, and none has", reach: sendingStep({ attempt: { left: true, denied: 0 } }), then: once },
  { what: "the upload has begun", reach: sending("upload coming"), then: once },
  { what: "the file that is sent in has arrived, and no answer is out", reach: sending("upload asked"), then: once },
  { what: "the answer is out, and nobody has written it down", reach: sending("upload answered"), then: once },
  { what: "the analysis is asked after", reach: sending("analysis asked"), then: once },
  {
    what: "it is to be forgotten, and is not yet",
    left: 0,
    reach: async (lives, name, body) => {
      await lives.download(name, body);
      await atStepOf("forgotten", "forget", false)(lives, name);
    },
    then: async (lives, name) => {
      const { id, assessment } = await over(lives, name);
      assert.equal(assessment.verdict, "unknown", "the whole of it is there");
      assert.ok((await ask(lives.page, { ask: "forget", id })).ok);
    },
  },
  { what: "it waits for the backend to be there again", page: "manifest.json", reach: waiting((response) => void response.writeHead(503).end()), then: goesOn },
  {
    what: "it waits for a quota that is used up for the day",
    page: "manifest.json",
    reach: waiting((response) => {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "80000" });
      response.end('{"error": {"code": "QuotaExceededError", "message": "Quota exceeded"}}');
    }),
    then: goesOn,
  },
];

test("E25: the browser is killed at twenty other places from the hold to the look of days later, and every job comes to its end", { timeout: 420_000 }, async (t) => {
  assert.ok(new Set(PLACES.map(({ what }) => what)).size >= 20, "so many places");
  const lives = await Lives.begin(t);
  const names = [];
  for (const [number, { what, reach, then, page, left = 1 }] of PLACES.entries()) {
    const name = `place-${number}.bin`;
    const body = Buffer.alloc(LENGTH, `place ${number} `);
    if (left > 0) names.push(name);
    await t.test(what, { timeout: 60_000 }, async () => {
      await reach(lives, name, body);
      await lives.kill(page);
      await (then ?? over)(lives, name, body);
      const about = (/** @type {any[]} */ records) => records.filter((record) => record.name === name);
      const ended = await settled(lives.page, (records) => about(records).every(({ open, phase }) => open === 0 && phase === "done"));
      assert.equal(about(ended).length, left, "one record, at its end");
      assert.ok((lives.depot.stored.get(sha256(body)) ?? 0) <= 1, "stored once at most");
    });
  }
  assert.deepEqual((await stored(lives.page)).map(({ name }) => name).sort(), names.toSorted(), "no record is lost, and none is there that nobody made");
});
