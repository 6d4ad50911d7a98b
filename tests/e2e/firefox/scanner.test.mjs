// YARA in Firefox: its background starts the Worker by itself, so a download that an own rule matches is told
// of with no hidden page and no backend. The file is a large one, which waits on disk for that.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Firefox } from "../harness/firefox.mjs";
import { by, checkDownloads, photograph, record, text, there } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { Halting, spooled } from "../harness/spool.mjs";
import { picture } from "../harness/tree.mjs";

const file = new Halting("marked");

/** @type {import("../harness/site.mjs").Site} */
let site;
/** @type {Firefox} */
let firefox;
before(async () => {
  site = await startSite();
  firefox = await Firefox.launch();
});
after(async () => {
  await firefox?.close();
  firefox?.remove();
  await site?.close();
});

test("a download that an own rule matches says so in its record", { timeout: 120_000 }, async () => {
  const options = await firefox.open("options.html", "button");
  await checkDownloads(options, true);
  await options.close();

  const rules = await firefox.open("rules.html", "button");
  await (await there(rules, by("button", "New rules"))).click();
  await (await there(rules, "#rule-name")).type("mark");
  await rules.$eval(".sheet textarea", (area, source) => {
    const element = /** @type {HTMLTextAreaElement} */ (area);
    element.value = source;
    element.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, `rule finds_the_mark { strings: $a = "${file.mark}" condition: $a }`);
  await text(rules, "#rule-status", "No errors. 1 rule");
  await (await there(rules, by("button", "Save"))).click();
  await text(rules, ".entry", "mark");
  await rules.close();

  const page = await firefox.visit(site.link("marked", site.serve("marked.bin", file.answer)));
  await page.click("#go");
  const popup = await firefox.open("popup.html", "input");
  await file.sent;
  assert.equal((await spooled(popup)).length, 1);
  file.finish();
  await record(popup, "marked.bin", "finds_the_mark");
  await photograph(popup, picture("firefox-rules-download"), { width: 380, height: 600 });
  await popup.close();
  await page.close();
});
