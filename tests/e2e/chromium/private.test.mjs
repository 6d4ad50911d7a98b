// Private windows: what is looked up in one is remembered nowhere. The same in an ordinary window is, which
// shows that the search would find it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { EICAR, sha256 } from "../harness/files.mjs";
import { ask } from "../harness/messages.mjs";
import { look, saveAndCheck, status } from "../harness/pages.mjs";
import { holding } from "../harness/search.mjs";
import { startWorld } from "../harness/stage.mjs";

/** @type {import("../harness/stage.mjs").World} */
let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.close());

/**
 * Looks a file up, closes the browser, and says where on disk that shows.
 * @param {boolean} privately
 */
async function traces(privately) {
  const chromium = await Chromium.launch({ privately });
  try {
    const options = await chromium.open("options.html");
    assert.equal(await options.evaluate(() => chrome.extension.inIncognitoContext), privately);
    await saveAndCheck(options, { address: world.proxy.origin, key: world.erin.key });
    await status(options, "erin");
    const popup = await chromium.open("popup.html");
    await look(popup, sha256(EICAR), "Malicious");
    await chromium.close();
    return holding(chromium.profile.path, sha256(EICAR)).map((file) => file.slice(chromium.profile.path.length));
  } finally {
    await chromium.close();
    chromium.remove();
  }
}

test("an ordinary window remembers the report", { timeout: 60_000 }, async () => {
  assert.notDeepEqual(await traces(false), []);
});

test("a private window leaves nothing behind", { timeout: 60_000 }, async () => {
  assert.deepEqual(await traces(true), []);
});

test("in a dry run nothing leaves a private window either, though nothing of it is logged", { timeout: 60_000 }, async () => {
  const chromium = await Chromium.launch({ privately: true });
  try {
    const options = await chromium.open("options.html");
    await saveAndCheck(options, { address: world.proxy.origin, key: world.erin.key });
    await status(options, "erin");
    await ask(options, { ask: "set_dry_run", enabled: true });
    const asked = world.proxy.record.requests.length;
    const report = { ask: "report", indicator: sha256(EICAR), evidence: "given", fresh: true };
    const { assessment } = (await ask(options, report)).reply.report;
    assert.deepEqual([assessment.verdict, assessment.reasons], ["unchecked", [{ failed: { failure: "dry_run" } }]]);
    assert.equal(world.proxy.record.requests.length, asked, "the backend was asked nothing");
    assert.deepEqual((await ask(options, { ask: "sent" })).reply.sent, []);
  } finally {
    await chromium.close();
    chromium.remove();
  }
});
