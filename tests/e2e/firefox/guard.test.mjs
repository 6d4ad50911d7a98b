// The guard in Firefox beside what parity.test.mjs shows: history, the log of what was sent, private windows, and an
// event page that Firefox ends in the middle of an upload. Attack catalogue: E21, E25.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Depot } from "../harness/depot.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { stored } from "../harness/journal.mjs";
import { listen } from "../harness/listen.mjs";
import { ask, attach, checked } from "../harness/messages.mjs";
import { by, photograph, record, text, there } from "../harness/pages.mjs";
import { holding } from "../harness/search.mjs";
import { startSite } from "../harness/site.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/site.mjs").Site} */
let site;
/** @type {Depot} */
let depot;
before(async () => {
  site = await startSite();
  depot = new Depot();
  await depot.start();
});
after(() => Promise.all([site?.close(), depot?.close()]));

/** @param {import("node:test").TestContext} t @param {import("../harness/firefox.mjs").Options} [options] */
async function launched(t, options) {
  const firefox = await Firefox.launch({ observed: true, ...options });
  t.after(async () => {
    await firefox.close();
    firefox.remove();
  });
  return { firefox, page: await attach(firefox, depot, !options?.privately) };
}

/** @param {Firefox} firefox @param {import("puppeteer-core").Page} page @param {string} name @param {Buffer} bytes */
async function download(firefox, page, name, bytes) {
  site.put(name, bytes);
  const start = await firefox.visit(site.link(name, `/d/attachment/${name}`));
  const [item] = await firefox.downloads.all(1, () => start.click("#go"));
  await start.close();
  assert.equal(item?.state, "complete");
  return checked(page, (record) => record.name === name && record.phase === "done");
}

test("the history shows, finds and forgets, and the log of what was sent equals the wire", { timeout: 120_000 }, async (t) => {
  const { firefox, page } = await launched(t);
  const bodies = ["oak", "ash", "elm"].map((name) => ({ name: `${name}.bin`, bytes: unknown(name) }));
  for (const { name, bytes } of bodies) await download(firefox, page, name, bytes);
  const [first] = bodies;
  assert.ok(first);
  const { id } = await checked(page, ({ name }) => name === first.name);
  await ask(page, { ask: "upload", id });
  await checked(page, ({ name, upload }) => name === first.name && upload === "done");

  const { sent } = (await ask(page, { ask: "sent" })).reply;
  const { origin } = new URL(depot.origin);
  assert.deepEqual(
    sent.filter((/** @type {any} */ { url }) => url.startsWith(origin)).map((/** @type {any} */ { method, url }) => `${method} ${url.slice(origin.length)}`).sort(),
    depot.record.requests.map(({ method, url }) => `${method} ${url}`.replaceAll(depot.key, "[key]")).sort(),
  );
  assert.ok(!JSON.stringify(sent).includes(depot.key));
  const copies = sent.filter((/** @type {any} */ { url }) => url.startsWith(site.origin)).map((/** @type {any} */ { url }) => new URL(url).pathname);
  const fetched = site.record.requests.map(({ url }) => url).filter((url) => url.startsWith("/d/"));
  assert.deepEqual([...copies, ...bodies.map(({ name }) => `/d/attachment/${name}`)].sort(), fetched.sort(), "the browser asked once for each, and we as often as the log says");

  const history = await firefox.open("history.html", "ul.downloads > li");
  const names = () => history.$$eval("ul.downloads > li .name", (all) => all.map((one) => String(one.textContent).trim()));
  assert.deepEqual(await names(), ["elm.bin", "ash.bin", "oak.bin"]);
  await history.locator(by("searchbox", "Search by name, address, label or hash")).fill("ash");
  await history.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length === 1);
  await text(history, "ul.downloads > li", "ash.bin", "Unknown", /after/);
  await photograph(history, picture("firefox-history"), { width: 900, height: 900 });
  await (await there(history, by("searchbox", "Search by name, address, label or hash"))).click({ count: 3 });
  await history.keyboard.press("Backspace");
  await history.waitForFunction(() => document.querySelectorAll("ul.downloads > li").length === 3);
  await (await there(history, by("button", "Forget all"))).click();
  await (await there(history, by("button", "Press again to forget all"))).click();
  await text(history, "main", "0 downloads are kept");
  assert.deepEqual(await stored(history), []);
});

test("what a page made as a blob is a second copy as long as the page has it, and the address alone once it is withdrawn", { timeout: 120_000 }, async (t) => {
  const { firefox, page } = await launched(t);
  const body = "the bytes of a blob that nobody takes away";
  const kept = await firefox.visit(site.page("kept", `<a id="go" download="kept.bin">blob</a><script>document.querySelector("#go").href = URL.createObjectURL(new Blob([${JSON.stringify(body)}]));</script>`));
  const [item] = await firefox.downloads.all(1, () => kept.click("#go"));
  assert.equal(item?.state, "complete");
  const read = await checked(page, ({ name, phase }) => name === "kept.bin" && phase === "done");
  await kept.close();
  assert.deepEqual([read.assessment.evidence, read.digests.sha256], ["second_copy", sha256(Buffer.from(body))]);
  const rung = (/** @type {any} */ { tried }) => tried.find((/** @type {any} */ { by }) => by === "second_copy");
  assert.deepEqual(rung(read), { by: "second_copy", failure: null });

  // Withdrawn in the same turn in which it is clicked: nobody comes between, and the browser has it all the same.
  const gone = await firefox.visit(
    site.page(
      "withdrawn",
      `<button id="go">blob</button><script>document.querySelector("#go").addEventListener("click", () => {
        const link = Object.assign(document.createElement("a"), { download: "withdrawn.bin", href: URL.createObjectURL(new Blob([${JSON.stringify(body)}])) });
        link.click();
        URL.revokeObjectURL(link.href);
      });</script>`,
    ),
  );
  const [late] = await firefox.downloads.all(1, () => gone.click("#go"));
  assert.equal(late?.state, "complete");
  const unread = await checked(page, ({ name, phase }) => name === "withdrawn.bin" && phase === "done");
  await gone.close();
  assert.deepEqual([unread.assessment.evidence, unread.digests], ["address", null]);
  assert.deepEqual(rung(unread), { by: "second_copy", failure: "withdrawn" });
  const popup = await firefox.open("popup.html", "input");
  await record(popup, "withdrawn.bin", "Not checked", "does not give it out any more", "Only the address was checked");
  await record(popup, "kept.bin", "A second copy was read");
});

test("what an organisation sets counts: a list of its own is asked, and the user can neither switch nor remove it", { timeout: 120_000 }, async (t) => {
  const listed = unknown("listed");
  const office = await listen((_, response) => void response.writeHead(200, { "access-control-allow-origin": "*" }).end(`${sha256(listed)}\n`));
  t.after(() => office.close());
  const { firefox, page } = await launched(t, { managed: { lists: [`${office.origin}/bad.txt`], skip_endings: ["iso"] } });
  const lists = await firefox.open("lists.html", ".feed");
  await text(lists, ".feed", "Set by your organisation", "1 entry");
  assert.deepEqual(await lists.$$eval(".feed input", (all) => all.map(({ checked, disabled }) => ({ checked, disabled }))), [{ checked: true, disabled: true }]);
  assert.deepEqual(await lists.$$eval(".feed button", (all) => all.map(({ textContent }) => textContent)), ["Update now"]);
  const found = await download(firefox, page, "listed.bin", listed);
  assert.equal(found.assessment.verdict, "malicious");
  assert.deepEqual((await ask(page, { ask: "state" })).reply.state.managed, ["lists", "skip_endings"]);
});

test("E21: a private window's download is checked and leaves nothing in the profile", { timeout: 120_000 }, async (t) => {
  const { firefox, page } = await launched(t, { privately: true });
  const secret = unknown("secret");
  // A name that is found nowhere by chance.
  const name = randomBytes(16).toString("hex");
  const asked = depot.record.requests.length;
  const record = await download(firefox, page, `${name}.bin`, secret);
  assert.equal(record.private, true);
  assert.equal(record.digests.sha256, sha256(secret));
  assert.ok(depot.record.requests.slice(asked).some(({ url }) => url.includes(sha256(secret))), "the backend was asked");
  assert.deepEqual((await ask(page, { ask: "sent" })).reply.sent.filter((/** @type {any} */ { url }) => url.includes(sha256(secret))), []);
  await firefox.close();
  for (const trace of [sha256(secret), name]) {
    assert.deepEqual(holding(firefox.profile.path, trace).map((file) => file.slice(firefox.profile.path.length)), [], trace);
  }
});

test("E25: the event page is ended while it sends a file in, and the file is stored once", { timeout: 180_000 }, async (t) => {
  // Firefox ends it after so many milliseconds without an event.
  const { firefox, page } = await launched(t, { preferences: { "extensions.background.idle.timeout": 1_000 } });
  const bytes = unknown("sent-in");
  const { id } = await download(firefox, page, "sent-in.bin", bytes);
  // The answer waits until nobody is there any more who could hear it.
  /** @type {Promise<unknown> | undefined} */
  let left;
  const reached = new Promise((resolve) => {
    depot.instead = (about, _, response) => {
      if (about === "upload" && !left) resolve((left = new Promise((resolve) => response.once("close", resolve))));
      return false;
    };
  });
  depot.at = async (about, at) => void (about === "upload" && at === "asked" && (await left));
  await ask(page, { ask: "upload", id });
  // A page of ours that is open hears news, and may keep it alive.
  await page.close();
  await reached;
  await left;
  depot.at = () => {};
  depot.instead = () => false;
  const again = await firefox.open("popup.html", "input");
  await checked(again, (record) => record.id === id && record.upload === "done" && record.open === 0, "it is not sent in");
  assert.equal(depot.stored.get(sha256(bytes)), 1);
});
