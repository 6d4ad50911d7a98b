// Local lists: taken from the backend and from an address, kept when the new one is damaged, and asked before
// anything leaves, with no backend at all too.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Display } from "../harness/display.mjs";
import { sha256, unknown, zip } from "../harness/files.mjs";
import { listen } from "../harness/listen.mjs";
import { by, checkDownloads, look, photograph, record, saveAndCheck, status, text, there } from "../harness/pages.mjs";
import { Proxy } from "../harness/proxy.mjs";
import { Recorder } from "../harness/record.mjs";
import { card, readCard, rightClick } from "../harness/right-click.mjs";
import { Server } from "../harness/server.mjs";
import { startSite } from "../harness/site.mjs";
import { attachment } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

const HOST = "lists-e2e.example";
const V1 = "/api/quorum/v1";

const [first, second, third] = [unknown("first"), unknown("second"), unknown("third")];
const server = new Server();
const display = new Display();
/** @type {Proxy} */
let proxy;
/** @type {import("../harness/site.mjs").Site} */
let site;
/** The user of the extension. @type {import("../harness/server.mjs").Person} */
let erin;
/** The extension that is connected. @type {Chromium} */
let chromium;

/** Beside the one hash that each server lists. @param {...Buffer} files */
const listHashes = (...files) => writeFileSync(join(server.data, "packs", "hashes", "e2e.txt"), files.map((file) => `${sha256(file)}\tTest.Listed\n`).join(""));

before(async () => {
  await Promise.all([server.start(), display.start()]);
  writeFileSync(join(server.data, "packs", "hosts", "e2e.txt"), `${HOST}\tTest.Host\n`);
  listHashes(first);
  erin = await server.person("erin");
  proxy = new Proxy(server.origin);
  await proxy.start();
  site = await startSite();
  chromium = await launch();
  const options = await chromium.open("options.html");
  await saveAndCheck(options, { address: proxy.origin, key: erin.key });
  await status(options, "erin");
  await checkDownloads(options, true);
  await options.close();
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
  await Promise.all([site?.close(), proxy?.close(), server.close(), display.close()]);
});

/** What the server has, as nobody's extension asks for it. @param {string} path below /api/quorum/v1 */
async function get(path) {
  const response = await fetch(`${server.origin}${V1}/${path}`, { headers: { "x-apikey": erin.key } });
  return Buffer.from(await response.arrayBuffer());
}

/** Waits until the server has read its files and made this version of the hashes. @param {number} version */
async function published(version) {
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    const { data } = JSON.parse((await get("packs/lists")).toString());
    if (data.find((/** @type {any} */ { id }) => id === "files-sha256").attributes.version === version) return;
    await new Promise((resolve) => setTimeout(resolve, 100)); // the API can only be polled
  }
  throw new Error(`no version ${version} after 30 s`);
}

/** @param {import("../harness/chromium.mjs").Options} [options] */
async function launch(options) {
  const launched = await Chromium.launch(options);
  const page = await launched.open("options.html");
  await checkDownloads(page, true);
  await page.close();
  return launched;
}

/** @param {Buffer} bytes @param {string} name @param {Chromium} [browser] */
const download = (bytes, name, browser = chromium) => attachment({ chromium: browser, site }, name, bytes);

/** @param {string} name @param {Chromium} browser @param {...(string | RegExp)} words */
async function told(name, browser, ...words) {
  const popup = await browser.open("popup.html");
  const said = await record(popup, name, ...words);
  await popup.close();
  return said;
}

/** What was asked for of the lists since. @param {Recorder} record @param {number} since */
const asked = (record, since) => record.requests.slice(since).map(({ method, url }) => `${method} ${url.replace(V1, "")}`).filter((asked) => asked.includes("/packs/"));

/** @param {import("puppeteer-core").Page} page lists.html @param {string} list @param {string} content */
async function save(page, list, content, good = false) {
  await (await there(page, by("button", "New list"))).click();
  await (await there(page, "#list-name")).type(list);
  if (good) await (await there(page, "#list-good")).click();
  await (await there(page, "#list-text")).type(content);
  await (await there(page, by("button", "Save"))).click();
  await text(page, ".entry", list);
}

test("the backend's lists are taken with its key, and then only what changed", { timeout: 120_000 }, async () => {
  const page = await chromium.open("lists.html");
  const name = new URL(proxy.origin).host;
  let since = proxy.record.requests.length;
  await (await there(page, by("button", `Use the lists of ${name}`))).click();
  await text(page, ".feed", "files-sha256", "Files by SHA-256 · 2 entries · version 1");
  await text(page, ".feed", "fetched");
  const fetched = asked(proxy.record, since);
  assert.deepEqual(fetched.sort(), ["GET /packs/lists", ...["files-md5", "files-sha1", "files-sha256", "urls"].map((list) => `GET /packs/lists/${list}/1`)]);
  for (const { url, headers } of proxy.record.requests.slice(since)) assert.equal(headers["x-apikey"], erin.key, url);
  await photograph(page, picture("lists"), { width: 1000, height: 1000 });

  listHashes(first, second);
  await published(2);
  since = proxy.record.requests.length;
  await (await there(page, by("button", "Update now"))).click();
  await text(page, ".feed", "Files by SHA-256 · 3 entries · version 2");
  assert.deepEqual(asked(proxy.record, since), ["GET /packs/lists", "GET /packs/lists/files-sha256/2/from/1"]);
  await page.close();

  const sent = await chromium.open("sent.html");
  await text(sent, "li", "Rules or lists were fetched", `${V1}/packs/lists/files-sha256/2/from/1`, "update of rules or lists", "with the key");
  await sent.close();
});

test("a hit by four bytes is confirmed by the backend, which is not told what is meant", { timeout: 60_000 }, async () => {
  const since = proxy.record.requests.length;
  const popup = await chromium.open("popup.html");
  await look(popup, `http://www.${HOST}/some/page`, "Malicious");
  await text(popup, ".reasons", `${HOST} is on the list urls of`, "as Test.Host");
  await photograph(popup, picture("popup-listed"), { width: 380, height: 600 });
  await popup.close();
  const lookups = proxy.record.requests.slice(since).filter(({ url }) => url === `${V1}/lookups`);
  assert.equal(lookups.length, 1);
  const { expressions } = JSON.parse(/** @type {any} */ (lookups[0]).body.toString()).data;
  assert.equal(expressions.length, 8);
  assert.ok(expressions.includes(sha256(Buffer.from(`${HOST}/`)).slice(0, 8)));
  assert.equal(/** @type {any} */ (lookups[0]).body.includes(HOST), false);
});

test("in a dry run nothing is fetched, and the log says what would have been", { timeout: 60_000 }, async () => {
  const sent = await chromium.open("sent.html");
  const box = await there(sent, "#dry");
  await box.click();
  await sent.waitForFunction(async () => (await chrome.runtime.sendMessage("state")).reply.state.dry_run);
  const page = await chromium.open("lists.html");
  const since = proxy.record.requests.length;
  await (await there(page, by("button", "Update now"))).click();
  await text(page, ".feed", "The lists could not be fetched", "What was there before is still in use");
  await page.close();
  assert.equal(proxy.record.requests.length, since);
  await sent.bringToFront();
  await (await there(sent, by("button", "Reload"))).click();
  await text(sent, "li", "Rules or lists were fetched", "Withheld");
  await box.click();
  await sent.waitForFunction(async () => !(await chrome.runtime.sendMessage("state")).reply.state.dry_run);
  await sent.close();
});

test("E32: what the disk has spoilt is refused and fetched anew, whole", { timeout: 120_000 }, async () => {
  const page = await chromium.open("lists.html");
  await text(page, ".feed", "files-sha256");
  await chromium.stopWorker(page);
  await page.evaluate(async () => {
    const database = await new Promise((resolve) => {
      const opening = indexedDB.open("quorum");
      opening.onsuccess = () => resolve(opening.result);
    });
    const store = database.transaction("lists", "readwrite").objectStore("lists");
    /** @param {IDBRequest} request @returns {Promise<any>} */
    const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const key = (await done(store.getAllKeys())).find((/** @type {string} */ key) => key.endsWith("/files-sha256"));
    const bytes = await done(store.get(key));
    bytes[40] ^= 1;
    await done(store.put(bytes, key));
    database.close();
  });
  // The first question finds it: until it is there again, the backend answers. It was had as an update before.
  await download(unknown("spoilt"), "spoilt.bin");
  await proxy.record.first(({ url }) => url.endsWith("/files-sha256/2"));
  await text(page, ".feed", "Files by SHA-256 · 3 entries · version 2");
  await page.close();
});

test("the backend is gone: a listed download is kept back, and the reason names list, version and whose it is", { timeout: 120_000 }, async () => {
  await proxy.close();
  const item = await download(second, "second.bin");
  assert.equal(item.state, "interrupted");
  await told("second.bin", chromium, "Malicious", /The file is on the list files-sha256 of 127\.0\.0\.1:\d+ \(version 2 of/);
  const inside = await download(zip({ "folder/first.exe": first }), "listed.zip");
  assert.equal(inside.state, "interrupted");
  await told("listed.zip", chromium, "Malicious", "folder/first.exe is on the list files-sha256");
  assert.equal((await download(third, "third.bin")).state, "complete");
  // Short forms that nobody confirms are a doubt, and no more.
  const popup = await chromium.open("popup.html");
  await look(popup, `http://other.${HOST}/`, "Suspicious");
  await text(popup, ".reasons", `The short form of ${HOST} is on the list urls of`);
  await popup.close();
});

test("lists of an address: damaged ones are refused, and those that were there stay", { timeout: 120_000 }, async (t) => {
  // A mirror of what the server has, served as files and without a key.
  const mirrored = new Recorder();
  let version = 2;
  let damaged = false;
  const mirror = await listen(async (request, response) => {
    const { url } = await mirrored.add(request);
    const name = url.replace("/lists/", "");
    if (name === "catalogue.json") {
      const catalogue = JSON.parse((await get("packs/lists")).toString());
      catalogue.data = catalogue.data.filter((/** @type {any} */ { id }) => id === "files-sha256");
      for (const { attributes, links } of catalogue.data) {
        Object.assign(attributes, attributes.versions.find((/** @type {any} */ kept) => kept.version === version));
        links.file = `files-sha256/${version}`;
      }
      return response.end(JSON.stringify(catalogue));
    }
    const bytes = await get(`packs/lists/${name}`);
    if (damaged) bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
    response.end(bytes);
  });
  t.after(() => mirror.close());
  const alone = await launch();
  t.after(async () => {
    await alone.close();
    alone.remove();
  });
  const page = await alone.open("lists.html");
  await (await there(page, "#feed-url")).type(`${mirror.origin}/lists/catalogue.json`);
  await (await there(page, by("button", "Add lists"))).click();
  await text(page, ".feed", "files-sha256", "3 entries · version 2");

  listHashes(first, second, third);
  await published(3);
  [version, damaged] = [3, true];
  await (await there(page, by("button", "Update now"))).click();
  await text(page, ".feed", "Refused: files-sha256 is not what its checksum says", "What was there before is still in use", "3 entries · version 2");
  // The update was tried, and then the whole.
  const files = mirrored.requests.map(({ url }) => url).filter((url) => !url.endsWith(".json"));
  assert.deepEqual(files, ["/lists/files-sha256/2", "/lists/files-sha256/3/from/2", "/lists/files-sha256/3"]);
  assert.equal((await download(second, "again.bin", alone)).state, "interrupted");

  damaged = false;
  await (await there(page, by("button", "Update now"))).click();
  await text(page, ".feed", "4 entries · version 3");
  for (const { headers } of mirrored.requests) assert.equal(headers["x-apikey"], undefined);
  await (await there(page, by("button", "Remove"))).click();
  await page.waitForFunction(() => !document.querySelector(".feed"));
  assert.equal((await download(third, "free.bin", alone)).state, "complete");
});

test("a text from an address is a list, fetched anew as a whole; a page that comes instead is not taken", { timeout: 120_000 }, async (t) => {
  const [bad, later] = [unknown("text-bad"), unknown("text-later")];
  let content = `# Hosts of the tests\n0.0.0.0 text.${HOST}\n||ads.text-e2e.example^\n${sha256(bad)}\n`;
  const publisher = await listen((_, response) => void response.end(content));
  t.after(() => publisher.close());
  const alone = await launch();
  t.after(async () => {
    await alone.close();
    alone.remove();
  });
  const page = await alone.open("lists.html");
  await (await there(page, "#feed-url")).type(`${publisher.origin}/hosts.txt`);
  await (await there(page, by("button", "Add lists"))).click();
  await text(page, ".feed", "2 entries", "1 entry", "fetched");
  assert.equal((await download(bad, "text-bad.bin", alone)).state, "interrupted");
  await told("text-bad.bin", alone, "Malicious", /The file is on the list files-sha256 of 127\.0\.0\.1:\d+/);
  const found = async () => {
    const popup = await alone.open("popup.html");
    await look(popup, "https://www.ads.text-e2e.example/banner.js", "Malicious");
    await popup.close();
    await page.bringToFront();
  };
  await found();

  content = `<!doctype html>\n${"<p>Please sign in to use the network.</p>\n".repeat(20)}`;
  await (await there(page, by("button", "Update now"))).click();
  await text(page, ".feed", "What was there before is still in use");
  await found();

  content = `${sha256(later)}\n`;
  await (await there(page, by("button", "Update now"))).click();
  await page.waitForFunction(() => !document.querySelector(".feed")?.textContent?.includes("still in use"));
  assert.equal((await download(bad, "text-free.bin", alone)).state, "complete");
  assert.equal((await download(later, "text-later.bin", alone)).state, "interrupted");
  await photograph(page, picture("lists-text"), { width: 1000, height: 800 });
});

test("own lists, with no backend at all: downloads, known good, and the right click", { timeout: 180_000 }, async (t) => {
  const alone = await launch({ display });
  t.after(async () => {
    await alone.close();
    alone.remove();
  });
  const [bad, good] = [unknown("own-bad"), unknown("own-good")];
  const page = await alone.open("lists.html");
  await save(page, "mine", `${sha256(bad)}\n0.0.0.0 ${HOST}\nhttp://127.0.0.1/nobody\nwhat is this\n`);
  await text(page, ".entry", "mine", "Bad · 3 entries", "1 line is no entry");
  await save(page, "trusted", sha256(good), true);
  await text(page, ".entry", "trusted", "Known good · 1 entry");
  await photograph(page, picture("lists-own"), { width: 1000, height: 1200 });
  await photograph(page, picture("lists-own-dark"), { width: 380, height: 1200, dark: true });
  await page.close();

  assert.equal((await download(bad, "bad.bin", alone)).state, "interrupted");
  await told("bad.bin", alone, "Malicious", "The file is on your list mine");
  assert.equal((await download(good, "good.bin", alone)).state, "complete");
  await told("good.bin", alone, "Known good", "The file is on your list trusted of what is known to be good");

  const popup = await alone.open("popup.html");
  await look(popup, `https://${HOST}/x`, "Malicious");
  await text(popup, ".reasons", `${HOST} is on your list mine`, /backend/);
  await photograph(popup, picture("popup-listed-no-backend"), { width: 380, height: 600 });
  await popup.close();

  const mail = await alone.visit(site.link("mail", `http://a.${HOST}/invoice.exe`));
  await rightClick(display, mail, "#go");
  const frame = await card(mail);
  const { all } = await readCard(frame, "Malicious");
  assert.match(all, new RegExp(`${HOST} is on your list mine`));
  await mail.screenshot({ path: picture("card-listed") });
  await mail.close();

  const again = await alone.open("lists.html");
  const box = await there(again, by("checkbox", "mine"));
  await box.click();
  await again.waitForFunction((box) => !(/** @type {HTMLInputElement} */ (box).checked), {}, box);
  await again.close();
  assert.equal((await download(bad, "off.bin", alone)).state, "complete");
});
