// The guard where the world is out of joint: a backend whose quota is spent all day, a clock that jumps, a disk that
// is full or has rotted, an intranet. The downloads land, the records say what is the matter, and what must not be
// asked is not asked. Attack catalogue: E21, E26, E27, E28, E29, E32, E33.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chance } from "../harness/chance.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { setClock, stored } from "../harness/journal.mjs";
import { ask, attach, checked } from "../harness/messages.mjs";
import { startSite } from "../harness/site.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const SEED = Number(process.env.QUORUM_SEED ?? Math.floor(Date.now() / 86_400_000));
const HOUR = 3_600_000;
const ROOT_ONLY = process.getuid?.() !== 0 && "only root can make a small disk";

/** @type {import("../harness/site.mjs").Site} */
let site;
before(async () => {
  site = await startSite();
});
after(() => site?.close());

/** A browser that is connected to a backend of its own. @param {import("node:test").TestContext} t @param {import("../harness/chromium.mjs").Options} [options] */
async function connected(t, options) {
  const depot = new Depot();
  await depot.start();
  t.after(() => depot.close());
  const chromium = await Chromium.launch(options);
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  return { depot, chromium, page: await attach(chromium, depot, true) };
}

/**
 * Downloads a file that nobody has seen, which must land whole, and gives its record at its end.
 * @param {Chromium} chromium
 * @param {Page} page one of the extension's
 * @param {string} name
 * @param {() => Promise<unknown>} [meanwhile]
 */
async function download(chromium, page, name, meanwhile) {
  const bytes = unknown(name);
  site.put(name, bytes);
  const start = await chromium.visit(site.link(name, `/d/attachment/${name}`));
  const item = await chromium.downloads.of(() => start.click("#go"), meanwhile);
  await start.close();
  assert.equal(item.state, "complete", name);
  assert.ok(readFileSync(item.filename).equals(bytes), name);
  return checked(page, (record) => record.name === name && record.phase === "done", `the check of ${name} never ends`);
}

/** Answers that the quota is spent. @param {string} [retryAfter] in seconds @returns {Depot["instead"]} */
const spent = (retryAfter) => (_, __, response) => {
  response.writeHead(429, { "content-type": "application/json", ...(retryAfter ? { "retry-after": retryAfter } : {}) });
  response.end(JSON.stringify({ error: { code: "QuotaExceededError", message: "Quota exceeded" } }));
  return true;
};

for (const [how, retryAfter, most] of /** @type {const} */ ([
  ["does not say when it is over", undefined, 3],
  ["says an hour, every hour", "3600", 13],
])) {
  test(`E26, E27: a quota that is spent all day and ${how}: few questions, every download lands and says why`, { timeout: 180_000 }, async (t) => {
    const { depot, chromium, page } = await connected(t);
    const known = unknown("known");
    depot.malicious.add(sha256(known));
    const report = { ask: "report", indicator: sha256(known), evidence: "given", fresh: false };
    const before = (await ask(page, report)).reply.report;
    assert.equal(before.assessment.verdict, "malicious");

    depot.instead = spent(retryAfter);
    const asked = depot.record.requests.length;
    for (let hour = 0; hour < 24; hour += 2) {
      await ask(page, { ask: "state" }); // it is awake
      await setClock(chromium, hour * HOUR);
      const { assessment } = await download(chromium, page, `hour-${hour}.bin`);
      assert.equal(assessment.verdict, "unchecked");
      assert.match(JSON.stringify(assessment.reasons), /quota_spent/);
      if (hour === 0) {
        const cached = (await ask(page, report)).reply.report;
        assert.deepEqual([cached.assessment.verdict, cached.asked_at], ["malicious", before.asked_at], "what is stored is shown, with its age");
      }
    }
    const questions = depot.record.requests.length - asked;
    t.diagnostic(`${questions} questions for 12 downloads`);
    assert.ok(questions >= 1 && questions <= most, `${questions} questions`);
    // The quota is there again the day after: so are the answers.
    depot.instead = () => false;
    await ask(page, { ask: "state" });
    await setClock(chromium, 49 * HOUR);
    assert.equal((await download(chromium, page, "day-after.bin")).assessment.verdict, "unknown");
  });
}

test("E28: the clock jumps while a download is held: it lands, its record ends, and the next ones are asked about", { timeout: 120_000 }, async (t) => {
  const { depot, chromium, page } = await connected(t);
  const now = Date.now();
  for (const [name, to] of /** @type {const} */ ([["2100", Date.UTC(2100, 0)], ["1970", 1000], ["back", now]])) {
    /** @type {() => void} */
    let go = () => {};
    const gone = new Promise((resolve) => (go = () => resolve(undefined)));
    const asked = new Promise((resolve) => {
      depot.at = (about, moment) => {
        if (about !== "report" || moment !== "asked") return;
        resolve(undefined);
        return gone.then(() => {});
      };
    });
    const record = await download(chromium, page, `clock-${name}.bin`, async () => {
      await asked;
      await setClock(chromium, to - Date.now());
      depot.at = () => {};
      go();
    });
    assert.equal(record.open, 0, name);
    const next = await download(chromium, page, `after-${name}.bin`);
    assert.equal(next.assessment.verdict, "unknown", `in ${name} the backend is asked: ${JSON.stringify(next.assessment)}`);
  }
  const names = (await stored(page)).map((record) => record.name);
  assert.equal(new Set(names).size, 6, "no record is lost");
});

test("E29: a full store costs neither a download nor a setting, and it recovers by itself", { skip: ROOT_ONLY, timeout: 120_000 }, async (t) => {
  const first = await connected(t);
  const { depot } = first;
  await first.chromium.close();
  // Our database lies on a disk of its own from here on.
  const folder = join(first.chromium.profile.path, "Default", "IndexedDB");
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
  t.after(() => execFileSync("umount", ["-l", folder]));
  const chromium = await Chromium.launch({ after: first.chromium });
  t.after(() => chromium.close());
  const page = await attach(chromium, depot);
  await download(chromium, page, "before-full.bin");

  const ballast = join(folder, "ballast");
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  assert.throws(() => writeFileSync(join(folder, "more"), Buffer.alloc(100_000)), /ENOSPC/);
  rmSync(join(folder, "more"), { force: true });
  writeFileSync(ballast, Buffer.alloc(statfsSync(folder).bavail * bsize), { flag: "a" });

  const { policy } = (await ask(page, { ask: "state" })).reply.state;
  const from = depot.record.requests.length;
  const record = await download(chromium, page, "while-full.bin");
  assert.notEqual(record.assessment.verdict, "clean");
  assert.ok((await ask(page, { ask: "set_policy", policy: { ...policy, skip_hosts: ["full.example"] } })).ok);
  const left = depot.record.requests.slice(from).map(({ url }) => url);
  const { reply } = await ask(page, { ask: "sent" });
  const logged = reply.sent.map((/** @type {any} */ { url }) => new URL(url).pathname);
  assert.deepEqual(left.filter((url) => !logged.includes(url)), [], "what left is in the log");

  rmSync(ballast);
  const later = await download(chromium, page, "after-full.bin");
  assert.equal(later.assessment.verdict, "unknown");
  assert.ok((await stored(page)).some(({ name }) => name === "after-full.bin"), "what there is room for is kept");
  assert.deepEqual((await ask(page, { ask: "state" })).reply.state.policy.skip_hosts, ["full.example"]);
});

test("E32: bytes of the profile's own databases are turned over: it starts, says so by its defaults, and checks", { timeout: 180_000 }, async (t) => {
  t.diagnostic(`QUORUM_SEED=${SEED}`);
  const next = chance(SEED);
  const { depot, chromium: first, page } = await connected(t);
  await download(first, page, "sound.bin");
  await first.close();
  let last = first;
  for (const round of [1, 2, 3]) {
    let turned = 0;
    for (const room of ["IndexedDB", "Local Extension Settings"]) {
      const folder = join(last.profile.path, "Default", room);
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name === "LOCK" || !entry.parentPath.includes(last.id)) continue;
        const path = join(entry.parentPath, entry.name);
        const bytes = readFileSync(path);
        for (let n = 0; n < 3 * round && bytes.length > 0; n++) {
          const at = Math.floor(next() * bytes.length);
          bytes[at] = (bytes[at] ?? 0) ^ 0xff;
          turned++;
        }
        writeFileSync(path, bytes);
      }
    }
    assert.ok(turned > 10, "there was something to damage");
    last = await Chromium.launch({ after: last });
    const chromium = last;
    t.after(() => chromium.close());
    const began = performance.now();
    const own = await chromium.open("options.html");
    const { state } = (await ask(own, { ask: "state" })).reply;
    assert.ok(performance.now() - began < 15_000, "it answers");
    assert.ok(state.address === null || state.address === undefined || state.address === depot.origin, `an address that nobody gave: ${state.address}`);
    await own.close();
    const again = await attach(chromium, depot, true);
    assert.equal((await download(chromium, again, `damaged-${round}.bin`)).assessment.verdict, "unknown");
    await chromium.close();
  }
});

/** Hosts of an intranet, as a browser sees them. This machine is none: its own files are looked up, by their hash. */
const PRIVATE = [
  "10.1.2.3", "10.255.0.1", "172.16.0.9", "172.31.255.1", "192.168.1.1", "192.168.100.7", "169.254.10.10", "100.64.0.1", "198.18.0.5", "192.0.2.44",
  "[fd00::1]", "[fc00::7]", "nas.local", "printer.local", "wiki.internal", "build.corp.internal", "router.home.arpa", "intranet", "files", "host.test",
];

test("E21: downloads from twenty addresses of the intranet land, and the backend hears of none of them", { timeout: 180_000 }, async (t) => {
  const { depot, chromium, page } = await connected(t, { hosts: PRIVATE.map((host) => `MAP ${host} 127.0.0.1`).join(",") });
  const asked = depot.record.requests.length;
  const { port } = new URL(site.origin);
  let landed = 0;
  for (const [number, host] of PRIVATE.entries()) {
    const name = `intranet-${number}.bin`;
    const bytes = unknown(name);
    site.put(name, bytes);
    site.link(name, `/d/attachment/${name}?token=${number}`);
    const start = await chromium.visit(`http://${host}:${port}/p/${name}`);
    const item = await chromium.downloads.of(() => start.click("#go"));
    assert.ok(readFileSync(item.filename).equals(bytes), host);
    landed++;
    // The popup over such a page asks about it by itself.
    const popup = await chromium.open("popup.html");
    await ask(popup, { ask: "current_page" });
    await popup.close();
    await start.close();
    const record = await checked(page, (record) => record.name === name && record.phase === "done", host);
    assert.notEqual(record.assessment.verdict, "clean", host);
  }
  assert.equal(landed, 20);
  const said = depot.record.requests.slice(asked).map(({ method, url }) => `${method} ${url}`);
  assert.deepEqual(said, []);
});

test("E33: ten thousand texts are read, and the memory stays where it was", { timeout: 180_000 }, async (t) => {
  const { chromium, page } = await connected(t);
  const worker = chromium.browser.targets().findLast((target) => target.type() === "service_worker" && target.url().includes(chromium.id));
  const session = await /** @type {import("puppeteer-core").Target} */ (worker).createCDPSession();
  /** JavaScript's heap and the memories of the WebAssembly modules, in bytes. */
  const used = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = /** @type {any} */ (await session.send("Runtime.getHeapUsage"));
    return usedSize + backingStorageSize;
  };
  const read = (/** @type {number} */ from, /** @type {number} */ to) =>
    page.evaluate(
      async (from, to) => {
        for (let n = from; n < to; n += 50) {
          const answers = await Promise.all(
            Array.from({ length: 50 }, (_, k) => chrome.runtime.sendMessage({ read: { text: `hxxp://bad[.]example-${n + k}.com/${"x".repeat(500)} and 8.8.4[.]4 {"a":[[[[` } })),
          );
          if (!answers.every(({ ok }) => ok)) throw new Error("a text was refused");
        }
      },
      from,
      to,
    );
  await read(0, 1_000);
  const before = await used();
  await read(1_000, 11_000);
  const after = await used();
  t.diagnostic(`${before} bytes before, ${after} after`);
  assert.ok(after - before < 2_000_000, `${after - before} bytes more`);
  await session.detach();
});
