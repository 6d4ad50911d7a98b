// What a verdict rests on where sites give different askers different bytes. Attack catalogue: E23.

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { attach, checked } from "../harness/messages.mjs";
import { record } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { KINDS } from "../harness/subjects.mjs";
import { build, temporaryFolder } from "../harness/tree.mjs";

/** @type {import("../harness/site.mjs").Site} */
let site;
const depot = new Depot();
before(async () => {
  [site] = [await startSite(), await depot.start()];
});
after(() => Promise.all([site?.close(), depot.close()]));

/** Downloads what a page offers, and gives its record. @param {string} address @param {Chromium} browser @param {import("puppeteer-core").Page} ours */
async function download(address, browser, ours) {
  const start = await browser.visit(address);
  const item = await browser.downloads.of(() => start.click("#go"));
  await start.close();
  assert.equal(item.state, "complete");
  return { item, record: await checked(ours, ({ download, phase }) => download === item.id && phase === "done") };
}

test("E23: without the saved file, what is not the same bytes for sure is never called clean", { timeout: 180_000 }, async (t) => {
  // The build of the tests without the right to read files.
  const folder = temporaryFolder("no-files");
  t.after(folder.remove);
  cpSync(build("chromium-test"), folder.path, { recursive: true });
  const manifest = join(folder.path, "manifest.json");
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, "utf8")), host_permissions: ["https://*/*", "http://*/*"] }));
  const browser = await Chromium.launch({ extension: folder.path });
  t.after(async () => {
    await browser.close();
    browser.remove();
  });
  const ours = await attach(browser, depot);
  // The backend has something good to say about every file, and nothing about addresses.
  depot.instead = (about, { url }, response) => {
    if (about !== "report") return false;
    depot.stored.set(url.split("/").at(-1) ?? "", 1);
    void response;
    return false;
  };
  t.after(() => void (depot.instead = () => false));
  /** @type {Record<string, [string, string]>} */
  const seen = {};
  for (const { name, page: make } of KINDS) {
    if (!["plain", "different bytes to the second asker", "same size, other bytes to the second asker", "one-time link", "a page for the second asker", "POST", "blob:"].includes(name)) continue;
    const { record } = await download(make(site), browser, ours);
    seen[name] = [record.assessment.verdict === "clean" ? "clean" : "no praise", record.assessment.evidence];
  }
  assert.deepEqual(seen, {
    plain: ["clean", "second_copy"],
    "blob:": ["clean", "second_copy"],
    POST: ["no praise", "address"],
    "one-time link": ["no praise", "address"],
    "different bytes to the second asker": ["no praise", "address"],
    // Nobody can tell these without the saved file: the grade says what was looked at.
    "same size, other bytes to the second asker": ["clean", "second_copy"],
    "a page for the second asker": ["no praise", "address"],
  });
  const popup = await browser.open("popup.html");
  await record(popup, "reversed.bin", "Nothing found", "second copy");
  await record(popup, "fickle.bin", "Not checked");
  await popup.close();
});
