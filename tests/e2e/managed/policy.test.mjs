// What is done with downloads: by the user's settings, and by the organisation's, which are stronger.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sha256, unknown } from "../harness/files.mjs";
import { listen } from "../harness/listen.mjs";
import { ask } from "../harness/messages.mjs";
import { by, photograph, pressInRecord, record, text, there } from "../harness/pages.mjs";
import { attachment, startScene } from "../harness/stage.mjs";
import { build, picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").Scene} */
let scene;

/** Where Debian's Chromium reads what an administrator has set. */
const FOLDER = "/etc/chromium/policies/managed";
const FILE = join(FOLDER, `quorum-test-${process.pid}.json`);
const MAY = process.getuid?.() === 0;

/** The id that Chromium gives an unpacked extension: its path's SHA-256, the first half, in the letters a to p. */
const id = [...createHash("sha256").update(build("chromium-test")).digest("hex").slice(0, 32)]
  .map((digit) => String.fromCharCode(97 + parseInt(digit, 16)))
  .join("");

/** @param {Record<string, unknown>} values what the administrator sets from now on */
function manage(values) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(FILE, JSON.stringify({ "3rdparty": { extensions: { [id]: values } } }));
}

const MARK = `quorum-managed-${process.pid}`;
const RULE = Buffer.from(`rule from_the_organisation { strings: $a = "${MARK}" condition: $a }`);
const LISTED = unknown("listed by the organisation");
/** Nothing is fetched by plain http from elsewhere. */
const NOWHERE = "http://office.example/plain.txt";
/** What the organisation hands out: a pack of rules, and a text that is a list. @type {import("../harness/listen.mjs").Listening} */
let office;

before(async () => {
  const manifest = { quorum_rules: 1, name: "Our own pack", version: "3", license: "MIT", severity: "malicious", files: [{ path: "ours.yar", size: RULE.length, sha256: sha256(RULE) }] };
  office = await listen((request, response) => {
    const body = { "/pack.json": JSON.stringify(manifest), "/ours.yar": RULE, "/bad.txt": `${sha256(LISTED)}\n` }[request.url ?? ""];
    response.writeHead(body ? 200 : 404, { "access-control-allow-origin": "*" }).end(body);
  });
  if (MAY) {
    manage({
      skip_endings: ["iso"],
      send_documents: true,
      remember: false,
      dry_run: false,
      rule_packs: [`${office.origin}/pack.json`],
      lists: [`${office.origin}/bad.txt`, NOWHERE],
    });
  }
  scene = await startScene();
});
after(async () => {
  await scene?.close();
  await office?.close();
  rmSync(FILE, { force: true });
});

/** @param {string} name @param {Buffer} bytes */
const download = (name, bytes) => attachment(scene, name, bytes);

/** @param {import("puppeteer-core").Page} page */
const records = async (page) => (await ask(page, { ask: "downloads" })).reply.downloads.records;

test("the user has unknown files kept back, and can have one anyway", { timeout: 120_000 }, async () => {
  const { chromium } = scene;
  const options = await chromium.open("options.html");
  await (await there(options, by("checkbox", "Unknown"))).click();
  await (await there(options, by("button", "Save"))).click();
  await text(options, "form span[role=status]", "Saved");
  await photograph(options, picture("options-policy"), { width: 900, height: 1500 });
  await options.close();

  const before = readdirSync(chromium.folder);
  const item = await download("new.bin", unknown("policy"));
  assert.equal(item.state, "interrupted");
  assert.deepEqual(readdirSync(chromium.folder), before, "no file is left");
  const popup = await chromium.open("popup.html");
  await record(popup, "new.bin", "Unknown", "held back");
  const kept = await chromium.downloads.of(() => pressInRecord(popup, "new.bin", "Keep anyway"));
  assert.equal(kept.state, "complete");
  await popup.close();
});

test("what the organisation skips is not looked at, and says who has set it", { skip: !MAY, timeout: 120_000 }, async () => {
  const { chromium, site } = scene;
  const options = await chromium.open("options.html");
  // Chromium hands an organisation's settings out some time after its start.
  await text(options, "main", "Your organisation has set some of this", `Quorum cannot use these values that your organisation has set: lists: "${NOWHERE}"`);
  assert.equal(await options.$eval("#skip_endings", (field) => /** @type {HTMLTextAreaElement} */ (field).disabled), true);
  assert.equal(await options.$eval("#skip_endings", (field) => /** @type {HTMLTextAreaElement} */ (field).value), "iso");
  assert.equal(await options.$eval("#skip_hosts", (field) => /** @type {HTMLTextAreaElement} */ (field).disabled), false);
  for (const name of ["#remember", "#send_documents"]) assert.equal(await options.$eval(name, (field) => /** @type {HTMLInputElement} */ (field).disabled), true, name);
  // What the user saves beside it stays the user's: what the organisation has set is not written down as theirs.
  await (await there(options, by("button", "Save"))).click();
  await text(options, "form span[role=status]", "Saved");
  const own = /** @type {any} */ (await options.evaluate(() => chrome.storage.local.get("settings"))).settings.policy;
  assert.deepEqual([own.skip_endings, own.send_documents], [[], false]);
  const log = await chromium.open("sent.html");
  await there(log, "#dry");
  assert.equal(await log.$eval("#dry", (field) => /** @type {HTMLInputElement} */ (field).disabled), true);
  await log.close();
  await photograph(options, picture("options-managed"), { width: 900, height: 1500 });

  const item = await download("disk.iso", unknown("skipped"));
  assert.equal(item.state, "complete");
  assert.equal(site.record.requests.filter(({ url }) => url.startsWith("/d/") && url.endsWith("disk.iso")).length, 1, "the browser alone fetched it");
  assert.ok((await records(options)).every((/** @type {any} */ { name }) => name !== "disk.iso"));
  await options.close();
});

test("rules and lists of the organisation's are fetched and used, and the user can neither switch nor remove them", { skip: !MAY, timeout: 120_000 }, async () => {
  const { chromium } = scene;
  const rules = await chromium.open("rules.html");
  await text(rules, ".entry", "Our own pack", "Set by your organisation", "1 rule", "version 3");
  const entry = "::-p-xpath(//li[contains(normalize-space(.), 'Our own pack')])";
  const switches = await (await there(rules, entry)).$$eval("input", (all) => all.map(({ checked, disabled }) => ({ checked, disabled })));
  assert.deepEqual(switches, [{ checked: true, disabled: true }]);
  const buttons = await (await there(rules, entry)).$$eval("button", (all) => all.map(({ textContent }) => textContent));
  assert.deepEqual(buttons, ["Update now"]);
  // Nor one by one.
  await rules.$eval("details", (details) => details.setAttribute("open", ""));
  await text(rules, "details .entry", "from_the_organisation");
  assert.deepEqual(
    await rules.$$eval("details .entry", (all) => all.filter(({ textContent }) => textContent?.includes("from_the_organisation")).map((one) => one.querySelector("input")?.disabled)),
    [true],
  );
  await rules.$eval("details", (details) => details.removeAttribute("open"));
  await photograph(rules, picture("rules-managed"), { width: 1000, height: 900 });

  const lists = await chromium.open("lists.html");
  await text(lists, ".feed", "Set by your organisation", "1 entry");
  assert.deepEqual(await lists.$$eval(".feed input", (all) => all.map(({ checked, disabled }) => ({ checked, disabled }))), [{ checked: true, disabled: true }]);
  assert.deepEqual(await lists.$$eval(".feed button", (all) => all.map(({ textContent }) => textContent)), ["Update now"]);
  await photograph(lists, picture("lists-managed"), { width: 1000, height: 900 });

  // Whoever asks for it all the same is refused.
  const library = async (/** @type {unknown} */ request) => {
    const answer = await lists.evaluate((request) => chrome.runtime.sendMessage({ library: request }), JSON.stringify(request));
    return JSON.parse(answer.reply.library);
  };
  const [pack] = (await library("rules")).Ok.rules.packs;
  const [feed] = (await library("lists")).Ok.lists.feeds;
  for (const request of [
    { switch_rules: { what: { pack: pack.id }, enabled: false } },
    { switch_rules: { what: { rule: `${pack.id}/ours.yar/from_the_organisation` }, enabled: false } },
    { remove_rules: { sort: "pack", id: pack.id } },
    { switch_list: { what: { feed: { feed: feed.id, list: feed.lists[0].name } }, enabled: false } },
    { remove_list: { id: feed.id } },
  ]) {
    assert.deepEqual(await library(request), { Err: "managed" }, JSON.stringify(request));
  }
  assert.equal((await download("ours.bin", Buffer.from(`a file with ${MARK} in it`))).state, "interrupted");
  assert.equal((await download("listed.bin", LISTED)).state, "interrupted");
  const popup = await chromium.open("popup.html");
  await record(popup, "ours.bin", "Malicious", "The YARA rule from_the_organisation of Our own pack");
  await record(popup, "listed.bin", "Malicious", "is on the list");
  for (const page of [rules, lists, popup]) await page.close();
});

test("what the organisation sets no more is gone, and what comes anew is fetched, while the browser runs", { skip: !MAY, timeout: 120_000 }, async () => {
  const { chromium } = scene;
  const rules = await chromium.open("rules.html");
  await text(rules, ".entry", "Our own pack");
  manage({ lists: [`${office.origin}/bad.txt`] });
  // Chromium looks at its policies' files when they change.
  await rules.waitForFunction(() => !document.body.innerText.includes("Our own pack"), { timeout: 60_000 });
  await download("ours-again.bin", Buffer.from(`another file with ${MARK} in it`));
  const again = (await records(rules)).find((/** @type {any} */ { name }) => name === "ours-again.bin");
  assert.equal(again.assessment.verdict, "unknown", "no rule of the organisation's is asked any more");
  await rules.close();
});
