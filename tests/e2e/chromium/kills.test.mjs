// The browser is killed in the middle of everything, with all of its processes, and started again with the same
// profile. Each of its lives has one file on its way in and one on its way to the backend. What must hold in the
// end: no record is lost, none stays open, and what was to be sent in is stored once. Attack catalogue: E25.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chance, shuffled } from "../harness/chance.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256 } from "../harness/files.mjs";
import { stored } from "../harness/journal.mjs";
import { ask, attach, checked } from "../harness/messages.mjs";
import { startSite } from "../harness/site.mjs";

const SEED = Number(process.env.QUORUM_SEED ?? Math.floor(Date.now() / 86_400_000));
const KILLS = 10;
const LENGTH = 300_000;

/** What the site sees of the file that comes in, and what the backend is asked. */
const MOMENTS = ["browser half", "copy coming", "copy half", "copy answered", "report asked", "report answered"];

/** Something that a test waits for and something else brings about. */
function promise() {
  /** @type {() => void} */
  let keep = () => {};
  const kept = new Promise((resolve) => (keep = () => resolve(undefined)));
  return { kept, keep };
}

test(`E25: the browser is killed at ${KILLS} moments while a file comes in, and every record and every upload comes to its end`, { timeout: 240_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const next = chance(SEED);
  /** @type {string[]} */
  const moments = [];
  while (moments.length < KILLS) moments.push(...shuffled(MOMENTS, next));

  const site = await startSite();
  const depot = new Depot();
  await depot.start();
  /** What goes on right now, told to the life that there is. @type {(what: string) => void | Promise<void>} */
  let at = () => {};
  depot.at = (about, moment) => at(`${about} ${moment}`);
  /** @type {Chromium | undefined} */
  let chromium;
  t.after(async () => {
    at = () => {};
    await chromium?.close().catch(() => {});
    chromium?.remove();
    await Promise.all([site.close(), depot.close()]);
  });

  /** @param {string} name @param {Buffer} body */
  const offer = (name, body) => {
    let asked = 0;
    const path = site.serve(name, async (_, response) => {
      const who = asked++ === 0 ? "browser" : "copy";
      await at(`${who} coming`);
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length });
      response.write(body.subarray(0, body.length >> 1));
      await at(`${who} half`);
      await new Promise((resolve) => response.once("close", resolve).end(body.subarray(body.length >> 1), () => resolve(undefined)));
      await at(`${who} answered`);
    });
    return site.link(name, path);
  };
  /** @param {Chromium} browser @param {string} address */
  const click = async (browser, address) => {
    const page = await browser.visit(address);
    await page.click("#go");
    return page;
  };
  /** Presses the button until that was taken: who sees nothing happen presses again. @param {import("puppeteer-core").Page} page @param {string} name @param {string} why */
  const press = async (page, name, why) => {
    for (const until = Date.now() + 30_000; Date.now() < until; ) {
      const { id, upload } = await checked(page, (record) => record.name === name && record.phase === "done", `${why}: the record of ${name} is lost`);
      if (upload !== "no" && !upload?.failed) return;
      await ask(page, { ask: "upload", id }).catch(() => undefined);
    }
    throw new Error(`${why}: the button does nothing`);
  };

  const names = new Set();
  /** @type {Map<string, Buffer>} */
  const sent = new Map();
  chromium = await Chromium.launch();
  let page = await attach(chromium, depot, true);
  for (const [number, moment] of moments.slice(0, KILLS).entries()) {
    const why = `${number}, ${moment}`;
    const [coming, going] = [`coming-${number}.bin`, `going-${number}.bin`];
    const body = Buffer.alloc(LENGTH, `going ${number} `);
    names.add(coming).add(going);
    sent.set(going, body);
    // A page that closes before the download has begun takes the click along.
    const start = await chromium.visit(offer(going, body));
    assert.equal((await chromium.downloads.of(() => start.click("#go"))).state, "complete", why);
    await start.close();
    await checked(page, ({ name, phase, read, open }) => name === going && phase === "done" && read === "saved_file" && open === 0, `${why}: the check of ${going}`);

    // Its upload is held where it is; the one that comes in gets to the moment, and the browser dies.
    const [reached, over, underway] = [promise(), promise(), promise()];
    const held = "upload coming";
    /** @param {...string} halts */
    const halt = (...halts) => {
      at = (what) => {
        if (what === held) underway.keep();
        if (what === moment) reached.keep();
        return halts.includes(what) ? over.kept.then(() => {}) : undefined;
      };
    };
    // Its bytes may be fetched for that once more: only then is it about the other one.
    halt(held);
    void press(page, going, why).catch(() => {});
    await underway.kept;
    halt(held, moment);
    await click(chromium, offer(coming, Buffer.alloc(LENGTH, `coming ${number} `)));
    await reached.kept;
    if (moment === "browser half") await checked(page, ({ name }) => name === coming, `${why}: ${coming} has no record`);
    await chromium.kill();
    at = () => {};
    over.keep();

    chromium = await Chromium.launch({ after: chromium });
    page = await chromium.open("history.html");
    await checked(page, ({ name, phase }) => name === coming && phase === "done", `${why}: ${coming} is lost or stuck`);
    await press(page, going, why);
    await checked(page, ({ name, upload, open }) => name === going && upload === "done" && open === 0, `${why}: ${going} is not sent in`);
    assert.equal(depot.stored.get(sha256(body)), 1, `${why}: stored once`);
  }
  const records = await stored(page);
  assert.deepEqual(records.map(({ name }) => name).sort(), [...names].sort(), "each has one record, and no other is there");
  assert.deepEqual(records.filter(({ open }) => open !== 0).map(({ name, phase, upload }) => ({ name, phase, upload })), [], "none is open");
  assert.deepEqual([...sent.values()].map((body) => depot.stored.get(sha256(body))), Array(KILLS).fill(1));
});
