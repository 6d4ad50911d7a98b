// The guard where the world is out of joint: a backend whose quota is spent for a day, a clock that jumps, a disk that
// is full or has rotted, an intranet. The downloads land, the records say what is the matter, and what must not be
// asked is not asked. Attack catalogue: E21, E26, E27, E28, E29, E32.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chance } from "../harness/chance.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { JUMPS, age, inWorker, kept, ring, setClock, settled, stored } from "../harness/journal.mjs";
import { ask, attach, checked } from "../harness/messages.mjs";
import { startSite } from "../harness/site.mjs";
import { ballast } from "../harness/tree.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const SEED = Number(process.env.QUORUM_SEED ?? Math.floor(Date.now() / 86_400_000));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ROOT_ONLY = process.getuid?.() !== 0 && "only root can make a small disk";

/** @type {import("../harness/site.mjs").Site} */
let site;
before(async () => {
  site = await startSite();
});
after(() => site?.close());

/** @param {import("node:test").TestContext} t @param {(depot: Depot) => void} [prepare] */
async function backend(t, prepare = () => {}) {
  const depot = new Depot();
  prepare(depot);
  await depot.start();
  t.after(() => depot.close());
  return depot;
}

/** @param {import("node:test").TestContext} t @param {import("../harness/chromium.mjs").Options} [options] */
async function launched(t, options) {
  const chromium = await Chromium.launch(options);
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  return chromium;
}

/**
 * Downloads a file that nobody has seen, which must land whole, and gives its record at its end.
 * @param {Chromium} chromium
 * @param {Page} page one of the extension's
 * @param {string} name
 * @param {() => Promise<unknown>} [meanwhile]
 * @param {string} [host] of the site
 */
async function download(chromium, page, name, meanwhile, host = new URL(site.origin).host) {
  const bytes = unknown(name);
  site.put(name, bytes);
  site.link(name, `/d/attachment/${name}`);
  const start = await chromium.visit(`http://${host}/p/${name}`);
  const item = await chromium.downloads.of(() => start.click("#go"), meanwhile);
  await start.close();
  assert.equal(item.state, "complete", name);
  assert.ok(readFileSync(item.filename).equals(bytes), name);
  return checked(page, (record) => record.name === name && record.phase === "done", `the check of ${name} never ends`);
}

/** When the alarm rings next that wakes the worker for what is to go on. @param {Page} quiet @returns {Promise<number | undefined>} */
const rings = (quiet) => quiet.evaluate(async () => (await chrome.alarms.get("resume"))?.scheduledTime);

/**
 * Leaves a page in which nothing of the extension runs as the only one of its own, and its worker asleep.
 * @param {Chromium} chromium
 * @param {Page} page
 */
async function asleep(chromium, page) {
  const quiet = await chromium.open("manifest.json");
  await page.close();
  await chromium.stopWorker(quiet);
  return quiet;
}

/** Answers that the quota is spent, for a day. @type {Depot["instead"]} */
const spent = (_, __, response) => {
  response.writeHead(429, { "content-type": "application/json", "retry-after": "86400" });
  response.end(JSON.stringify({ error: { code: "QuotaExceededError", message: "Quota exceeded" } }));
  return true;
};

for (const how of /** @type {const} */ (["refuses for a day", "has told that the day is used up"])) {
  test(`E26, E27: a backend that ${how} is asked nothing before the time, and everything goes on afterwards by the alarm`, { timeout: 120_000 }, async (t) => {
    const refuses = how === "refuses for a day";
    const depot = await backend(t, (depot) => {
      if (!refuses) depot.quotas = { api_requests_daily: { allowed: 10, used: 9 } };
    });
    const chromium = await launched(t);
    const page = await attach(chromium, depot, true);
    const known = unknown("known");
    depot.malicious.add(sha256(known));
    // The last request of the day is the user's, and what it brought is there all day long.
    const report = { ask: "report", indicator: sha256(known), evidence: "given", fresh: false };
    const before = (await ask(page, report)).reply.report;
    assert.equal(before.assessment.verdict, "malicious");

    if (refuses) depot.instead = spent;
    const asked = () => depot.record.requests.filter(({ url }) => url.includes("/files/")).length;
    const first = asked();
    const names = Array.from({ length: 4 }, (_, n) => `spent-${n}.bin`);
    for (const name of names) {
      const record = await download(chromium, page, name);
      assert.equal(record.assessment.verdict, "unchecked", name);
      const { retry_at } = record.assessment.reasons[0].failed.failure.quota_spent;
      const until = refuses ? record.checked_at + DAY : Math.ceil(record.checked_at / DAY) * DAY;
      assert.ok(Math.abs(retry_at - until) < 60_000, `${name}: it says until when: ${retry_at}, not ${until}`);
      assert.ok(Math.abs(record.later.at - until) < 60_000, `${name}: and that it goes on then`);
      assert.equal(record.open, 1);
    }
    // Who asks in between has what is stored, with its age.
    const cached = (await ask(page, report)).reply.report;
    assert.deepEqual([cached.assessment.verdict, cached.asked_at], ["malicious", before.asked_at]);
    assert.equal(asked() - first, refuses ? 1 : 0, "the one question to which it said no, if any");

    // Three hours pass, and nobody is there: the alarm rings, nothing is asked, and it is set to the time that was named.
    depot.instead = () => false;
    const quiet = await asleep(chromium, page);
    const passed = 3 * HOUR;
    if (refuses) await age(quiet, passed);
    const waits = Math.min(...(await stored(quiet)).map(({ later }) => later.at));
    await ring(quiet);
    let next;
    do next = await rings(quiet);
    while (next === undefined || Math.abs(next - waits) > 120_000);
    assert.equal(asked() - first, refuses ? 1 : 0, "nothing is asked before the time");

    // The day is over: all go on.
    await chromium.stopWorker(quiet);
    await age(quiet, DAY);
    await ring(quiet);
    const records = await settled(quiet, (records) => records.every(({ open }) => open === 0));
    assert.deepEqual(records.map(({ name, assessment }) => [name, assessment.verdict]).sort(), names.map((name) => [name, "unknown"]));
    assert.equal(asked() - first, names.length + (refuses ? 1 : 0), "each is asked about once");
  });
}

test("E28: the clock jumps while a download is held: it lands, its record ends, and the next ones are asked about", { timeout: 120_000 }, async (t) => {
  const depot = await backend(t);
  const chromium = await launched(t);
  const page = await attach(chromium, depot, true);
  for (const [name, to] of JUMPS) {
    const asked = depot.halt("report", "asked");
    const record = await download(chromium, page, `${name}.bin`, async () => {
      await asked.reached;
      await setClock(chromium, to());
      asked.go();
    });
    assert.deepEqual([record.open, record.assessment.verdict], [0, "unknown"], name);
    const next = await download(chromium, page, `after-${name}.bin`);
    assert.equal(next.assessment.verdict, "unknown", `${name}: the backend is asked: ${JSON.stringify(next.assessment)}`);
  }
  const names = (await stored(page)).map((record) => record.name);
  assert.equal(new Set(names).size, 2 * JUMPS.length, "no record is lost");
  assert.equal(names.length, 2 * JUMPS.length, "and none is there twice");
});

for (const [jump, by] of /** @type {const} */ ([["forward", DAY], ["backward", -DAY]])) {
  test(`E28: the clock is set ${jump} by a day while a check waits for its time: it goes on soon`, { timeout: 60_000 }, async (t) => {
    const depot = await backend(t);
    const chromium = await launched(t);
    const page = await attach(chromium, depot, true);
    depot.instead = (_, __, response) => {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "3600" });
      response.end(JSON.stringify({ error: { code: "QuotaExceededError", message: "Quota exceeded" } }));
      return true;
    };
    const record = await download(chromium, page, "waits.bin");
    assert.ok(record.later.at > Date.now() + HOUR / 2, "it waits for an hour");
    depot.instead = () => false;
    const quiet = await asleep(chromium, page);
    await age(quiet, by);
    // Whatever wakes the worker, it sets the alarm when it comes to rest: to when what waits is to go on.
    await ask(quiet, { ask: "state" });
    await inWorker(chromium, () => {
      const alarms = /** @type {any} */ (chrome.alarms);
      const create = alarms.create.bind(alarms);
      const set = (/** @type {any} */ (globalThis).alarmSet = /** @type {number[]} */ ([]));
      alarms.create = (/** @type {string} */ name, /** @type {{delayInMinutes: number}} */ info) => {
        if (name === "resume") set.push(info.delayInMinutes);
        return create(name, info);
      };
    });
    /** @type {number[]} */
    let set;
    // It is set when work begins and when it comes to rest. Work that goes on still has begun before: then the first is
    // that of the rest, and the next that of what is asked once more.
    do {
      await quiet.evaluate(() => chrome.runtime.sendMessage({ library: JSON.stringify("rules") }));
      set = await inWorker(chromium, () => /** @type {any} */ (globalThis).alarmSet);
    } while (set.length < 2);
    assert.ok(Math.max(...set) <= 2, `it goes on in ${set} minutes`);
    await ring(quiet);
    const [after] = await settled(quiet, (records) => records.every(({ open }) => open === 0));
    assert.deepEqual([after.name, after.assessment.verdict], ["waits.bin", "unknown"]);
  });
}

test("E29: a full store costs neither a download nor a setting nor an entry of the log, and it recovers by itself", { skip: ROOT_ONLY, timeout: 120_000 }, async (t) => {
  const depot = await backend(t);
  const first = await Chromium.launch();
  // The extension has "unlimitedStorage", so a quota that the driver sets changes nothing: its database gets a disk of
  // its own. What the browser keeps elsewhere has room still.
  const folder = join(first.profile.path, "Default", "IndexedDB");
  await first.close();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
  /** @type {Chromium | undefined} */
  let chromium;
  t.after(async () => {
    await chromium?.close();
    execFileSync("umount", ["-l", folder]);
    first.remove();
  });
  chromium = await Chromium.launch({ after: first });
  const page = await attach(chromium, depot);
  await download(chromium, page, "before-full.bin");

  const taken = ballast(folder);
  const { policy } = (await ask(page, { ask: "state" })).reply.state;
  // The account's address has the key in it, which the log leaves out.
  const left = () => depot.record.requests.map(({ url }) => url).filter((url) => url.includes("/files/"));
  const logged = async () => (await ask(page, { ask: "sent" })).reply.sent.map((/** @type {any} */ { url }) => new URL(url).pathname);
  const before = left().length;
  const names = ["while-full-0.bin", "while-full-1.bin", "while-full-2.bin"];
  for (const name of names) assert.equal((await download(chromium, page, name)).assessment.verdict, "unknown", "it is checked all the same");
  assert.ok((await ask(page, { ask: "set_policy", policy: { ...policy, skip_hosts: ["full.example"] } })).ok);
  assert.equal(left().length, before + names.length);
  let all = await logged();
  // This browser does not even open a database that has no room: what is on disk is not to be had just now.
  await assert.rejects(stored(page), /opening backing store/);
  assert.deepEqual(left().slice(before).filter((url) => !all.includes(url)), [], "what leaves meanwhile is in the log, which waits in memory");

  // There is room again: with the next request all of it gets there.
  rmSync(taken);
  assert.equal((await download(chromium, page, "after-full.bin")).assessment.verdict, "unknown");
  all = await logged();
  assert.deepEqual(left().filter((url) => !all.includes(url)), [], "what left is in the log");
  const written = (await kept(page, "sent")).map(({ url }) => new URL(url).pathname);
  assert.deepEqual(left().filter((url) => !written.includes(url)), [], "the log is on disk, whole");
  assert.deepEqual((await stored(page)).map(({ name }) => name).sort(), ["after-full.bin", "before-full.bin", ...names], "and so are the records");
  await chromium.stopWorker(page);
  assert.deepEqual((await ask(page, { ask: "state" })).reply.state.policy.skip_hosts, ["full.example"]);
});

/**
 * Turns bytes over in files of a profile, so many in each.
 * @param {string} folder
 * @param {(path: string) => boolean} which
 * @param {number} count
 * @param {() => number} next
 */
function turnOver(folder, which, count, next) {
  let turned = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || entry.name === "LOCK" || !which(path)) continue;
    const bytes = readFileSync(path);
    for (let n = 0; n < count && bytes.length > 0; n++, turned++) {
      const at = Math.floor(next() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    }
    writeFileSync(path, bytes);
  }
  return turned;
}

test("E32: bytes of the profile's own databases are turned over: it starts with what can be read, and checks", { timeout: 120_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const next = chance(SEED);
  const depot = await backend(t);
  const first = await Chromium.launch();
  let last = first;
  t.after(async () => {
    await last.close();
    first.remove();
  });
  await download(first, await attach(first, depot, true), "sound.bin");
  for (const round of [1, 2, 3]) {
    await last.close();
    for (const room of ["IndexedDB", "Local Extension Settings"]) {
      const turned = turnOver(join(first.profile.path, "Default", room), (path) => path.includes(first.id), 3 * round, next);
      assert.ok(turned > 5, `there was something to damage in ${room}`);
    }
    last = await Chromium.launch({ after: last });
    const page = await last.open("options.html");
    const { state } = (await ask(page, { ask: "state" })).reply;
    assert.ok([undefined, null, depot.origin].includes(state.address), `an address that nobody gave: ${state.address}`);
    // A database that this browser cannot open takes no key to be remembered, which is told; it goes for the session.
    const connected = await ask(page, { ask: "connect", address: depot.origin, key: depot.key, remember: true });
    if (!connected.ok) assert.match(connected.problem.browser?.message ?? JSON.stringify(connected), /backing store|database/i);
    assert.ok((await ask(page, { ask: "set_downloads", enabled: true })).ok);
    assert.equal((await ask(page, { ask: "state" })).reply.state.has_key, true);
    assert.equal((await download(last, page, `damaged-${round}.bin`)).assessment.verdict, "unknown");
  }
});

/**
 * Turns a bit or so over in every entry of a store: in one place of each, wherever chance has it. What it was is kept
 * in the page, and put back before anything else is damaged.
 * @param {Page} quiet
 * @param {"downloads" | "rules" | "lists"} store
 * @param {number} seed
 * @returns {Promise<string[]>} what was changed, for who has to read it
 */
const spoil = (quiet, store, seed) =>
  quiet.evaluate(
    async (store, seed) => {
      let state = seed;
      const below = (/** @type {number} */ end) => (state = (Math.imul(state, 1103515245) + 12345) >>> 1) % end;
      /** @param {any} value @param {string} at @returns {[any, string]} */
      const turned = (value, at) => {
        if (value instanceof Uint8Array) {
          const [copy, place] = [value.slice(), below(value.length)];
          copy[place] = (copy[place] ?? 0) ^ (1 << below(8));
          return [copy, `${at}[${place}]`];
        }
        if (value !== null && typeof value === "object" && Object.keys(value).length > 0) {
          const copy = structuredClone(value);
          const key = /** @type {string} */ (Object.keys(copy)[below(Object.keys(copy).length)]);
          let where;
          [copy[key], where] = turned(copy[key], `${at}.${key}`);
          return [copy, where];
        }
        if (typeof value === "string") {
          const place = below(value.length + 1);
          return [value.slice(0, place) + String.fromCharCode(value.charCodeAt(place) ^ (1 << below(7))) + value.slice(place + 1), `${at}: ${value.slice(0, 20)}`];
        }
        if (typeof value === "number") return [value ^ (1 << below(31)), `${at}: ${value}`];
        return [typeof value === "boolean" ? !value : seed, `${at}: ${JSON.stringify(value)}`];
      };
      /** @param {IDBRequest} request @returns {Promise<any>} */
      const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const database = await done(indexedDB.open("quorum"));
      const { transaction } = database.transaction(["downloads", "rules", "lists"], "readwrite").objectStore(store);
      const world = /** @type {any} */ (globalThis);
      if (!world.sound) {
        world.sound = [];
        for (const name of transaction.objectStoreNames) {
          const [keys, values] = [await done(transaction.objectStore(name).getAllKeys()), await done(transaction.objectStore(name).getAll())];
          keys.forEach((/** @type {string} */ key, /** @type {number} */ n) => world.sound.push([name, key, values[n]]));
        }
      }
      for (const name of transaction.objectStoreNames) transaction.objectStore(name).clear();
      const changed = [];
      for (const [name, key, value] of world.sound) {
        const [spoilt, where] = turned(value, key);
        if (name === store) changed.push(where);
        transaction.objectStore(name).put(name === store ? spoilt : value, key);
      }
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      database.close();
      return changed;
    },
    store,
    seed,
  );

test("E32: bits of stored records, rules and lists are turned over: nothing falls, and what is spoilt says nothing about a file", { timeout: 180_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const next = chance(SEED);
  const depot = await backend(t);
  const chromium = await launched(t);
  const page = await attach(chromium, depot, true);
  /** @param {Page} page @param {unknown} request */
  const library = async (page, request) => {
    const answer = await page.evaluate((request) => chrome.runtime.sendMessage({ library: request }), JSON.stringify(request));
    assert.ok(answer.ok, JSON.stringify(answer));
    return JSON.parse(answer.reply.library);
  };
  const listed = unknown("listed");
  const rule = `rule own { meta: author = "A tester" strings: $mark = "a mark that no other file has" condition: $mark }`;
  assert.ok((await library(page, { save_rule: { id: null, name: "own", text: rule } })).Ok);
  assert.ok((await library(page, { save_list: { id: null, name: "bad", text: sha256(listed), good: false } })).Ok);
  assert.ok((await library(page, { save_list: { id: null, name: "good", text: sha256(unknown("good")), good: true } })).Ok);
  const sound = [];
  for (const name of ["sound-0.bin", "sound-1.bin"]) sound.push((await download(chromium, page, name)).id);
  const quiet = await asleep(chromium, page);
  for (const round of Array(4).keys()) {
    for (const store of /** @type {const} */ (["downloads", "rules", "lists"])) {
      const changed = await spoil(quiet, store, Math.floor(next() * 2 ** 31));
      const why = `${round}, ${store}: ${changed.join(" · ")}`;
      assert.ok(changed.length > 1, why);
      // What traps takes its ports along.
      await quiet.evaluate(() => {
        const world = /** @type {any} */ (globalThis);
        world.trapped = false;
        world.port = chrome.runtime.connect({ name: "news" });
        world.port.onDisconnect.addListener(() => (world.trapped = true));
      });
      const { records } = (await ask(quiet, { ask: "downloads" })).reply.downloads;
      if (store !== "downloads") assert.deepEqual(records.map((/** @type {any} */ { id }) => id).sort(), sound.toSorted(), why);
      for (const request of ["rules", "lists"]) assert.ok(await library(quiet, request), why);
      const { assessment } = await download(chromium, quiet, `after-${round}-${store}.bin`);
      assert.equal(assessment.verdict, "unknown", `${why}: ${JSON.stringify(assessment)}`);
      assert.equal(await quiet.evaluate(() => /** @type {any} */ (globalThis).trapped), false, `${why}: it has trapped`);
      await quiet.evaluate(() => /** @type {any} */ (globalThis).port.disconnect());
      await chromium.stopWorker(quiet);
    }
  }
});

/** Hosts of an intranet, as a browser sees them: RFC 1918, shared, link-local and unique local addresses, names that only such a net has. */
const PRIVATE = [
  "10.1.2.3", "10.255.0.1", "172.16.0.9", "172.31.255.1", "192.168.1.1", "192.168.100.7", "169.254.10.10", "100.64.0.1", "198.18.0.5", "192.0.2.44",
  "[fd00::1]", "[fc00::7]", "[fe80::1]", "nas.local", "printer.local", "wiki.internal", "build.corp.internal", "router.home.arpa", "intranet", "files",
];
/** One of the internet: what is done with it shows that the others could have been told of. */
const PUBLIC = "downloads.quorum-e2e.com";

test("E21: no request tells of twenty addresses of the intranet, by download or by link, nor of this machine's", { timeout: 180_000 }, async (t) => {
  const depot = await backend(t);
  const { port } = new URL(site.origin);
  const chromium = await launched(t, { hosts: { names: [...PRIVATE, PUBLIC], port } });
  const page = await attach(chromium, depot, true);
  assert.equal(PRIVATE.length, 20);
  /** Looks up an address and what it is the address of, as the card and the popup do. @param {string} url */
  const look = async (url) => {
    for (const indicator of [url, new URL(url).hostname.replace(/[[\]]/g, "")]) {
      await ask(page, { ask: "report", indicator, evidence: "given", fresh: true });
    }
  };
  const from = () => depot.record.requests.length;
  let asked = from();
  for (const [number, host] of PRIVATE.entries()) {
    const record = await download(chromium, page, `intranet-${number}.bin`, undefined, `${host}:${port}`);
    assert.deepEqual([record.assessment.verdict, record.assessment.reasons[0]], ["unchecked", "private"], host);
    await look(`http://${host}:${port}/p/intranet-${number}.bin?token=${number}`);
  }
  const said = () => depot.record.requests.slice(asked).map(({ method, url }) => `${method} ${url}`);
  assert.deepEqual(said(), [], "of those nobody hears");
  const log = (await kept(page, "sent")).filter(({ url }) => url.startsWith(depot.origin));
  assert.deepEqual(log.slice(1).map(({ url }) => url), [], "and the log says so: the account was asked for, and that was all");

  // This machine is no network: what it serves is asked about by its digest, and its address by nothing.
  for (const host of ["127.0.0.1", "localhost"]) {
    asked = from();
    const record = await download(chromium, page, `${host}.bin`, undefined, `${host}:${port}`);
    await look(`http://${host}:${port}/p/any`);
    assert.deepEqual(said(), [`GET /api/v3/files/${record.digests.sha256}`], host);
  }
  asked = from();
  await download(chromium, page, "public.bin", undefined, `${PUBLIC}:${port}`);
  await look(`http://${PUBLIC}:${port}/p/public.bin`);
  assert.ok(said().some((request) => request.includes("/urls/")), "of a public one it is asked by its address");
  assert.ok(said().some((request) => request.includes(`/domains/${PUBLIC}`)), "and by its host");
});
