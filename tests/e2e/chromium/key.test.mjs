// The API key is a canary: after a whole session it is found nowhere but in requests to the backend that
// the user configured. Searched are the profile folder, as bytes, and everything that a server received.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FaultyBackend } from "../harness/backend.mjs";
import { Chromium } from "../harness/chromium.mjs";
import { EICAR, sha256, unknown } from "../harness/files.mjs";
import { look, record } from "../harness/pages.mjs";
import { holding } from "../harness/search.mjs";
import { connect, startWorld } from "../harness/stage.mjs";
import { temporaryFolder } from "../harness/tree.mjs";

test("the search finds a key that is there, in either encoding", (t) => {
  // A gate that cannot fail holds nothing.
  const key = "5f0e".repeat(16);
  const folder = temporaryFolder("leak");
  t.after(folder.remove);
  mkdirSync(join(folder.path, "Default"));
  writeFileSync(join(folder.path, "Default", "log"), Buffer.concat([Buffer.of(0, 255), Buffer.from(key), Buffer.of(0)]));
  writeFileSync(join(folder.path, "session"), Buffer.from(`...${key.slice(32)}`, "utf16le"));
  writeFileSync(join(folder.path, "innocent"), "nothing");
  assert.equal(holding(folder.path, key).length, 2);
});

test("E19: after a session the key is in the backend's requests and nowhere else", { timeout: 120_000 }, async (t) => {
  const world = await startWorld();
  t.after(() => world.close());
  const { erin, proxy, site } = world;
  const chromium = await Chromium.launch();
  await (await connect(chromium, { address: proxy.origin, key: erin.key, name: "erin" })).close();
  const popup = await chromium.open("popup.html");
  await look(popup, sha256(EICAR), "Malicious");
  for (const name of ["eicar.com", "letter.bin"]) {
    const page = await chromium.visit(site.link(name, `/d/attachment/${name}`));
    await chromium.downloads.of(() => page.click("#go"));
    await page.close();
  }
  await record(popup, "eicar.com", "Malicious");
  await popup.close();
  await chromium.close();

  assert.deepEqual(holding(chromium.profile.path, erin.key), []);
  assert.deepEqual(site.record.holding(erin.key), []);
  assert.ok(proxy.record.requests.some(({ headers }) => headers["x-apikey"] === erin.key), "the backend got it");
  for (const { url, body } of proxy.record.requests) {
    assert.ok(!url.split("?")[1]?.includes(erin.key) && !body.includes(erin.key), `in a header, not in ${url}`);
  }
  chromium.remove();
});

test("another backend never sees the key of the first", { timeout: 120_000 }, async (t) => {
  const world = await startWorld();
  t.after(() => world.close());
  const backend = new FaultyBackend();
  await backend.start();
  t.after(() => backend.close());
  const chromium = await Chromium.launch();
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  await (await connect(chromium, { address: world.proxy.origin, key: world.erin.key, name: "erin" })).close();
  await (await connect(chromium, { address: backend.origin, key: backend.key, name: "frank" })).close();
  const before = world.proxy.record.requests.length;
  world.site.put("after.bin", unknown("after"));
  const page = await chromium.visit(world.site.link("after", "/d/attachment/after.bin"));
  await chromium.downloads.of(() => page.click("#go"));
  const popup = await chromium.open("popup.html");
  await record(popup, "after.bin", "Unknown");
  assert.deepEqual(backend.record.holding(world.erin.key), []);
  assert.equal(world.proxy.record.requests.length, before, "the first backend is not asked any more");
  assert.deepEqual(world.proxy.record.holding(backend.key), []);
});
