// A short journey in Firefox: it loads, connects, reports, and checks a download once it has landed, since
// Firefox lets nobody hold one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EICAR, sha256 } from "../harness/files.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { checkDownloads, look, photograph, record, saveAndCheck, status } from "../harness/pages.mjs";
import { startWorld } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").World} */
let world;
/** @type {Firefox} */
let firefox;
before(async () => {
  world = await startWorld();
  firefox = await Firefox.launch();
});
after(async () => {
  await firefox?.close();
  firefox?.remove();
  await world?.close();
});

test("is connected by Save and check", { timeout: 120_000 }, async () => {
  const options = await firefox.open("options.html", "button");
  await saveAndCheck(options, { address: world.proxy.origin, key: world.erin.key });
  await status(options, "erin");
  await checkDownloads(options, true);
  await photograph(options, picture("firefox-options"), { width: 900, height: 900 });
  await options.close();
});

test("shows the report of a hash in the popup", { timeout: 120_000 }, async () => {
  const popup = await firefox.open("popup.html", "input");
  await look(popup, sha256(EICAR), "Malicious");
  await photograph(popup, picture("firefox-popup"), { width: 380, height: 600 });
  await popup.close();
});

test("checks a download after it has landed, and says so", { timeout: 120_000 }, async () => {
  const page = await firefox.visit(world.site.link("letter", "/d/attachment/eicar.com"));
  await page.click("#go");
  const popup = await firefox.open("popup.html", "input");
  await record(popup, "eicar.com", "Malicious", /after/);
  assert.deepEqual(firefox.files(), ["eicar.com"]);
  await photograph(popup, picture("firefox-download"), { width: 380, height: 600 });
  await popup.close();
  await page.close();
});
