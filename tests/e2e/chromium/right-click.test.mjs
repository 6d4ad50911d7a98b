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
