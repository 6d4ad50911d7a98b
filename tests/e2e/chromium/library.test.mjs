// The library has a module of its own, and the guard goes on without it.

import assert from "node:assert/strict";
import { cpSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { EICAR } from "../harness/files.mjs";
import { checkDownloads, record, text } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { build, temporaryFolder } from "../harness/tree.mjs";

const MODULE = "quorum_library_bg.wasm";

/** @type {import("../harness/site.mjs").Site} */
let site;
before(async () => {
  site = await startSite();
  for (const name of ["first.com", "second.com"]) site.put(name, EICAR);
});
after(() => site?.close());

/** @param {import("node:test").TestContext} t @param {string} [extension] */
async function launch(t, extension) {
  const chromium = await Chromium.launch({ extension });
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  const options = await chromium.open("options.html");
  await checkDownloads(options, true);
  await options.close();
  return chromium;
}

/** Downloads EICAR and waits until its record names the rule. @param {Chromium} chromium @param {string} name */
async function scanned(chromium, name) {
  const page = await chromium.visit(site.link(name, `/d/attachment/${name}`));
  await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  const popup = await chromium.open("popup.html");
  await record(popup, name, "Eicar_Test_File");
  await popup.close();
}

test("the library's module does not load: downloads are scanned all the same, and the page of the rules says it", { timeout: 120_000 }, async (t) => {
  const folder = temporaryFolder("no-library");
  t.after(folder.remove);
  cpSync(build("chromium-test"), folder.path, { recursive: true });
  truncateSync(join(folder.path, "pkg", MODULE), 1000);
  const chromium = await launch(t, folder.path);
  await scanned(chromium, "first.com");
  const page = await chromium.open("rules.html");
  await text(page, ".trouble", "The browser refused");
  // The background is alive.
  await scanned(chromium, "second.com");
});
