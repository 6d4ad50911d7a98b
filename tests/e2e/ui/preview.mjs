// Pictures of the interface in its states, in target/ui: `node tests/e2e/ui/preview.mjs [PART OF A NAME]`.
// Nothing is asserted here; it is for looking.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Interface } from "../harness/interface.mjs";
import { tab } from "../harness/pages.mjs";
import * as s from "../harness/states.mjs";
import { ROOT } from "../harness/tree.mjs";

const folder = join(ROOT, "target/ui");
mkdirSync(folder, { recursive: true });
const wanted = process.argv[2] ?? "";

/** @typedef {{path?: string, scenario: import("../harness/interface.mjs").Scenario, look?: any, then?: (page: import("puppeteer-core").Page) => Promise<unknown>, full?: boolean}} Picture */

const long = "Q3-2026_consolidated-financial-statements_final-FINAL_v7_(reviewed by legal and accounting)_do-not-distribute.tar.gz.exe";

/** Downloads that are on disk. */
const landed = () => s.history().map((record) => (record.disposition === "released" ? { ...record, path: `/home/me/${record.name}` } : record)).slice(0, 4);
/** @param {import("puppeteer-core").Page} page types something and asks for it */
async function type(page) {
  await page.type("input[type=search]", "something");
  await page.keyboard.press("Enter");
}

/** @type {Record<string, Picture>} */
const PICTURES = {
  "popup-false-alarm": { scenario: s.scenario(s.falseAlarm()) },
  "popup-false-alarm-dark": { scenario: s.scenario(s.falseAlarm()), look: { dark: true } },
  "popup-phishing-community": { scenario: s.scenario(s.phishing()), look: { dark: true }, then: (page) => tab(page, "Community") },
  "popup-details": { scenario: s.scenario(s.falseAlarm()), then: (page) => tab(page, "Details") },
  "popup-small": { scenario: s.scenario(s.small()) },
  "popup-clean": { scenario: s.scenario(s.clean()) },
  "popup-known-good": { scenario: s.scenario(s.knownGood()) },
  "popup-unknown": { scenario: s.scenario(s.unknown()) },
  "popup-unchecked": { scenario: s.scenario(s.unchecked()) },
  "popup-failed": { scenario: s.scenario(s.failed("rate_limited", { retry_at: Date.now() + 90_000 })) },
  "popup-loading": { scenario: s.scenario("never") },
  "popup-no-page": { scenario: s.scenario(null) },
  "popup-welcome": { scenario: s.scenario(null, { state: s.ok({ state: s.state({ address: null, backend: null, has_key: false, account: null }) }), downloads: s.ok({ downloads: { records: [], unseen: false } }) }) },
  "popup-welcome-key": { scenario: s.scenario(null, { state: s.ok({ state: s.state({ has_key: false, account: null }) }), downloads: s.ok({ downloads: { records: [], unseen: false } }) }) },
  "popup-look-alike": { scenario: s.scenario(s.lookAlike()) },
  "popup-personal": { scenario: s.scenario(s.personal()) },
  "popup-letters-dark": { scenario: s.scenario(s.otherText()), look: { dark: true } },
  "popup-unconnected": { scenario: s.scenario(s.lookAlike(), { state: s.ok({ state: s.state({ address: null, backend: null, has_key: false, account: null }) }) }) },
  "popup-script": { scenario: s.scenario(null, { read: s.pointed([], [s.told("scheme", ["javascript", "effect_runs_script"])]) }), then: type },
  "popup-landed": { scenario: s.scenario(null, { downloads: s.ok({ downloads: { records: landed(), unseen: false } }) }) },
  "report-personal": { path: `report.html?indicator=${s.HASH}`, scenario: s.scenario(s.personal()), look: { width: 1200, height: 700 } },
  "history": { path: "history.html", scenario: s.scenario(null, { history: s.ok({ history: { records: landed(), next: null, total: 3 } }) }), look: { width: 900, height: 900 }, then: (page) => page.locator("summary").click() },
  "card-look-alike": { path: "card.html", scenario: s.scenario(s.lookAlike()), look: { width: 340, height: 300 } },
  "card-other-text": { path: "card.html", scenario: s.scenario(s.otherText()), look: { width: 340, height: 300 } },
  "card-script": { path: "card.html", scenario: s.scenario(null, { card: s.pointed([], [s.told("scheme", ["javascript", "effect_runs_script"])]) }), look: { width: 340, height: 300 } },
  "popup-downloads": { scenario: s.scenario(s.phishing()), then: (page) => tab(page, "Downloads"), look: { height: 1250 } },
  "popup-downloads-dark": { scenario: s.scenario(null), look: { dark: true, height: 1250 } },
  "popup-choices": {
    scenario: s.scenario(null, { read: s.pointed([s.PAGE, "192.0.2.7", s.HASH]) }),
    then: async (page) => {
      await page.type("input[type=search]", "several");
      await page.keyboard.press("Enter");
    },
  },
  "popup-long": { scenario: s.scenario({ ...s.small(), name: long, labels: [long] }) , look: { width: 320 } },
  "popup-forced-colors": { scenario: s.scenario(s.falseAlarm()), look: { features: [{ name: "forced-colors", value: "active" }] } },
  "report-wide": { path: `report.html?indicator=${s.HASH}`, scenario: s.scenario(s.falseAlarm()), look: { width: 1200, height: 900 } },
  "report-wide-dark": { path: `report.html?indicator=${encodeURIComponent(s.PAGE)}`, scenario: s.scenario(s.phishing()), look: { width: 1200, height: 900, dark: true }, then: (page) => tab(page, "Community") },
  "report-narrow": { path: `report.html?indicator=${s.HASH}`, scenario: s.scenario(s.falseAlarm()), look: { width: 320, height: 900 } },
  "report-none": { path: "report.html", scenario: s.scenario(s.falseAlarm()), look: { width: 800 } },
  "card-phishing": { path: "card.html", scenario: s.scenario(s.phishing()), look: { width: 340, height: 340 } },
  "card-phishing-dark": { path: "card.html", scenario: s.scenario(s.phishing()), look: { width: 340, height: 340, dark: true } },
  "card-clean": { path: "card.html", scenario: s.scenario(s.clean()), look: { width: 340, height: 340 } },
  "card-unknown": { path: "card.html", scenario: s.scenario(s.unknown()), look: { width: 340, height: 340 } },
  "card-several": { path: "card.html", scenario: s.scenario(s.phishing(), { card: s.pointed([s.PAGE, "192.0.2.7", s.HASH]) }), look: { width: 340, height: 460 } },
  "card-failed": { path: "card.html", scenario: s.scenario(s.failed("no_backend")), look: { width: 340, height: 300 } },
  "options": { path: "options.html", scenario: s.scenario(null), look: { width: 900, height: 900 }, full: true },
  "options-dark": { path: "options.html", scenario: s.scenario(null, { state: s.ok({ state: s.state({ all_sites: false }) }) }), look: { width: 900, height: 900, dark: true }, full: true },
  "options-error": {
    path: "options.html",
    scenario: s.scenario(null, { state: s.ok({ state: s.state({ address: null, backend: null, has_key: false, account: null, downloads: false, all_sites: false }) }), connect: s.failed("key_refused") }),
    look: { width: 320, height: 900 },
    full: true,
    then: async (page) => {
      await page.type("#address", "virustotal.com");
      await page.type("#key", "0".repeat(64));
      await page.keyboard.press("Enter");
    },
  },
};

/** In Japanese, the words are found by their place. @param {import("puppeteer-core").Page} page @param {number} at */
const nth = (page, at) => page.$$eval("[role=tab]", (tabs, at) => /** @type {HTMLElement} */ (tabs[at]).click(), at);

/** @type {Record<string, Picture>} */
const JAPANESE = {
  "ja-popup-look-alike": { scenario: s.scenario(s.lookAlike()) },
  "ja-popup-personal": { scenario: s.scenario(s.personal()) },
  "ja-popup-unconnected": { scenario: s.scenario(s.lookAlike(), { state: s.ok({ state: s.state({ address: null, backend: null, has_key: false, account: null }) }) }) },
  "ja-popup-script": { scenario: s.scenario(null, { read: s.pointed([], [s.told("scheme", ["data", "effect_inline_page"])]) }), then: type },
  "ja-popup-landed": { scenario: s.scenario(null, { downloads: s.ok({ downloads: { records: landed(), unseen: false } }) }) },
  "ja-report-personal": { path: `report.html?indicator=${s.HASH}`, scenario: s.scenario(s.personal()), look: { width: 1200, height: 700 } },
  "ja-history": { path: "history.html", scenario: s.scenario(null, { history: s.ok({ history: { records: landed(), next: null, total: 3 } }) }), look: { width: 900, height: 900 }, then: (page) => page.locator("summary").click() },
  "ja-card-look-alike": { path: "card.html", scenario: s.scenario(s.lookAlike()), look: { width: 340, height: 300 } },
  "ja-card-other-text": { path: "card.html", scenario: s.scenario(s.otherText()), look: { width: 340, height: 300 } },
  "ja-card-script": { path: "card.html", scenario: s.scenario(null, { card: s.pointed([], [s.told("scheme", ["data", "effect_inline_page"])]) }), look: { width: 340, height: 300 } },
  "ja-popup-false-alarm": { scenario: s.scenario(s.falseAlarm()) },
  "ja-popup-phishing": { scenario: s.scenario(s.phishing()), then: (page) => nth(page, 1) },
  "ja-popup-details": { scenario: s.scenario(s.falseAlarm()), then: (page) => nth(page, 2) },
  "ja-popup-unknown": { scenario: s.scenario(s.unknown()) },
  "ja-popup-downloads": { scenario: s.scenario(null), look: { height: 1250 } },
  "ja-popup-failed": { scenario: s.scenario(s.failed("not_the_api")) },
  "ja-card": { path: "card.html", scenario: s.scenario(s.phishing()), look: { width: 340, height: 340, dark: true } },
  "ja-card-clean": { path: "card.html", scenario: s.scenario(s.clean()), look: { width: 340, height: 340 } },
  "ja-options": { path: "options.html", scenario: s.scenario(null), look: { width: 900, height: 900 }, full: true },
};

for (const [language, pictures] of /** @type {const} */ ([["en", PICTURES], ["ja", JAPANESE]])) {
  const chosen = Object.entries(pictures).filter(([name]) => name.includes(wanted));
  if (!chosen.length) continue;
  const ui = await Interface.start({ language });
  for (const [name, { path = "popup.html", scenario, look, then, full }] of chosen) {
    const page = await ui.open(path, scenario, look);
    page.on("pageerror", (error) => console.error(name, error));
    await then?.(page);
    // What is drawn only after a while (the skeleton, the card's buttons) belongs into the picture.
    await new Promise((resolve) => setTimeout(resolve, 700));
    await page.screenshot({ path: /** @type {`${string}.png`} */ (join(folder, `${name}.png`)), fullPage: full });
    const broken = await page.evaluate(() => /** @type {any} */ (globalThis).violations);
    if (broken.length) console.error(name, broken);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) console.error(name, "is too wide by", wide);
    await page.close();
  }
  await ui.close();
}
console.log(folder);
