// What the backend has no room for just now: it goes on by itself when there is room, in its turn; and what the user does
// not want any more does not. Attack catalogue: E26.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256 } from "../harness/files.mjs";
import { age, settled, stored } from "../harness/journal.mjs";
import { ask, attach, checked } from "../harness/messages.mjs";
import { photograph, pressInRecord, record, text } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/site.mjs").Site} */
let site;
before(async () => {
  site = await startSite();
});
after(() => site?.close());

/** @param {import("node:test").TestContext} t @param {(depot: Depot) => void} [prepare] */
async function begun(t, prepare = () => {}) {
  const depot = new Depot();
  prepare(depot);
  await depot.start();
  const chromium = await Chromium.launch();
  t.after(async () => {
    depot.at = () => {};
    await chromium.close();
    chromium.remove();
    await depot.close();
  });
  const page = await attach(chromium, depot, true);
  /** @param {string} name @param {Buffer} body */
  const download = async (name, body) => {
    site.put(name, body);
    const start = await chromium.visit(site.link(name, `/d/attachment/${name}`));
    const item = await chromium.downloads.of(() => start.click("#go"));
    await start.close();
    assert.equal(item.state, "complete");
  };
  return { chromium, depot, page, download };
}

test("E26: downloads for which the budget has no room are all looked up in their turn, with nobody there to ask", { timeout: 300_000 }, async (t) => {
  // Ten a minute: one of them was for the account, and the last is the user's.
  const { chromium, depot, page, download } = await begun(t, (depot) => {
    depot.quotas = { api_requests_hourly: { allowed: 600, used: 0 } };
  });
  const bodies = Array.from({ length: 12 }, (_, n) => Buffer.from(`the file ${n} of many`));
  for (const [n, body] of bodies.entries()) await download(`many-${n}.bin`, body);
  const popup = await chromium.open("popup.html");
  await record(popup, "many-11.bin", "Not checked", "Goes on by itself");
  await photograph(popup, picture("goes-on"), { width: 380, height: 600 });
  await popup.close();
  // From here on nobody wakes the worker but its own alarm.
  const quiet = await chromium.open("manifest.json");
  await page.close();
  await chromium.stopWorker(quiet);
  const records = await settled(quiet, (records) => records.length >= 12 && records.every(({ open }) => open === 0));
  assert.deepEqual([...new Set(records.map(({ assessment }) => assessment.verdict))], ["unknown"]);
  const asked = bodies.map((body) => depot.record.requests.filter(({ url }) => url.endsWith(sha256(body))).length);
  assert.deepEqual(asked, bodies.map(() => 1), "each was asked about once");
});

test("E25: the browser ends the worker where it waits with nothing to do, and the alarm has it go on", { timeout: 180_000 }, async (t) => {
  const { chromium, depot, page, download } = await begun(t);
  depot.instead = (_, __, response) => Boolean(response.writeHead(503).end());
  await download("idle.bin", Buffer.from("nobody knows this yet"));
  await settled(page, (records) => records.some(({ later, read }) => later?.at && read === "saved_file"));
  const quiet = await chromium.open("manifest.json");
  await page.close();
  const states = await chromium.workerStates(quiet);
  // Thirty seconds without an event, by the browser's own clock: nobody stops it.
  await states.reach("stopped");
  depot.instead = () => false;
  const [before] = await stored(quiet);
  assert.deepEqual([before.open, before.assessment.verdict], [1, "unchecked"], "it has gone to sleep with something to do");
  // Nobody is there to wake it but its alarm.
  await states.reach("running");
  const records = await settled(quiet, (records) => records.every(({ open }) => open === 0));
  assert.deepEqual(records.map(({ name, assessment }) => [name, assessment.verdict]), [["idle.bin", "unknown"]]);
});

test("an upload that the user cancels does not arrive, and the record is as it was before", { timeout: 120_000 }, async (t) => {
  const { chromium, depot, page, download } = await begun(t);
  const body = Buffer.alloc(5_000_000, "not to be sent ");
  await download("mine.bin", body);
  const before = await checked(page, ({ name, phase, read }) => name === "mine.bin" && phase === "done" && read === "saved_file");
  // It never gets further than its first bytes.
  const coming = depot.halt("upload", "coming");
  const popup = await chromium.open("popup.html");
  await record(popup, "mine.bin", "Unknown");
  await pressInRecord(popup, "mine.bin", "Upload for analysis");
  await coming.reached;
  await record(popup, "mine.bin", "Sending the file");
  await photograph(popup, picture("upload-cancel"), { width: 380, height: 600 });
  await pressInRecord(popup, "mine.bin", "Cancel the upload");
  const after = await checked(page, ({ name, upload }) => name === "mine.bin" && upload === "no");
  assert.deepEqual([after.assessment, after.open, after.phase], [before.assessment, 0, "done"]);
  await record(popup, "mine.bin", "Upload for analysis");
  assert.equal(depot.stored.size, 0);
});

test("a rule has new files of a host and a type sent in without a click, and documents not", { timeout: 120_000 }, async (t) => {
  const { depot, page, download } = await begun(t);
  const { policy } = (await ask(page, { ask: "state" })).reply.state;
  assert.ok((await ask(page, { ask: "set_policy", policy: { ...policy, send: [{ host: new URL(site.origin).hostname, types: ["*"] }] } })).ok);
  const [tool, letter] = [Buffer.from("a tool"), Buffer.from("a letter")];
  await download("tool.bin", tool);
  await download("letter.pdf", letter);
  await checked(page, ({ name, upload, open }) => name === "tool.bin" && upload === "done" && open === 0);
  await checked(page, ({ name, upload, phase }) => name === "letter.pdf" && upload === "no" && phase === "done");
  assert.deepEqual([...depot.stored], [[sha256(tool), 1]]);
});

test("E27: with the quota used up, the last answer is shown, with its age and the reason", { timeout: 120_000 }, async (t) => {
  const { chromium, depot, page } = await begun(t);
  const digest = sha256(Buffer.from("seen before"));
  depot.malicious.add(digest);
  const report = await chromium.open(`report.html?indicator=${digest}`);
  await text(report, "h1", "Malicious");
  // Two hours ago: too old to stand for a new one.
  const quiet = await chromium.open("manifest.json");
  for (const open of [report, page]) await open.close();
  await chromium.stopWorker(quiet);
  await age(quiet, 2 * 3_600_000);
  depot.instead = (_, _request, response) => {
    response.writeHead(429, { "content-type": "application/json", "retry-after": "86400" });
    response.end('{"error": {"code": "QuotaExceededError", "message": "Quota exceeded"}}');
    return true;
  };
  const again = await chromium.open(`report.html?indicator=${digest}`);
  await text(again, "h1", "Malicious");
  await text(again, "body", "The quota is used up", "checked 2 hours ago");
  await photograph(again, picture("stale"), { width: 1100, height: 900 });
});
