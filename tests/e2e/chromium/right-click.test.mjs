// "Check with Quorum" in the context menu: a real right click in a real window, then the card on the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Display } from "../harness/display.mjs";
import { EICAR, sha256 } from "../harness/files.mjs";
import { by, text } from "../harness/pages.mjs";
import { card, readCard, rightClick } from "../harness/right-click.mjs";
import { BAD_LINK, COMMENT_ON_LINK, startScene } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

const display = new Display();
/** @type {import("../harness/stage.mjs").Scene} */
let scene;

before(async () => {
  await display.start();
  scene = await startScene({ display });
});
after(async () => {
  await scene?.close();
  await display.close();
});

test("a link: verdict, engines, labels, votes and the newest comment, and the way to the full report", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.link("mail", BAD_LINK));
  await rightClick(display, page, "#go");
  const frame = await card(page);
  const { all, engines } = await readCard(frame, /Malicious|Phishing/);
  assert.match(engines, /^[1-9]\d* of [1-9]\d* engines?$/);
  assert.match(all, /Phishing\.Parcel/, "the worst label");
  assert.match(all, /\b2\b/, "the votes");
  await text(frame, "body", COMMENT_ON_LINK);
  await page.screenshot({ path: picture("card") });

  const opened = chromium.browser.waitForTarget((target) => target.url().includes("report.html"));
  await frame.locator(by("button", "Full report")).click();
  const report = await (await opened).page();
  assert.ok(report);
  await text(report, "h1", /Malicious|Phishing/);
  await report.setViewport({ width: 1100, height: 900 });
  await report.screenshot({ path: picture("report") });
  await report.close();
  await page.close();
});

test("a selection that holds several indicators: all of them are offered", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const hash = sha256(EICAR);
  const page = await chromium.visit(
    site.page("mail2", `<p id="text">It loads hxxp://parcel-service[.]example/track/invoice.exe from 8.8.4[.]4, file ${hash}.</p>`),
  );
  await page.evaluate(() => getSelection()?.selectAllChildren(/** @type {Element} */ (document.querySelector("#text"))));
  await rightClick(display, page, "#text");
  const frame = await card(page);
  for (const indicator of [BAD_LINK.replace("http://", ""), "8.8.4.4", hash.slice(0, 16)]) await text(frame, "body", indicator);
  await page.screenshot({ path: picture("card-selection") });
  await page.close();
});

test("the page itself, and an image on it", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.page("plain", '<p>Nothing here.</p><img id="image" src="/pixel.png" width="200" height="100">'));
  await rightClick(display, page, "#image");
  await text(await card(page), "body", "pixel.png");
  await page.reload();
  await rightClick(display, page, "p", "page");
  await text(await card(page), "body", new URL(site.origin).hostname);
  await page.close();
});

/** The lines of the card's reasons. @param {import("puppeteer-core").Frame} frame */
const reasons = (frame) => frame.$$eval(".reasons li", (lines) => lines.map((line) => /** @type {HTMLElement} */ (line).innerText));

test("a look-alike is suspicious, and the card says first of what", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.link("shop", "https://paypa1.com/login"));
  await rightClick(display, page, "#go");
  const frame = await card(page);
  await readCard(frame, "Suspicious");
  assert.match(String((await reasons(frame))[0]), /paypa1\.com looks like paypal\.com: characters that look like the right ones/);
  await page.screenshot({ path: picture("card-look-alike") });
  // The full report says the same.
  const opened = chromium.browser.waitForTarget((target) => target.url().includes("report.html"));
  await frame.locator(by("button", "Full report")).click();
  const report = await (await opened).page();
  assert.ok(report);
  await text(report, ".reasons li:first-child", "paypa1.com looks like paypal.com");
  await report.close();
  await page.close();
});

test("a link that shows one host and leads to another is told of, that of two which was clicked", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const target = "https://elsewhere.example/signin";
  const page = await chromium.visit(site.page("mail3", `<p><a href="${target}">Sign in</a></p><p><a id="go" href="${target}">https://www.paypal.com/signin</a></p>`));
  await page.evaluate(() => /** @type {any} */ (globalThis).before = document.documentElement.outerHTML);
  await rightClick(display, page, "#go");
  const frame = await card(page);
  await readCard(frame, "Suspicious");
  assert.match(String((await reasons(frame))[0]), /The link's text names www\.paypal\.com, but it leads to elsewhere\.example/);
  await page.screenshot({ path: picture("card-link-text") });
  const opened = chromium.browser.waitForTarget((target) => target.url().includes("report.html"));
  await frame.locator(by("button", "Full report")).click();
  const report = await (await opened).page();
  assert.ok(report);
  await text(report, ".reasons li:first-child", "The link's text names www.paypal.com");
  await report.close();
  await frame.locator(by("button", "Close")).click();
  await page.waitForFunction(() => document.documentElement.outerHTML === /** @type {any} */ (globalThis).before, {}, "the page is as it was");
  // The other link to the same place says nothing of another.
  await rightClick(display, page, "a");
  const other = await card(page);
  await text(other, "body", "elsewhere.example");
  await other.waitForSelector("h1");
  assert.doesNotMatch(await other.$eval("body", (body) => body.innerText), /The link's text/);
  await page.close();
});

test("how a link or a text writes an address is told of, though the browser reads it plainly", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.page("tricks", '<p><a id="tab" href="https://shop.exa\tmple/a">Shop</a></p><p><a id="back" href="https:\\\\shop.example\\a">Shop</a></p><p id="text">Pay at http://0x08.010.4.4/pay today</p>'));
  for (const [selector, told] of /** @type {const} */ ([["#tab", "characters in the address that browsers take out"], ["#back", "backslash"]])) {
    await rightClick(display, page, selector);
    const frame = await card(page);
    await readCard(frame, "Suspicious");
    await text(frame, ".reasons li:first-child", told);
    await page.reload();
  }
  await page.evaluate(() => getSelection()?.selectAllChildren(/** @type {Element} */ (document.querySelector("#text"))));
  await rightClick(display, page, "#text");
  const frame = await card(page);
  await readCard(frame, "Suspicious");
  await text(frame, ".reasons li:first-child", "0x08.010.4.4 is the IP address 8.8.4.4");
  await page.close();
});

test("a link that is no web address is told as such, and nothing is sent for it", { timeout: 60_000 }, async () => {
  const { chromium, site, proxy } = scene;
  const before = proxy.record.requests.length;
  const page = await chromium.visit(
    site.page("schemes", '<p><a id="script" href="javascript:void document.title">Invoice</a></p><p><a id="data" href="data:text/html,<b>Sign in</b>">https://www.paypal.com/</a></p>'),
  );
  await rightClick(display, page, "#script");
  let frame = await card(page);
  await readCard(frame, "This is no web address");
  await text(frame, "body", "A javascript: address runs a script in the page", "Nothing was sent");
  await page.screenshot({ path: picture("card-script") });
  await page.reload();
  await rightClick(display, page, "#data");
  frame = await card(page);
  await readCard(frame, "This is no web address");
  await text(frame, "body", "names www.paypal.com, and it does not lead to a host", "carries a whole page itself");
  assert.equal(proxy.record.requests.length, before);
  await page.close();
});
