// "Check with Quorum" in Firefox's own context menu: a real right click in a real window, then the card on the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Display } from "../harness/display.mjs";
import { EICAR, sha256 } from "../harness/files.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { attach } from "../harness/messages.mjs";
import { by, text } from "../harness/pages.mjs";
import { card, readCard, rightClick } from "../harness/right-click.mjs";
import { BAD_LINK, COMMENT_ON_LINK, startWorld } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

const display = new Display();
/** @type {import("../harness/stage.mjs").World} */
let world;
/** @type {Firefox} */
let firefox;
before(async () => {
  await display.start();
  world = await startWorld();
  firefox = await Firefox.launch({ display });
  await attach(firefox, { origin: world.proxy.origin, key: world.erin.key });
});
after(async () => {
  await firefox?.close();
  firefox?.remove();
  await world?.close();
  await display.close();
});

test("a link: verdict, engines, label, votes and the newest comment", { timeout: 120_000 }, async () => {
  const page = await firefox.visit(world.site.link("mail", BAD_LINK));
  await rightClick(display, page, "#go");
  const frame = await card(page);
  const { all, engines } = await readCard(frame, /Malicious|Phishing/);
  assert.match(engines, /^[1-9]\d* of [1-9]\d* engines?$/);
  assert.match(all, /Phishing\.Parcel/, "the worst label");
  await text(frame, "body", COMMENT_ON_LINK);
  await page.screenshot({ path: picture("firefox-card") });
  await page.close();
});

test("a selected hash, and the page is as it was when the card is closed", { timeout: 120_000 }, async () => {
  const page = await firefox.visit(world.site.page("notes", `<p id=text>${sha256(EICAR)}</p>`));
  const before = await page.evaluate(() => document.documentElement.outerHTML);
  await page.evaluate(() => getSelection()?.selectAllChildren(/** @type {Element} */ (document.querySelector("#text"))));
  await rightClick(display, page, "#text");
  const frame = await card(page);
  await readCard(frame, /Malicious/);
  await frame.locator(by("button", "Close")).click();
  await page.waitForFunction((before) => document.documentElement.outerHTML === before, {}, before);
  await page.close();
});
