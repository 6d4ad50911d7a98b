// The interface in states that a real backend seldom gets into, by what a person sees and does: roles and
// names, keys and clicks. The backend is a fake here; the other journeys have the real one.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Interface, asked, tell, violations } from "../harness/interface.mjs";
import { by, look, pressInRecord, record, saveAndCheck, status, tab, text } from "../harness/pages.mjs";
import * as s from "../harness/states.mjs";

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {import("../harness/interface.mjs").Scenario} Scenario */

/** @type {Interface} */
let ui;
before(async () => {
  ui = await Interface.start();
});
after(() => ui?.close());

const NO_PAGE = s.scenario(null);
const DISCONNECTED = s.scenario(null, { state: s.ok({ state: s.state({ address: null, backend: null, has_key: false, account: null, downloads: false, all_sites: false }) }) });

/** Every page with something on it. @type {[string, string, Scenario][]} */
const PAGES = [
  ["popup", "popup.html", s.scenario(s.falseAlarm())],
  ["popup of an unknown address", "popup.html", s.scenario(s.unknown())],
  ["popup of a failure", "popup.html", s.scenario(s.failed("not_the_api"))],
  ["popup without a page", "popup.html", NO_PAGE],
  ["popup without a backend", "popup.html", DISCONNECTED],
  ["report", `report.html?indicator=${s.HASH}&evidence=saved_file`, s.scenario(s.falseAlarm())],
  ["settings", "options.html", s.scenario(null, { state: s.ok({ state: s.state({ all_sites: false }) }) })],
  ["card", "card.html", s.scenario(s.phishing(), { card: s.pointed([s.PAGE, "192.0.2.7"]) })],
];

/** @param {Page} page waits until nothing is loading any more */
const settled = (page) => page.waitForFunction(() => document.body.childElementCount > 0 && ![...document.querySelectorAll("[aria-busy=true], p.skeleton")].some((waiting) => waiting.checkVisibility()));

test("a report says first what it is, then why, then how it is known", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(s.falseAlarm()));
  await text(page, "h1", "Probably a false alarm");
  await page.waitForSelector(by("image", "2 of 68 engines object"));
  await page.waitForSelector(by("image", "Evidence: 3 of 3"));
  const said = await page.$eval("main", (main) => /** @type {HTMLElement} */ (main).innerText);
  const order = ["Probably a false alarm", "archiver-24.9-x64.exe", "2 of 68 engines object", "labels are generic", "Known since", "The saved file was read", "checked 2 minutes ago", "Engines 72", "Object · 2", "No objection · 66", "No answer · 4"];
  const at = order.map((words) => said.indexOf(words));
  assert.deepEqual(at, at.toSorted((a, b) => a - b), order.map((words, index) => `${words}: ${at[index]}`).join("\n"));
  assert.ok(at.every((place) => place >= 0), String(at));
  assert.equal((await page.$$(".tick")).length, 72, "one tick an engine");
  await page.close();
});

test("the six verdicts have their words", { timeout: 60_000 }, async () => {
  for (const [view, word] of /** @type {const} */ ([
    [s.small(), "Malicious"],
    [s.view("suspicious", { suspicious: 3, undetected: 60 }), "Suspicious"],
    [s.clean(), "Nothing found"],
    [s.knownGood(), "Known good"],
    [s.unknown(), "Unknown"],
    [s.unchecked(), "Not checked"],
  ])) {
    const page = await ui.open("popup.html", s.scenario(view));
    assert.equal(await text(page, "h1", word), word);
    assert.doesNotMatch(await page.$eval("body", (body) => body.innerText), /\bsafe\b/i);
    await page.close();
  }
});

test("tabs are one stop, and the arrow keys go through them", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(s.phishing()));
  await settled(page);
  const selected = () => page.$eval("[role=tab][aria-selected=true]", (tab) => tab.textContent?.replace(/\s*[\d,]+$/, ""));
  await page.focus("[role=tab][aria-selected=true]");
  for (const [key, expected] of [["ArrowRight", "Community"], ["End", "Downloads"], ["ArrowRight", "Engines"], ["ArrowLeft", "Downloads"], ["Home", "Engines"]]) {
    await page.keyboard.press(/** @type {import("puppeteer-core").KeyInput} */ (key));
    await page.waitForFunction((name) => document.activeElement?.textContent?.startsWith(/** @type {string} */ (name)), {}, expected);
    assert.equal(await selected(), expected);
    const panel = await page.$$eval("[role=tabpanel]:not([hidden])", (panels) => panels.map((panel) => document.getElementById(panel.getAttribute("aria-labelledby") ?? "")?.textContent));
    assert.equal(panel.length, 1);
    assert.ok(panel[0]?.startsWith(/** @type {string} */ (expected)));
  }
  assert.equal((await page.$$("[role=tab][tabindex='0']")).length, 1);
  await page.close();
});

test("several indicators in a text are offered, none is said to be none", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", {
    ...s.scenario(null, { read: [s.pointed([s.PAGE, s.HASH]), s.pointed([])], report: s.ok({ report: s.phishing() }) }),
  });
  await page.locator(by("searchbox")).fill("one and another");
  await page.keyboard.press("Enter");
  await text(page, "h1", "Which one");
  const choice = await page.waitForSelector(`::-p-xpath(//button[contains(., "${s.PAGE}")])`);
  await choice?.click();
  await text(page, "h1", "Phishing");
  await page.locator(by("searchbox")).fill("nothing in here");
  await page.keyboard.press("Enter");
  await text(page, "[role=alert]", "no address, hash, domain");
  await page.close();
});

test("a file is hashed in the page and only its hash is asked about", { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "quorum-ui-"));
  t.after(() => rmSync(folder, { recursive: true }));
  // More than one piece, and not a whole number of them.
  const bytes = Buffer.alloc(5 * 1024 * 1024 + 17, "quorum");
  writeFileSync(join(folder, "some.bin"), bytes);
  const page = await ui.open("popup.html", s.scenario(null, { report: s.ok({ report: s.clean() }) }));
  const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.waitForSelector("input[type=file]"));
  await input.uploadFile(join(folder, "some.bin"));
  await text(page, "h1", "Nothing found");
  assert.deepEqual(await asked(page, "report"), [
    { ask: "report", indicator: createHash("sha256").update(bytes).digest("hex"), evidence: "saved_file", fresh: false },
  ]);
  await page.close();
});

test("checking again asks past what is stored, and keeps the old answer if that fails", { timeout: 60_000 }, async () => {
  const scenario = s.scenario(s.phishing());
  scenario.answers.report = [scenario.answers.report, s.failed("unreachable")];
  const page = await ui.open("popup.html", scenario);
  await text(page, "h1", "Phishing");
  await page.locator(by("button", "Check again")).click();
  await text(page, "[role=alert]", "could not reach");
  await text(page, "h1", "Phishing");
  assert.deepEqual((await asked(page, "report")).map((request) => request.fresh), [false, true]);
  await page.close();
});

test("an unknown address is sent in only by the button that says to whom", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(s.unknown(), { submit: s.ok({ report: s.phishing() }) }));
  await text(page, ".offer", "goes to quorum.example");
  assert.deepEqual(await asked(page, "submit"), []);
  await page.locator(by("button", "Send this address for analysis")).click();
  await text(page, "h1", "Phishing");
  assert.deepEqual(await asked(page, "submit"), [{ ask: "submit", indicator: "https://new-shop.example/" }]);
  await page.close();
});

test("what is about a person is taken out of an address before it is sent in, and can be left in", { timeout: 60_000 }, async () => {
  const sent = () => s.scenario(s.personal(), { submit: s.ok({ report: s.phishing() }) });
  const page = await ui.open("popup.html", sent());
  const said = await text(page, ".offer", "https://shop.example/reset?lang=de&token=REMOVED", "Looks like a password or key: k3y", "Part behind #: #top");
  assert.doesNotMatch(said, /token=k3y/);
  await page.locator(by("button", "Send this address for analysis")).click();
  await text(page, "h1", "Phishing");
  assert.deepEqual(await asked(page, "submit"), [{ ask: "submit", indicator: "https://shop.example/reset?lang=de&token=REMOVED" }]);
  await page.locator(by("button", "Check again")).click();
  await page.waitForFunction(() => /** @type {any} */ (globalThis).asked.some((/** @type {any} */ request) => request.fresh));
  assert.equal((await asked(page, "report")).at(-1).indicator, "https://shop.example/reset?lang=de&token=REMOVED", "the report is on what was sent");
  await page.close();

  const whole = await ui.open("popup.html", sent());
  await whole.locator("#whole").click();
  assert.doesNotMatch(await text(whole, ".offer", "token=k3y", "#top"), /Looks like a password/);
  await whole.locator(by("button", "Send this address for analysis")).click();
  await text(whole, "h1", "Phishing");
  assert.deepEqual(await asked(whole, "submit"), [{ ask: "submit", indicator: "https://shop.example/reset?lang=de&token=k3y" }]);
  await whole.close();
});

test("how an address was written goes along with it to its report", { timeout: 60_000 }, async () => {
  const written = { address: "http://0x7f.1/", link_text: "bank.example" };
  const page = await ui.open("popup.html", s.scenario(null, { read: s.pointed([{ indicator: "http://127.0.0.1/", written }]), report: s.ok({ report: s.lookAlike() }) }));
  await look(page, "http://0x7f.1/", "Suspicious");
  assert.deepEqual(await asked(page, "report"), [{ ask: "report", indicator: "http://127.0.0.1/", evidence: "address", fresh: false, written }]);
  await page.close();
  const report = await ui.open(`report.html?indicator=${encodeURIComponent("http://127.0.0.1/")}&written=${encodeURIComponent(written.address)}&text=bank.example`, s.scenario(s.lookAlike()));
  await text(report, "h1", "Suspicious");
  assert.deepEqual((await asked(report, "report"))[0].written, written);
  await report.close();
});

test("what is no web address is told as such, and what it does", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(null, { read: s.pointed([], [s.told("scheme", ["javascript", "effect_runs_script"])]) }));
  await page.locator(by("searchbox")).fill("javascript:alert(1)");
  await page.keyboard.press("Enter");
  await text(page, ".notice", "This is no web address", "A javascript: address runs a script", "Nothing was sent");
  await page.close();
});

test("a host in punycode is given in letters too, and never in letters alone", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(s.otherText()));
  await text(page, ".said", "https://xn--bcher-kva.example/", "In letters: bücher.example");
  await page.close();
});

test("without a backend the deception is told all the same, and what is not known", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", { ...s.scenario(s.lookAlike()), answers: { ...s.scenario(s.lookAlike()).answers, state: DISCONNECTED.answers.state } });
  await text(page, "h1", "Suspicious");
  await text(page, ".reasons", "paypa1.com looks like paypal.com");
  await text(page, ".notice", "Connect a backend first", "not known what engines and the community say");
  const tabs = await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => tab.textContent?.replace(/[\s\d]+$/, "")));
  assert.deepEqual(tabs, ["Details", "Downloads"]);
  await page.close();
});

/** A download that landed. @param {any} [change] */
const landed = (change = {}) => s.record("setup.exe", { verdict: "unknown", reasons: [{ reason: "never_seen" }] }, { path: "/home/me/setup.exe", ...change });

test("a download that landed can be shown in its folder, and its file be given", { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "quorum-ui-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const bytes = Buffer.alloc(68, "saved");
  writeFileSync(join(folder, "setup.exe"), bytes);
  const records = [landed(), landed({ name: "read.exe", assessment: { verdict: "clean", class: null, evidence: "saved_file", reasons: [], stats: s.stats() } }), s.record("gone.exe", { verdict: "malicious" }, { disposition: "kept_back", path: "/x" })];
  const page = await ui.open("popup.html", s.scenario(null, { downloads: s.ok({ downloads: { records, unseen: false } }), give_file: [s.refused({ problem: "other_file" }), s.ok("done")] }));
  await record(page, "setup.exe", "Open folder", "Give the saved file");
  const said = await page.$$eval("li.download .actions", (rows) => rows.map((row) => /** @type {HTMLElement} */ (row).innerText));
  assert.match(String(said[1]), /Open folder/);
  assert.doesNotMatch(String(said[1]), /Give the saved file/, "better evidence there is none");
  assert.doesNotMatch(String(said[2]), /Open folder|Give the saved file/, "nothing is saved");
  await pressInRecord(page, "setup.exe", "Open folder");
  assert.deepEqual(await asked(page, "show_file"), [{ ask: "show_file", id: records[0].id }]);

  const give = async () => {
    const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.waitForSelector("li.download input[type=file]"));
    await input.uploadFile(join(folder, "setup.exe"));
  };
  await give();
  await text(page, "li.download [role=alert]", "not the file that was saved");
  await give();
  await page.waitForFunction(() => document.querySelector("li.download [role=alert]") === null && document.querySelector("li.download progress") === null);
  const given = await asked(page, "give_file");
  assert.equal(given.length, 2);
  assert.deepEqual([given[0].id, given[0].name, given[0].digests.sha256, given[0].digests.size], [records[0].id, "setup.exe", createHash("sha256").update(bytes).digest("hex"), 68]);
  // Dropped on the row, not on the page around it.
  await page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["other"], "other.exe"));
    document.querySelector("li.download")?.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
  });
  await page.waitForFunction(() => /** @type {any} */ (globalThis).asked.filter((/** @type {any} */ request) => request.ask === "give_file").length === 3);
  assert.deepEqual(await asked(page, "report"), [], "the page around has not taken it too");
  await page.close();
});

test("the history is filtered by span, site, rule, grade and what became of it", { timeout: 60_000 }, async () => {
  const page = await ui.open("history.html", s.scenario(null, { history: s.ok({ history: { records: [], next: null, total: 0 } }) }), { width: 900 });
  await page.locator("summary").click();
  await page.locator("#site").fill("files.example");
  await page.locator("#rule").fill("stealer");
  for (const [field, day] of [["#since", "2026-11-03"], ["#until", "2026-11-30"]]) {
    await page.$eval(String(field), (input, day) => {
      /** @type {HTMLInputElement} */ (input).value = String(day);
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }, day);
  }
  await page.select("#evidence", "The saved file was read");
  await page.select("#became", "kept at your wish");
  await page.waitForFunction(() => /** @type {any} */ (globalThis).asked.at(-1).filter?.disposition);
  const [day, after] = await page.evaluate(() => [new Date(2026, 10, 3).getTime(), new Date(2026, 11, 1).getTime()]);
  assert.deepEqual((await asked(page, "history")).at(-1).filter, {
    text: "", verdict: null, since: day, until: after, site: "files.example", evidence: "saved_file", disposition: "kept_anyway", rule: "stealer",
  });
  await page.close();
});

test("comments are asked for when they are looked at, by pages, and one's own stands first", { timeout: 60_000 }, async () => {
  const scenario = s.scenario(s.phishing(), { vote: s.ok({ voted: true }), add_comment: s.ok({ comment: s.comment(0, "Mine #seen", { id: "mine", author: "erin" }) }) });
  scenario.answers.comments = [s.comments([s.comment(1, "newest")], "more", 2), s.comments([s.comment(2, "oldest")], null, 2)];
  const page = await ui.open("popup.html", scenario);
  await text(page, "h1", "Phishing");
  assert.deepEqual(await asked(page, "comments"), [], "they would cost a request");
  await tab(page, "Community");
  await text(page, ".comments", "newest");
  await page.locator(by("button", "Show more")).click();
  await text(page, ".comments", "oldest");
  assert.deepEqual((await asked(page, "comments")).map((request) => request.cursor ?? null), [null, "more"]);
  assert.equal(await page.$(by("button", "Show more")), null);
  await page.locator(by("button", "Malicious")).click();
  await page.waitForSelector("button[aria-pressed=true]");
  await text(page, ".ballot", "32");
  await page.waitForSelector(by("image", "32 of 33 votes say malicious"));
  await page.locator(by("textbox", "Write a comment")).fill("Mine #seen");
  await page.locator(by("button", "Send")).click();
  await text(page, ".comments li:first-child", "Mine #seen", "erin");
  assert.equal(await page.$eval("textarea", (field) => field.value), "", "sent");
  await page.close();
});

test("a comment that does not arrive stays in its field", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(s.phishing(), { add_comment: s.failed("forbidden") }));
  await text(page, "h1", "Phishing");
  await tab(page, "Community");
  await page.locator(by("textbox", "Write a comment")).fill("Not to be lost");
  await page.locator(by("button", "Send")).click();
  await text(page, "[role=status]", "does not allow");
  assert.equal(await page.$eval("textarea", (field) => field.value), "Not to be lost");
  await page.close();
});

test("the history offers what fits each download, and follows the news", { timeout: 60_000 }, async () => {
  const records = s.history();
  const page = await ui.open("popup.html", s.scenario(null, { downloads: s.ok({ downloads: { records, unseen: false } }) }));
  await record(page, "invoice_2026-11.pdf.exe", "Malicious", "48 of 72 engines object", "held back");
  await record(page, "photo.zip", "Not checked", "could not reach");
  await record(page, "from-a-blob.bin", "Unknown", "Nobody has seen it", "The bytes were not read");
  const buttons = await page.$$eval("li.download", (rows) => rows.map((row) => [...row.querySelectorAll(".actions button")].map((button) => button.textContent)));
  assert.deepEqual(buttons.slice(0, 3), [["Keep anyway", "Check again", "Forget"], ["Forget"], ["Upload for analysis", "Check again", "Forget"]]);
  await pressInRecord(page, "invoice_2026-11.pdf.exe", "Keep anyway");
  await pressInRecord(page, "quarterly.xlsx", "Upload for analysis");
  assert.deepEqual(await asked(page, "keep"), [{ ask: "keep", id: records[0].id }]);
  assert.deepEqual(await asked(page, "upload"), [{ ask: "upload", id: records[2].id }]);

  await tell(page, { download: { ...records[1], phase: "done", assessment: s.record("x", { verdict: "clean", reasons: [{ reason: "nobody_objects", answered: 70 }] }).assessment } });
  await record(page, "setup-helper.msi", "Nothing found");
  await tell(page, { download: s.record("brand-new.zip", null, { started: Date.now() + 1000 }) });
  assert.match(await page.$eval("li.download", (row) => row.textContent ?? ""), /brand-new\.zip/, "newest first");
  await tell(page, { forgotten: records[0].id });
  await page.waitForFunction(() => !document.body.innerText.includes("invoice_2026-11.pdf.exe"));
  await page.close();
});

test("a browser that lets nobody hold a download says when it is checked", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(null, { state: s.ok({ state: s.state({ can_hold: false }) }) }));
  await record(page, "quarterly.xlsx", "checked after it was saved");
  await page.close();
});

test("the name of a download opens its report", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", s.scenario(null, { report: s.ok({ report: s.small() }) }));
  await record(page, "quarterly.xlsx", "Unknown");
  await pressInRecord(page, "quarterly.xlsx", "quarterly.xlsx");
  await text(page, "h1", "Malicious");
  assert.deepEqual(await asked(page, "report"), [{ ask: "report", indicator: s.HASH, evidence: "second_copy", fresh: false }]);
  await page.close();
});

describe("settings", () => {
  test("the permission is asked for in the click, before the backend is", { timeout: 60_000 }, async () => {
    const page = await ui.open("options.html", s.scenario(null, { ...DISCONNECTED.answers, connect: s.ok({ state: s.state() }) }));
    await saveAndCheck(page, { address: "127.0.0.1:8080/api/v3", key: "a".repeat(64) });
    assert.match(await status(page, "erin"), /412 of 500 left today/);
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).granted), [{ pattern: "http://127.0.0.1/*", active: true }]);
    assert.deepEqual(await asked(page, "connect"), [{ ask: "connect", address: "127.0.0.1:8080/api/v3", key: "a".repeat(64), remember: false }]);
    assert.equal(await page.$eval("#key", (field) => /** @type {HTMLInputElement} */ (field).value), "", "the key is not kept on the page");
    await page.close();
  });

  test("an empty key field keeps the key, and what was chosen stays through a failure", { timeout: 60_000 }, async () => {
    const page = await ui.open("options.html", s.scenario(null, { connect: s.failed("too_slow") }));
    await page.locator(by("textbox", "Backend address")).fill("other.example");
    await page.locator(by("checkbox", "Remember the key after the browser closes")).click();
    await page.locator(by("button", "Save and check")).click();
    await status(page, "did not answer in time");
    assert.deepEqual(await asked(page, "connect"), [{ ask: "connect", address: "other.example", key: null, remember: true }]);
    assert.equal(await page.$eval("#address", (field) => /** @type {HTMLInputElement} */ (field).value), "other.example");
    assert.equal(await page.$eval("#remember", (field) => /** @type {HTMLInputElement} */ (field).checked), true);
    await page.close();
  });

  test("no permission is asked for what cannot be a backend", { timeout: 60_000 }, async () => {
    const page = await ui.open("options.html", s.scenario(null, { connect: s.refused({ problem: "bad_address", insecure: true }) }));
    await saveAndCheck(page, { address: "http://198.51.100.7/", key: "a".repeat(64) });
    await status(page, "Enter an https address");
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).granted), []);
    await page.close();
  });

  test("switching the checks on asks for all sites in the click", { timeout: 60_000 }, async () => {
    const page = await ui.open("options.html", { ...DISCONNECTED, answers: { ...DISCONNECTED.answers, set_downloads: s.ok({ state: s.state({ all_sites: false }) }) } });
    await page.locator(by("checkbox", "Check downloads automatically")).click();
    await page.waitForFunction(() => /** @type {any} */ (globalThis).asked.some((/** @type {any} */ request) => request.ask === "set_downloads"));
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (globalThis).granted), [{ pattern: "all", active: true }]);
    assert.deepEqual(await asked(page, "set_downloads"), [{ ask: "set_downloads", enabled: true }]);
    await page.close();
  });
});

describe("the card, on a page that may be hostile", () => {
  const size = { width: 340, height: 420 };

  test("says what speaks against a thing", { timeout: 60_000 }, async () => {
    const page = await ui.open("card.html", s.scenario(s.phishing()), size);
    await text(page, "h1", "Phishing");
    await text(page, "body", "22 of 84 engines", "malware site", "31 of 32 votes: malicious", "Same kit as", "analyst-7");
    await page.close();
  });

  test("says first what was made to deceive, and no number beside that would calm", { timeout: 60_000 }, async () => {
    const page = await ui.open("card.html", s.scenario(s.lookAlike()), size);
    await text(page, "h1", "Suspicious");
    const [first] = await page.$$eval(".reasons li", (lines) => lines.map((line) => /** @type {HTMLElement} */ (line).innerText));
    assert.match(String(first), /paypa1\.com looks like paypal\.com/);
    await page.close();
    const link = await ui.open("card.html", s.scenario(s.otherText()), size);
    await text(link, ".reasons li:first-child", "The link's text names bank.example, but it leads to bücher.example (xn--bcher-kva.example)");
    assert.doesNotMatch(await link.$eval("body", (body) => body.innerText), /\d+ (of|engines)|objects/);
    assert.equal(await link.$(".ring"), null);
    await link.close();
  });

  test("says of what is no web address what it does, and that nothing was sent", { timeout: 60_000 }, async () => {
    const page = await ui.open("card.html", s.scenario(s.phishing(), { card: s.pointed([], [s.told("scheme", ["data", "effect_inline_page"])]) }), size);
    await text(page, "h1", "This is no web address");
    await text(page, "body", "A data: address carries a whole page itself", "Nothing was sent");
    assert.deepEqual(await asked(page, "report"), []);
    await page.close();
  });

  for (const [name, view] of /** @type {const} */ ([["clean", s.clean()], ["known good", s.knownGood()], ["false alarm", s.falseAlarm()]])) {
    test(`says nothing reassuring: ${name}`, { timeout: 60_000 }, async () => {
      const page = await ui.open("card.html", s.scenario(view, { comments: s.comments([s.comment(0, "perfectly harmless")]) }), size);
      await settled(page);
      await page.waitForSelector("h1");
      const said = await page.$eval("body", (body) => body.innerText);
      assert.doesNotMatch(said, /nothing found|known good|false alarm|none objects|no objection|harmless votes|proof|allow/i);
      if (view.assessment.verdict !== "suspicious") {
        assert.doesNotMatch(said, /\d+ of \d+|perfectly harmless|engines/);
        assert.equal(await page.$(".ring, .calm"), null);
        assert.deepEqual(await asked(page, "comments"), []);
      }
      await page.close();
    });
  }

  test("counts a real click only, and only after half a second in sight", { timeout: 60_000 }, async () => {
    const page = await ui.open("card.html", s.scenario(s.phishing()), size);
    const button = await page.waitForSelector(by("button", "Full report"));
    await button?.evaluate((button) => /** @type {HTMLButtonElement} */ (button).click());
    const early = await button?.evaluate((button) => /** @type {HTMLButtonElement} */ (button).disabled);
    await page.waitForSelector("button.primary:not(:disabled)");
    await button?.evaluate((button) => {
      /** @type {HTMLButtonElement} */ (button).click();
      button.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    });
    assert.deepEqual(await asked(page, "open_report"), [], "no click was a person's");
    assert.equal(early, true, "a press at once goes nowhere");
    await page.locator(by("button", "Full report")).click();
    assert.deepEqual(await asked(page, "open_report"), [{ ask: "open_report", indicator: s.PAGE }]);
    await page.locator(by("button", "Close")).click();
    assert.equal((await asked(page, "close_card")).length, 1);
    await page.close();
  });

  test("asks nothing but what a card may ask, and tells its height", { timeout: 60_000 }, async () => {
    const page = await ui.open("card.html", s.scenario(s.phishing()), size);
    await text(page, "body", "Same kit as");
    const may = ["state", "card", "card_height", "close_card", "report", "comments", "open_report", "open_options"];
    const all = await page.evaluate(() => /** @type {any} */ (globalThis).asked);
    assert.deepEqual(all.filter((/** @type {any} */ request) => !may.includes(request.ask) || request.fresh || request.cursor), []);
    const height = await page.$eval("main", (main) => Math.ceil(main.getBoundingClientRect().height));
    await page.waitForFunction((height) => /** @type {any} */ (globalThis).asked.findLast((/** @type {any} */ request) => request.ask === "card_height")?.height === height, {}, height);
    await page.close();
  });

  test("offers all that a selection holds", { timeout: 60_000 }, async () => {
    const page = await ui.open("card.html", { ...s.scenario(s.phishing(), { card: s.pointed([s.PAGE, s.HASH]) }), reports: { [s.HASH]: s.ok({ report: s.small() }) } }, size);
    await text(page, "h1", "Phishing");
    await page.waitForSelector("button.primary:not(:disabled)");
    await page.locator(`::-p-xpath(//button[contains(., "${s.HASH}")])`).click();
    await text(page, "h1", "Malicious");
    await page.close();
  });
});

describe("every page", () => {
  for (const [name, path, scenario] of PAGES) {
    test(`${name}: names everything that can be used, and is as wide as the window`, { timeout: 60_000 }, async () => {
      for (const width of path === "card.html" ? [340] : [320, 380, 1200]) {
        const page = await ui.open(path, structuredClone(scenario), { width, height: 700 });
        await settled(page);
        const tree = await page.accessibility.snapshot({ interestingOnly: true });
        /** @type {string[]} */
        const nameless = [];
        /** @param {import("puppeteer-core").SerializedAXNode | null | undefined} node */
        const walk = (node) => {
          if (!node) return;
          if (["button", "textbox", "searchbox", "checkbox", "tab", "tabpanel", "tablist", "image", "img", "progressbar"].includes(node.role) && !node.name) nameless.push(node.role);
          node.children?.forEach(walk);
        };
        walk(tree);
        assert.deepEqual(nameless, []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} px too wide at ${width} px`);
        const primary = await page.$$eval("button.primary", (all) => all.length);
        assert.ok(primary <= 1, `${primary} primary buttons`);
        const low = await page.$$eval("button, input:not([type=checkbox], [type=file]), textarea", (all) =>
          all.filter((control) => control.checkVisibility()).map((control) => [control.textContent || control.id, control.getBoundingClientRect().height]).filter(([, height]) => Number(height) < 24),
        );
        assert.deepEqual(low, [], "targets that are too small");
        const ids = await page.$$eval("[id]", (all) => all.map((element) => element.id));
        assert.equal(new Set(ids).size, ids.length, "ids are unique");
        const sizes = await page.$$eval("body *", (all) => all.filter((element) => element.checkVisibility() && !(element instanceof SVGElement)).map((element) => parseFloat(getComputedStyle(element).fontSize)));
        assert.ok(sizes.every((size) => size >= 11), `text of ${Math.min(...sizes)} px`);
        assert.equal(await page.$eval("body", (body) => getComputedStyle(body).fontSize), "13px");
        assert.deepEqual(await violations(page), []);
        await page.close();
      }
    });

    test(`${name}: text stands out from its ground, in light and dark`, { timeout: 60_000 }, async () => {
      for (const dark of [false, true]) {
        const page = await ui.open(path, structuredClone(scenario), { width: path === "card.html" ? 340 : 380, dark });
        await settled(page);
        const parts = await page.$$eval("[role=tab]", (tabs) => tabs.length);
        for (let part = 0; part < Math.max(parts, 1); part++) {
          await page.evaluate((part) => /** @type {HTMLElement | undefined} */ (document.querySelectorAll("[role=tab]")[part])?.click(), part);
          await settled(page);
          assert.deepEqual(await faint(page), [], `${dark ? "dark" : "light"}, part ${part}`);
        }
        await page.close();
      }
    });
  }
});

/** Texts with a contrast below 4.5 : 1. @param {Page} page */
const faint = (page) =>
  page.evaluate(() => {
    const canvas = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true }));
    /** @param {string} colour @returns {number[]} */
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    /** @param {number[]} colour */
    const light = (colour) => {
      const [r, g, b] = colour.slice(0, 3).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * Number(r) + 0.7152 * Number(g) + 0.0722 * Number(b);
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = /** @type {Element} */ (node.parentElement);
      // What cannot be used just now may be faint.
      if (!node.textContent?.trim() || !element.checkVisibility() || element.closest(":disabled")) continue;
      const style = getComputedStyle(element);
      const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
      let ground = [255, 255, 255, 255];
      for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) {
        const behind = rgba(getComputedStyle(at).backgroundColor);
        if (behind[3] === 255) {
          ground = behind;
          break;
        }
      }
      const [a, b] = [light(ink), light(ground)].sort((a, b) => b - a);
      const contrast = (Number(a) + 0.05) / (Number(b) + 0.05);
      if (contrast < 4.5) found.push(`${node.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
    return found;
  });

describe("hostile text", () => {
  // What breaks out of text, attributes, addresses, styles, templates and SVG; and what misleads the eye.
  const CORPUS = [
    '<script>globalThis.pwned = true</script>',
    '<img src=x onerror="globalThis.pwned = true">',
    '"><svg onload=globalThis.pwned=true><animate onbegin=alert(1)>',
    "javascript:globalThis.pwned=true",
    '<iframe srcdoc="<script>parent.pwned = true</script>"></iframe>',
    "' autofocus onfocus=alert(1) x='",
    '<a href="https://canary.invalid/">click</a><style>*{display:none}</style>',
    "{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "<math><mtext><option><FAKEFAKE><option></option><mglyph><svg><mtext><textarea><a title=\"</textarea><img src='#' onerror='alert(1)'>\">",
    "invoice\u202efdp.exe\u200b\u0000",
  ];
  /** A text, one after the other, for every string of an answer. */
  const everywhere = (/** @type {any} */ value) => {
    let next = 0;
    /** @param {any} value @param {string} key @returns {any} */
    const poison = (value, key) => {
      if (Array.isArray(value)) return value.map((item) => poison(item, key));
      if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, poison(item, key)]));
      // What has a type of its own in the core cannot hold such a text: it would not be read at all.
      const typed = ["indicator", "indicators", "kind", "verdict", "class", "evidence", "reason", "failure", "problem", "category", "sha256", "md5", "sha1", "phase", "disposition", "upload", "cursor", "id", "url", "what"];
      return typeof value === "string" && !typed.includes(key) ? CORPUS[next++ % CORPUS.length] : value;
    };
    return poison(value, "");
  };
  const many = CORPUS.map((_, at) => s.comment(at, "x"));
  const view = everywhere({
    ...s.phishing(),
    labels: CORPUS.map(() => "x"),
    unicode: "x",
    can_submit: true,
    shorter: { indicator: s.PAGE, taken: CORPUS.map(() => ({ what: "token", text: "x" })) },
    assessment: { ...s.phishing().assessment, reasons: s.outside([{ reason: "family", label: "x" }, { reason: "host_only", host: "x" }, { reason: "known_on", list: "x", by: "x" }]) },
    facts: [...s.falseAlarm().facts.filter((/** @type {any} */ fact) => !fact.sha256), ...s.phishing().facts],
  });
  const records = CORPUS.map((name, at) => ({
    ...s.record(name, { verdict: "malicious", reasons: [at % 2 ? { reason: "family", label: name } : { reason: "rule", rule: name, origin: { pack: name }, author: name, malicious: true }] }),
    labels: [name],
    published: [{ source: at % 2 ? { list: name } : { header: name }, algorithm: "sha256", digest: s.HASH, perhaps: false }],
  }));
  const answers = {
    state: s.ok({ state: everywhere(s.state()) }),
    comments: s.ok({ comments: { items: everywhere(many), cursor: null, total: 10 } }),
    downloads: s.ok({ downloads: { records, unseen: false } }),
  };
  /** What the interface itself is made of. */
  const OURS = "html head meta title link script body div header form input label svg path circle rect text button main section h1 h2 p ul li span bdi small dl dt dd footer progress textarea aside".split(" ");

  for (const [path, parts] of /** @type {const} */ ([["popup.html", 4], [`report.html?indicator=${encodeURIComponent(s.PAGE)}`, 3], ["card.html", 1], ["options.html", 1]])) {
    test(`stays text in ${path.split("?")[0]}`, { timeout: 60_000 }, async () => {
      const page = await ui.open(path, s.scenario(view, answers));
      let dialogs = 0;
      page.on("dialog", (dialog) => {
        dialogs++;
        void dialog.dismiss();
      });
      /** @type {string[]} */
      const elsewhere = [];
      page.on("request", (request) => {
        if (!request.url().startsWith(ui.origin)) elsewhere.push(request.url());
      });
      await settled(page);
      let seen = "";
      for (let part = 0; part < parts; part++) {
        await page.evaluate((part) => /** @type {HTMLElement | undefined} */ (document.querySelectorAll("[role=tab]")[part])?.click(), part);
        await settled(page);
        seen += await page.$eval("body", (body) => body.innerText);
      }
      // The menu between our own pages holds the only links that there are.
      const menu = await page.$$eval("nav.menu, nav.menu *", (all) => all.map((element) => [element.localName, element.getAttribute("href")].join(" ")));
      assert.ok(menu.every((element) => element === "nav " || /^a [a-z]+\.html$/.test(element)), menu.join());
      const odd = await page.$$eval("*", (all, ours) => [...new Set(all.filter((element) => !element.closest("nav.menu")).map((element) => element.localName))].filter((name) => !ours.includes(name)), OURS);
      assert.deepEqual(odd, [], "no element that is not ours");
      const running = await page.$$eval("*", (all) => all.filter((element) => !element.closest("nav.menu")).flatMap((element) => element.getAttributeNames().filter((name) => /^on|^style$|^srcdoc$|^href$/.test(name) && element.localName !== "link").map((name) => `${element.localName} ${name}`)));
      assert.deepEqual(running, []);
      assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).pwned), undefined);
      assert.deepEqual(await violations(page), []);
      assert.deepEqual(elsewhere, []);
      assert.equal(dialogs, 0);
      assert.ok(CORPUS.some((text) => seen.includes(text.slice(0, 24))), "the texts are to be seen as they are");
      assert.doesNotMatch(seen, /[\u202e\u200b\u0000]/, "nothing hidden is left in");
      if (parts > 1) assert.match(seen, /invoice\[U\+202E\]fdp\.exe\[U\+200B\]/);
      await page.close();
    });
  }
});

test("speaks Japanese to a Japanese browser", { timeout: 90_000 }, async (t) => {
  const japanese = await Interface.start({ language: "ja" });
  t.after(() => japanese.close());
  for (const [view, word] of /** @type {const} */ ([
    [s.small(), "危険"],
    [s.view("suspicious", { suspicious: 3, undetected: 60 }), "疑わしい"],
    [s.clean(), "検出なし"],
    [s.knownGood(), "正規品"],
    [s.unknown(), "未知"],
    [s.unchecked(), "未検査"],
    [s.phishing(), "フィッシング"],
    [s.falseAlarm(), "おそらく誤検出"],
  ])) {
    const page = await japanese.open("popup.html", s.scenario(view));
    assert.equal(await text(page, "h1", word), word);
    assert.equal(await page.$eval("html", (html) => html.lang), "ja");
    if (view.assessment.class === "false_alarm") await text(page, "body", "2024年11月30日", "18,204");
    await page.close();
  }
});

test("looking something up again shows the new answer", { timeout: 60_000 }, async () => {
  const page = await ui.open("popup.html", {
    ...s.scenario(s.phishing(), { read: [s.pointed([s.HASH]), s.pointed(["192.0.2.7"])] }),
    reports: { [s.HASH]: s.ok({ report: s.small() }), "192.0.2.7": s.ok({ report: s.view("unknown", {}, { indicator: "192.0.2.7", kind: "ip_address", name: "192.0.2.7" }) }) },
  });
  await look(page, s.HASH, "Malicious");
  await look(page, "192.0.2.7", "Unknown");
  await page.close();
});
