// YARA rules as their owner handles them: taken in from files and taken along, switched on and off one by one, as a
// text and as a pack. And what a large file costs: its memory is given back, and one above the limit is refused aloud.

import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { sha256 } from "../harness/files.mjs";
import { listen } from "../harness/listen.mjs";
import { by, photograph, text, there } from "../harness/pages.mjs";
import { memory } from "../harness/processes.mjs";
import { picture } from "../harness/tree.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const MARK = `quorum-rules-${process.pid}`;
/** @param {string} name */
const rule = (name) => `rule ${name} { strings: $mark = "${MARK}" condition: $mark }\n`;

/** @type {Chromium} */
let chromium;
/** @type {Page} */
let page;
before(async () => {
  chromium = await Chromium.launch();
  page = await chromium.open("rules.html");
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
});

/** @param {string} name @param {string | Buffer} content @returns {string} its path */
function file(name, content) {
  const path = join(chromium.profile.path, name);
  writeFileSync(path, content);
  return path;
}

/** @param {Page} page @param {string} selector @param {...string} paths */
async function choose(page, selector, ...paths) {
  const field = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.waitForSelector(selector));
  await field.uploadFile(...paths);
}

let dropped = 0;
/**
 * The rules that the popup says match a file with the mark in it that is dropped there.
 * @param {string} one of them: all are shown together
 * @returns {Promise<string[]>} their names, sorted
 */
async function matching(one) {
  const popup = await chromium.open("popup.html");
  await choose(popup, "#file", file(`dropped-${dropped++}.bin`, `a file with ${MARK} in it, number ${dropped}`));
  await text(popup, ".scanned .match", one);
  const all = await popup.$$eval(".scanned .match .label", (labels) => labels.map((label) => label.textContent ?? ""));
  await popup.close();
  return all.sort();
}

/** Presses a switch and waits until the background has it. @param {string} selector @param {boolean} on */
async function flip(selector, on) {
  const box = await there(page, selector);
  await box.click();
  await page.waitForFunction((box, on) => /** @type {HTMLInputElement} */ (box).checked === on, {}, box, on);
  // What is stored is told by the list that comes back.
  await page.waitForFunction(
    async (id, on) => {
      const { reply } = await chrome.runtime.sendMessage({ library: JSON.stringify("rules") });
      const { rules } = JSON.parse(reply.library).Ok;
      const is = id.slice("switch-".length);
      const all = [...rules.own, ...rules.packs];
      return is === "built-in" ? rules.built_in === on : (all.find((one) => one.id === is)?.enabled ?? !rules.off.includes(is)) === on;
    },
    {},
    await box.evaluate((box) => box.id),
    on,
  );
}

test("many texts are taken in at once, one is shown first, and what is taken along is what came in", { timeout: 120_000 }, async () => {
  await choose(page, "#import", file("first.yar", rule("first")), file("second.yara", rule("second")));
  await page.waitForFunction(() => document.querySelectorAll(".entry .actions").length === 2);
  await text(page, ".entry", "first");
  await text(page, ".entry", "second");

  await choose(page, "#import", file("third.yar", rule("third")));
  assert.equal(await page.$eval(".sheet textarea", (area) => /** @type {HTMLTextAreaElement} */ (area).value), rule("third"), "one is shown before it is kept");
  assert.equal((await page.$$(".entry .actions")).length, 2);
  await text(page, "#rule-status", "No errors. 1 rule");
  await (await there(page, by("button", "Save"))).click();
  await page.waitForFunction(() => document.querySelectorAll(".entry .actions").length === 3);

  const item = await chromium.downloads.of(async () => (await there(page, '::-p-xpath(//li[.//label[normalize-space(.)="second"]]//button[normalize-space(.)="Export"])')).click());
  assert.equal(item.state, "complete");
  assert.match(item.filename, /second\.yar$/);
  assert.equal(readFileSync(item.filename, "utf8"), rule("second"));
  assert.deepEqual(await matching("first"), ["first", "second", "third"], "all three are applied");
  await photograph(page, picture("rules-own"), { width: 1000, height: 1000 });
});

test("a text, a single rule, a pack and the built-in rules are switched off and on again", { timeout: 180_000 }, async (t) => {
  const packed = Buffer.from(rule("from_a_pack"));
  const server = await listen((request, response) => {
    const manifest = { quorum_rules: 1, name: "Switched pack", version: "1", license: "MIT", files: [{ path: "one.yar", size: packed.length, sha256: sha256(packed) }] };
    response.writeHead(200, { "access-control-allow-origin": "*" }).end(request.url === "/pack.json" ? JSON.stringify(manifest) : packed);
  });
  t.after(() => server.close());
  await (await there(page, "#pack-url")).type(`${server.origin}/pack.json`);
  await (await there(page, by("button", "Add pack"))).click();
  await text(page, ".entry", "Switched pack", "1 rule");
  const all = ["first", "from_a_pack", "second", "third"];
  const without = (/** @type {string} */ name) => all.filter((one) => one !== name);
  assert.deepEqual(await matching("from_a_pack"), all);

  const switches = { first: by("checkbox", "first"), "Switched pack": by("checkbox", "Switched pack") };
  await flip(switches.first, false);
  assert.deepEqual(await matching("second"), without("first"), "a text that is off is not applied");
  await flip(switches.first, true);
  assert.deepEqual(await matching("second"), all);

  await flip(switches["Switched pack"], false);
  assert.deepEqual(await matching("second"), without("from_a_pack"), "nor is a pack");
  await flip(switches["Switched pack"], true);
  assert.deepEqual(await matching("second"), all);

  await page.$$eval("details", (all) => all.forEach((details) => details.setAttribute("open", "")));
  const single = "#switch-own\\/third\\/third";
  await flip(single, false);
  assert.deepEqual(await matching("second"), without("third"), "a rule that is off is not shown");
  await flip(single, true);
  assert.deepEqual(await matching("second"), all);

  await flip("#switch-built-in", false);
  await flip("#switch-built-in", true);
});

test("a large file is scanned as a whole, and the memory that it took is given back", { timeout: 120_000 }, async (t) => {
  await matching("first"); // whatever a scan needs is there by now
  await (await there(page, by("button", "New rules"))).click();
  await page.$eval(".sheet textarea", (area, source) => {
    const element = /** @type {HTMLTextAreaElement} */ (area);
    element.value = source;
    element.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, rule("large"));
  await text(page, "#rule-status", "No errors. 1 rule");
  const before = memory(chromium);
  assert.ok(before > 10_000_000, "the processes are found");
  const large = Buffer.alloc(120_000_000, "quorum ");
  large.write(MARK, 100_000_000);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, memory(chromium))), 20);
  await choose(page, "#try-file", file("large.bin", large));
  assert.deepEqual(await page.$$(".tried .match"), [], "nothing was tried before");
  await text(page, ".tried .match .label", "large");
  clearInterval(watch);
  let end = memory(chromium);
  for (const until = Date.now() + 20_000; end - before > 40_000_000 && Date.now() < until; end = memory(chromium)) await new Promise((resolve) => setTimeout(resolve, 100));
  t.diagnostic(`${before} bytes before, ${most} at most, ${end} afterwards`);
  // Measured from the end: what was there before may have been waiting for the collector.
  assert.ok(most - end > 100_000_000, "the file was held as a whole");
  assert.ok(end - before < 40_000_000, `${end - before} bytes stay`);
});

test("a file of more than 2 GB is not scanned, and that is said", { timeout: 60_000 }, async () => {
  const path = file("huge.bin", MARK);
  const handle = openSync(path, "r+");
  ftruncateSync(handle, 2 ** 31 + 1);
  closeSync(handle);
  await choose(page, "#try-file", path);
  await text(page, ".tried", "Not scanned: the file is larger than 2 GB");
});
