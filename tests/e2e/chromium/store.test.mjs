// The build that users load, which asks for no site at install: the backend's address is asked for at
// "Save and check", and a right click on a page needs nothing more than the click.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Display } from "../harness/display.mjs";
import { by, saveAndCheck, status, there } from "../harness/pages.mjs";
import { card, readCard, rightClick } from "../harness/right-click.mjs";
import { BAD_LINK, startWorld } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

const display = new Display();
/** @type {import("../harness/stage.mjs").World} */
let world;
/** @type {Chromium} */
let chromium;

before(async () => {
  await display.start();
  world = await startWorld();
  chromium = await Chromium.launch({ extension: "chromium", display });
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
  await world?.close();
  await display.close();
});

/** @returns {Promise<string[] | undefined>} the sites that we may ask */
const origins = async () => (await (await chromium.worker()).evaluate(() => chrome.permissions.getAll())).origins;

test("asks for the backend's address, and for no other, when it is saved", { timeout: 60_000 }, async () => {
  assert.deepEqual(await origins(), []);
  const options = await chromium.open("options.html");
  await display.allow(options, () => saveAndCheck(options, { address: world.proxy.origin, key: world.erin.key }));
  await status(options, "erin");
  assert.deepEqual(await origins(), ["http://127.0.0.1/*"]);
  await options.close();
});

test("answers a right click with no access to the site", { timeout: 60_000 }, async () => {
  const page = await chromium.visit(world.site.page("mail", `<p><a id="go" href="${BAD_LINK}">a parcel</a></p>`).replace("127.0.0.1", "localhost"));
  await rightClick(display, page, "#go");
  const { engines } = await readCard(await card(page), /Malicious|Phishing/);
  assert.match(engines, /^[1-9]/);
  await page.screenshot({ path: picture("store-card") });
  await page.close();
  assert.deepEqual(await origins(), ["http://127.0.0.1/*"]);
});

test("asks for all sites when download checks are switched on", { timeout: 60_000 }, async () => {
  const options = await chromium.open("options.html");
  const box = await there(options, by("checkbox", "Check downloads automatically"));
  await display.allow(options, () => box.click());
  await options.waitForFunction(async () => (await chrome.permissions.getAll()).origins?.some((origin) => origin.includes("*/*")));
  await options.close();
});
