// YARA in the browser, with no backend at all: the page of the rules, the editor, a rule that never ends, a
// pack from an address, and rules on downloads and dropped files.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { sha256 } from "../harness/files.mjs";
import { listen } from "../harness/listen.mjs";
import { ask } from "../harness/messages.mjs";
import { by, checkDownloads, photograph, pressInRecord, record, text, there } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { picture } from "../harness/tree.mjs";

const MARK = `quorum-e2e-${process.pid}`;
const OWN = `rule finds_the_mark {
  meta:
    author = "A tester"
    reference = "https://example.org/mark"
    license = "CC0-1.0"
    large = 9007199254740993
  strings:
    $mark = "${MARK}"
  condition:
    $mark
}
`;
/** Two billion rounds for each file: nothing inside of WebAssembly ends it. */
const ENDLESS = `rule never_ends {
  condition:
    for all i in (0..2000000000) : ( for all j in (0..2000000000) : ( i + j >= 0 ) )
}
`;

/** @type {Chromium} */
let chromium;
/** @type {import("../harness/site.mjs").Site} */
let site;

before(async () => {
  site = await startSite();
  site.put("marked.bin", Buffer.from(`a file with ${MARK} in it`));
  site.put("plain.bin", Buffer.from("a file without it"));
  chromium = await Chromium.launch();
  const options = await chromium.open("options.html");
  await checkDownloads(options, true);
  await options.close();
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
  await site?.close();
});

/** @param {import("puppeteer-core").Page} page @param {string} name @param {string} source */
async function write(page, name, source) {
  await (await there(page, by("button", "New rules"))).click();
  const field = await there(page, "#rule-name");
  await field.type(name);
  const area = await there(page, ".sheet textarea");
  // As a paste does it: typed, two hundred characters take as long as all the rest.
  await area.evaluate((area, source) => {
    const element = /** @type {HTMLTextAreaElement} */ (area);
    element.value = source;
    element.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, source);
}

/** @param {string} name @param {string | Buffer} content @returns {string} the path of a file to choose */
function file(name, content) {
  const path = join(chromium.profile.path, name);
  writeFileSync(path, content);
  return path;
}

/** @param {import("puppeteer-core").Page} page @param {string} selector @param {string} path */
async function choose(page, selector, path) {
  const field = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.$(selector));
  await field.uploadFile(path);
}

test("an error is told at its line and column while it is typed, and a file can be tried", { timeout: 120_000 }, async () => {
  const page = await chromium.open("rules.html");
  await write(page, "mark", OWN.replace("$mark\n}", "$mork\n}"));
  assert.match(await text(page, "#rule-status", "Line 10, column 5"), /unknown pattern/);
  assert.equal(await page.$eval(".colours mark", (mark) => mark.textContent), "$mork");
  await photograph(page, picture("rules-fault"), { width: 1000, height: 900 });
  await (await there(page, ".fault-line")).click();
  const caret = await page.$eval(".sheet textarea", (area) => /** @type {HTMLTextAreaElement} */ (area).selectionStart);
  assert.equal(caret, OWN.indexOf("$mark\n}"));

  await page.$eval(".sheet textarea", (area, source) => {
    const element = /** @type {HTMLTextAreaElement} */ (area);
    element.value = source;
    element.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, OWN);
  await text(page, "#rule-status", "No errors. 1 rule");
  await choose(page, "#try-file", file("tried.bin", `xx${MARK}`));
  await text(page, ".tried", "finds_the_mark");
  await page.$eval(".tried details", (details) => details.setAttribute("open", ""));
  await text(page, ".tried", "A tester", "https://example.org/mark", "CC0-1.0", "$mark @ 2");
  await photograph(page, picture("rules-tried"), { width: 1000, height: 1200 });
  await (await there(page, by("button", "Save"))).click();
  await text(page, ".entry", "mark");
  await photograph(page, picture("rules"), { width: 1000, height: 1000 });
  await photograph(page, picture("rules-dark"), { width: 380, height: 900, dark: true });
  await page.close();
});

test("a download that an own rule matches is told of, and its record says which rule and whose", { timeout: 120_000 }, async () => {
  const page = await chromium.visit(site.link("marked", "/d/attachment/marked.bin"));
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "complete");
  const popup = await chromium.open("popup.html");
  await record(popup, "marked.bin", "Suspicious", "The YARA rule finds_the_mark of Your rules, by A tester, matches");
  const details = await popup.$$eval(".download dd", (all) => all.map((one) => one.textContent));
  for (const said of ["A tester", "https://example.org/mark", "CC0-1.0", "Your rules"]) assert.ok(details.includes(said), `${said} in ${details}`);
  await photograph(popup, picture("rules-download"), { width: 380, height: 600 });
  const worker = await chromium.worker();
  const shown = await worker.evaluate(async () => Object.keys(await chrome.notifications.getAll()));
  assert.equal(shown.filter((id) => id.endsWith("-rules")).length, 1);
  await page.close();

  const other = await chromium.visit(site.link("plain", "/d/attachment/plain.bin"));
  await chromium.downloads.of(() => other.click("#go"));
  await other.close();
  await popup.bringToFront();
  assert.doesNotMatch(await record(popup, "plain.bin", "Not checked"), /finds_the_mark/);
  await popup.close();
});

test("the policy decides what a rule's doubt does", { timeout: 120_000 }, async () => {
  const popup = await chromium.open("popup.html");
  const { policy } = (await ask(popup, { ask: "state" })).reply.state;
  assert.ok((await ask(popup, { ask: "set_policy", policy: { ...policy, keep_back: ["malicious", "suspicious"] } })).ok);
  site.put("doubtful.bin", Buffer.from(`another file with ${MARK} in it`));
  const page = await chromium.visit(site.link("doubtful", "/d/attachment/doubtful.bin"));
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "interrupted", "the hold has waited for the scan");
  await page.close();
  await record(popup, "doubtful.bin", "Suspicious", "finds_the_mark", "held back");
  await ask(popup, { ask: "set_policy", policy });
  await popup.close();
});

test("the popup says what rules match a file that is dropped", { timeout: 120_000 }, async () => {
  const popup = await chromium.open("popup.html");
  await choose(popup, "#file", file("dropped.bin", `dropped ${MARK}`));
  await text(popup, ".scanned", "finds_the_mark");
  await popup.close();
});

test("a pack is taken whole from its address, and refused whole when one byte is another", { timeout: 120_000 }, async (t) => {
  const one = Buffer.from(`rule from_pack { meta: author = "A publisher" strings: $a = "pack-${MARK}" condition: $a }`);
  let served = one;
  const server = await listen((request, response) => {
    const manifest = { quorum_rules: 1, name: "Test pack", version: "7", license: "MIT", severity: "malicious", files: [{ path: "a/one.yar", size: one.length, sha256: sha256(one) }] };
    const body = request.url === "/pack.json" ? JSON.stringify(manifest) : served;
    response.writeHead(200, { "access-control-allow-origin": "*" }).end(body);
  });
  t.after(() => server.close());
  const page = await chromium.open("rules.html");
  await (await there(page, "#pack-url")).type(`${server.origin}/pack.json`);
  await (await there(page, by("button", "Add pack"))).click();
  await text(page, ".entry", "Test pack", "1 rule", "version 7", "MIT");

  served = Buffer.from(String(one).replace("pack-", "pock-"));
  await (await there(page, by("button", "Update now"))).click();
  await text(page, ".entry", "Test pack", "a/one.yar is not what the pack's checksum says", "still in use");
  await photograph(page, picture("rules-pack"), { width: 1000, height: 1000 });
  const popup = await chromium.open("popup.html");
  await choose(popup, "#file", file("packed.bin", `pack-${MARK}`));
  await text(popup, ".scanned", "from_pack");

  // Its manifest says that what its rules match is malicious.
  const bytes = Buffer.from(`a download with pack-${MARK}`);
  site.put("bad.bin", bytes);
  const link = await chromium.visit(site.link("bad", "/d/attachment/bad.bin"));
  const item = await chromium.downloads.of(() => link.click("#go"));
  assert.equal(item.state, "interrupted");
  assert.ok(!existsSync(join(chromium.folder, "bad.bin")), "no file is left");
  await popup.bringToFront();
  await record(popup, "bad.bin", "Malicious", "The YARA rule from_pack of Test pack, by A publisher, matches", "held back");
  await photograph(popup, picture("rules-held-back"), { width: 380, height: 600 });
  const kept = await chromium.downloads.of(() => pressInRecord(popup, "bad.bin", "Keep anyway"));
  assert.ok(readFileSync(kept.filename).equals(bytes), "the file is the one that was asked for");
  await link.close();
  await popup.close();
  await page.close();
});

test("a rule that would run for ever is ended and told, and the next scan works", { timeout: 120_000 }, async () => {
  const page = await chromium.open("rules.html");
  await write(page, "endless", ENDLESS);
  await text(page, "#rule-status", "No errors. 1 rule");
  await choose(page, "#try-file", file("any.bin", "anything"));
  // Ten seconds and a little.
  await page.waitForFunction(() => /took too long/.test(document.querySelector(".tried")?.textContent ?? ""), { timeout: 40_000 });
  await page.$eval(".sheet textarea", (area, source) => {
    const element = /** @type {HTMLTextAreaElement} */ (area);
    element.value = source;
    element.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, OWN);
  await text(page, "#rule-status", "No errors. 1 rule");
  await choose(page, "#try-file", file("again.bin", MARK));
  await text(page, ".tried", "finds_the_mark");
  await page.close();
});
