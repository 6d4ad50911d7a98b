// "Save and check": what a user fills in first, against the real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { photograph, saveAndCheck, status } from "../harness/pages.mjs";
import { startWorld } from "../harness/stage.mjs";
import { picture } from "../harness/tree.mjs";

/** @type {import("../harness/stage.mjs").World} */
let world;
/** @type {Chromium} */
let chromium;

before(async () => {
  world = await startWorld();
  chromium = await Chromium.launch();
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
  await world?.close();
});

test("shows the user's name and what is left of the quota", { timeout: 60_000 }, async () => {
  const options = await chromium.open("options.html");
  await saveAndCheck(options, { address: world.proxy.origin, key: world.erin.key });
  const said = await status(options, "erin");
  assert.match(said, /30[,.  ]?000|29[,.  ]?9\d\d/, "the day's quota of the Enterprise tier");
  await photograph(options, picture("options"), { width: 900, height: 900 });
  await photograph(options, picture("options-dark"), { width: 900, height: 900, dark: true });
  await options.close();
});

test("says that a key is wrong, in words", { timeout: 60_000 }, async () => {
  const options = await chromium.open("options.html");
  await saveAndCheck(options, { address: world.proxy.origin, key: "0".repeat(64) });
  await status(options, /key/i);
  await options.close();
});

test("says that nothing answers at an address", { timeout: 60_000 }, async () => {
  const options = await chromium.open("options.html");
  await saveAndCheck(options, { address: "http://127.0.0.1:9", key: world.erin.key });
  await status(options, /not reach|no answer|not answer/i);
  await options.close();
});

test("refuses an address that is neither https nor this machine", { timeout: 60_000 }, async () => {
  const options = await chromium.open("options.html");
  await saveAndCheck(options, { address: "http://198.51.100.7/", key: world.erin.key });
  await status(options, /https/i);
  await options.close();
});
