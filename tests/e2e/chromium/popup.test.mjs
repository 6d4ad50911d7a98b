// The popup: any indicator's report, votes and comments that arrive at the server, by keyboard too, in
// light, dark and Japanese.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { CLEAN, EICAR, sha256, zip } from "../harness/files.mjs";
import { by, look, photograph, tab, text, there } from "../harness/pages.mjs";
import { BAD_LINK, COMMENT_ON_EICAR, startScene } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").Scene} */
let scene;
before(async () => {
  scene = await startScene();
});
after(() => scene?.close());

test("shows the report of a hash: verdict, reasons, engines, votes and comments", { timeout: 60_000 }, async () => {
  const popup = await scene.chromium.open("popup.html");
  await look(popup, sha256(EICAR), "Malicious");
  await there(popup, by("image", "2 of 2 engines object"));
  await text(popup, "body", "Quorum YARA", "Hash list");
  await photograph(popup, picture("popup-light"), { width: 380, height: 600 });
  await photograph(popup, picture("popup-dark"), { width: 380, height: 600, dark: true });
  await tab(popup, "Community");
  await text(popup, "body", COMMENT_ON_EICAR);
  await photograph(popup, picture("popup-community"), { width: 380, height: 600 });
  await tab(popup, "Details");
  await text(popup, "body", sha256(EICAR).slice(0, 16));
  await photograph(popup, picture("popup-details"), { width: 380, height: 600 });
  await popup.close();
});

test("knows every kind of indicator, defanged ones too", { timeout: 60_000 }, async () => {
  const popup = await scene.chromium.open("popup.html");
  await look(popup, BAD_LINK.replace("http", "hxxp").replace("parcel-service.example", "parcel-service[.]example"), /Malicious|Phishing/);
  await look(popup, sha256(CLEAN), "Nothing found");
  await look(popup, "0".repeat(64), "Unknown");
  await look(popup, "example.org", /Nothing found|Unknown/);
  await look(popup, "8.8.4.4", /Nothing found|Unknown/);
  await popup.close();
});

test("a vote and a comment arrive at the server", { timeout: 60_000 }, async () => {
  const { chromium, alice } = scene;
  const path = `/files/${sha256(EICAR)}`;
  const popup = await chromium.open("popup.html");
  await look(popup, sha256(EICAR), "Malicious");
  await tab(popup, "Community");
  await popup.locator(by("button", "Malicious")).click();
  await text(popup, "body", "Your vote was counted");
  assert.deepEqual((await alice.ask(path)).attributes.total_votes, { harmless: 0, malicious: 3 });
  await popup.locator(by("textbox", "Write a comment")).fill("Found in a test #quorum");
  await popup.locator(by("button", "Send")).click();
  await text(popup, "li, article", "Found in a test #quorum");
  const [newest] = await alice.ask(`${path}/comments`);
  assert.equal(newest.attributes.text, "Found in a test #quorum");
  await popup.close();
});

test("its text has the size it was drawn in", { timeout: 60_000 }, async () => {
  // Chromium gives the body of an extension's page 75 % of the size and a font of its own.
  for (const path of ["popup.html", "options.html", "report.html"]) {
    const page = await scene.chromium.open(path);
    await there(page, "main");
    const { size, family } = await page.evaluate(() => {
      const { fontSize, fontFamily } = getComputedStyle(document.body);
      return { size: fontSize, family: fontFamily };
    });
    assert.equal(size, "13px", path);
    assert.match(family, /^system-ui/, path);
    await page.close();
  }
});

test("can be used by keyboard alone", { timeout: 60_000 }, async () => {
  const popup = await scene.chromium.open("popup.html");
  await (await there(popup, by("searchbox"))).focus();
  await popup.keyboard.type(sha256(EICAR));
  await popup.keyboard.press("Enter");
  await text(popup, "h1", "Malicious");
  /** @type {Set<string>} */
  const reached = new Set();
  for (let presses = 0; presses < 40; presses++) {
    await popup.keyboard.press("Tab");
    reached.add(await popup.evaluate(() => document.activeElement?.getAttribute("role") ?? document.activeElement?.tagName.toLowerCase() ?? ""));
  }
  assert.ok(reached.has("tab") && reached.has("button"), `reached ${[...reached].join(", ")}`);
  await popup.focus("[role=tab][aria-selected=true]");
  await popup.keyboard.press("ArrowRight");
  assert.match(await popup.$eval("[role=tab][aria-selected=true]", (tab) => tab.textContent ?? ""), /Community/);
  await popup.close();
});

test("a look-alike of one's own domain is told of once the settings name it", { timeout: 60_000 }, async () => {
  const { chromium } = scene;
  const popup = await chromium.open("popup.html");
  await look(popup, "https://zaunkoenig-werk.example/", "Unknown");
  const options = await chromium.open("options.html");
  await options.locator("#protect").fill("zaunkoenig-werke.example");
  await (await there(options, by("button", "Save"))).click();
  await text(options, "form span[role=status]", "Saved");
  await options.close();
  await look(popup, "https://zaunkoenig-werk.example/a", "Suspicious");
  await text(popup, ".reasons", "zaunkoenig-werk.example looks like zaunkoenig-werke.example");
  await popup.close();
});

test("a secret is taken out of an address before it is sent in", { timeout: 60_000 }, async () => {
  const { chromium, proxy } = scene;
  const popup = await chromium.open("popup.html");
  await look(popup, "https://shop.example/reset?lang=de&token=k3yk3yk3y#top", "Unknown");
  await text(popup, ".offer", "token=REMOVED", "k3yk3yk3y", "#top");
  const before = proxy.record.requests.length;
  await popup.locator(by("button", "Send this address for analysis")).click();
  await text(popup, ".what", "token=REMOVED");
  await popup.waitForFunction(() => document.querySelector(".offer") === null);
  const sent = proxy.record.requests.slice(before);
  assert.ok(sent.some(({ method }) => method === "POST"), "it was sent in");
  assert.ok(sent.every((request) => ![request.url, request.body.toString()].join(" ").includes("k3yk3yk3y")));
  await popup.close();
});

test("without any backend: deception, content and rules are told, and what is not known", { timeout: 120_000 }, async (t) => {
  const chromium = await Chromium.launch();
  const folder = mkdtempSync(join(tmpdir(), "quorum-popup-"));
  t.after(async () => {
    await chromium.close();
    chromium.remove();
    rmSync(folder, { recursive: true });
  });
  const popup = await chromium.open("popup.html");
  await text(popup, "h1", "Connect a backend first");
  await look(popup, "https://paypa1.com/login", "Suspicious");
  await text(popup, ".reasons", "paypa1.com looks like paypal.com", "No backend is connected");
  await text(popup, ".notice", "not known what engines and the community say");
  await photograph(popup, picture("popup-unconnected"), { width: 380, height: 600 });
  await look(popup, "http://0x08.010.4.4/pay", "Suspicious");
  await text(popup, ".reasons", "0x08.010.4.4 is the IP address 8.8.4.4");
  await look(popup, "https://bücher.example/", "Not checked");
  await text(popup, ".said", "xn--bcher-kva.example", "In letters: bücher.example");
  await popup.locator(by("searchbox")).fill("javascript:alert(1)");
  await popup.keyboard.press("Enter");
  await text(popup, ".notice", "This is no web address", "runs a script");

  const bytes = zip({ "invoice.pdf.exe": Buffer.from("MZ not a program"), "readme.txt": CLEAN });
  writeFileSync(join(folder, "papers.zip"), bytes);
  const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await popup.waitForSelector("form.search input[type=file]"));
  await input.uploadFile(join(folder, "papers.zip"));
  await text(popup, "h1", "Suspicious");
  await text(popup, ".said", "papers.zip", "ZIP");
  await text(popup, ".reasons", "The name of a file in it is made to deceive: invoice.pdf.exe");
  await text(popup, ".scanned", "The archive holds 2 files", "readme.txt", "Trojan.Archive.DoubleExtension");
  await photograph(popup, picture("popup-unconnected-file"), { width: 380, height: 600 });
  await tab(popup, "Details");
  await text(popup, "body", sha256(bytes).slice(0, 20));
  writeFileSync(join(folder, "eicar.com"), EICAR);
  await input.uploadFile(join(folder, "eicar.com"));
  await text(popup, "h1", "Malicious");
  await text(popup, ".scanned", "eicar");
  await popup.close();
});

test("speaks Japanese to a Japanese browser", { timeout: 90_000 }, async (t) => {
  const chromium = await Chromium.launch({ language: "ja" });
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  const options = await chromium.open("options.html");
  assert.equal(await options.$eval("html", (html) => html.lang), "ja");
  const boxes = await options.$$("input:not([type=checkbox])");
  await boxes[0]?.type(scene.proxy.origin);
  await boxes[1]?.type(scene.erin.key);
  await options.keyboard.press("Enter");
  await text(options, "[role=status], output", "erin");
  const popup = await chromium.open("popup.html");
  await look(popup, sha256(EICAR), "危険");
  await photograph(popup, picture("popup-japanese"), { width: 380, height: 600 });
});
