// What a web page can learn of the extension: nothing before the user acts, and nothing of what the card
// says when it does. The page here tries what is known to leak from a closed shadow root. Attack catalogue: E34.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Display } from "../harness/display.mjs";
import { text } from "../harness/pages.mjs";
import { card, readCard, rightClick } from "../harness/right-click.mjs";
import { BAD_LINK, startScene } from "../harness/stage.mjs";

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

/** A page that watches its own document from its first moment. */
const WATCHING = `
<script>
  window.changes = [];
  const observer = new MutationObserver((records) => window.changes.push(...records.map((r) => r.type + " " + r.target.nodeName)));
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  // What the parser itself adds is no change.
  addEventListener("DOMContentLoaded", () => { observer.takeRecords(); window.changes.length = 0; });
</script>
<p>Some text, <a id="go" href="${BAD_LINK}">a link</a> and <input value="a field">.</p>`;

test("the page's document is unchanged until the user acts", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.page("watching", WATCHING));
  await page.click("p");
  await page.mouse.move(200, 200);
  // A round trip through the extension: whatever it would do to a page has been done by then.
  await (await chromium.open("popup.html")).close();
  const alone = await Chromium.launch({ extension: null });
  try {
    const same = await alone.visit(site.page("watching", WATCHING));
    const html = (/** @type {import("puppeteer-core").Page} */ of) => of.evaluate(() => document.documentElement.outerHTML);
    assert.equal(await html(page), await html(same));
    assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).changes), []);
  } finally {
    await alone.close();
    alone.remove();
  }
  await page.close();
});

test("the page cannot read the card", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.page("spying", WATCHING));
  const before = await page.evaluate(() => [...document.querySelectorAll("*")].length);
  await rightClick(display, page, "#go");
  const frame = await card(page);
  await readCard(frame, /Malicious|Phishing/);
  const secrets = ["Phishing.Parcel", "engines", "Malicious", "parcel service #phishing", scene.proxy.origin, scene.erin.key, chromium.id];

  const learned = await page.evaluate(
    (secrets, before) => {
      const all = [...document.querySelectorAll("*")];
      const hosts = all.slice(0).filter((element) => element.tagName.includes("-") || !element.closest("body"));
      /** @type {string[]} */
      const seen = [document.documentElement.outerHTML, document.body.innerText];
      for (const element of all) {
        if (element.shadowRoot) seen.push(`open root: ${element.shadowRoot.textContent}`);
        if ("getHTML" in element) seen.push(/** @type {any} */ (element).getHTML({ serializableShadowRoots: true }));
      }
      getSelection()?.selectAllChildren(document.documentElement);
      seen.push(String(getSelection()));
      getSelection()?.removeAllRanges();
      for (const x of [20, innerWidth / 2, innerWidth - 60]) {
        for (const y of [20, innerHeight / 2, innerHeight - 60]) {
          for (const element of document.elementsFromPoint(x, y)) seen.push(element.outerHTML.slice(0, 2000));
        }
      }
      for (const entry of performance.getEntries()) seen.push(entry.name);
      for (let at = 0; at < frames.length; at++) {
        try {
          seen.push(/** @type {any} */ (frames[at]).document.body.innerText);
        } catch {
          // Another origin's document, as it must be.
        }
      }
      const found = secrets.filter((secret) => /** @type {any} */ (window).find(secret, false, false, true, false, true, false));
      return {
        found,
        inText: secrets.filter((secret) => seen.some((text) => text.includes(secret))),
        scheme: seen.filter((text) => text.includes("chrome-extension:")).map((text) => text.slice(0, 200)),
        added: all.length - before,
        frames: frames.length,
        hosts: hosts.length,
      };
    },
    secrets,
    before,
  );
  assert.deepEqual(learned.found, [], "window.find");
  assert.deepEqual(learned.inText, [], "everything else that a page can read");
  assert.deepEqual(learned.scheme, [], "not even where it comes from");
  assert.ok(learned.added >= 1 && learned.added <= 2, `the host element alone was added, not ${learned.added}`);
  await page.close();
});

test("the files of the extension cannot be probed by its id", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.page("probing", "<p>Who is there?</p>"));
  const answered = await page.evaluate(async (id) => {
    const paths = ["manifest.json", "card.html", "popup.html", "background.js", "content.js", "icons/16.png", "pkg/quorum_www.js", "_locales/en/messages.json"];
    const open = [];
    for (const path of paths) {
      const url = `chrome-extension://${id}/${path}`;
      if (await fetch(url).then(() => true, () => false)) open.push(`fetch ${path}`);
      const loaded = await new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve(true);
        image.onerror = () => resolve(false);
        image.src = url;
      });
      if (loaded) open.push(`image ${path}`);
    }
    return open;
  }, chromium.id);
  assert.deepEqual(answered, []);
  await page.close();
});

test("a page's messages reach nobody", { timeout: 60_000 }, async () => {
  const { chromium, site, proxy } = scene;
  const page = await chromium.visit(site.link("shouting", BAD_LINK));
  await rightClick(display, page, "#go");
  const frame = await card(page);
  await readCard(frame, /Malicious|Phishing/);
  const before = proxy.record.requests.length;
  await page.evaluate(() => {
    for (const type of ["check", "vote", "comment", "upload", "open", "report", "result", "close"]) {
      for (const message of [{ type }, { kind: type }, { type, verdict: "clean" }, JSON.stringify({ type })]) {
        window.postMessage(message, "*");
        for (let at = 0; at < frames.length; at++) frames[at]?.postMessage(message, "*");
        window.dispatchEvent(new CustomEvent(type, { detail: message }));
      }
    }
  });
  const again = await text(frame, "h1, h2, [role=heading]", /Malicious|Phishing/);
  assert.match(again, /Malicious|Phishing/);
  assert.equal(proxy.record.requests.length, before);
  await page.close();
});

// The last one: what this session knew is gone with the extension.
test("E34: the card of an extension that was loaded anew goes, and leaves nothing behind", { timeout: 60_000 }, async () => {
  const { chromium, site } = scene;
  const page = await chromium.visit(site.page("orphan", WATCHING));
  const before = await page.evaluate(() => document.documentElement.outerHTML);
  await rightClick(display, page, "#go");
  await readCard(await card(page), /Malicious|Phishing/);
  assert.notEqual(await page.evaluate(() => document.documentElement.outerHTML), before);
  const own = await chromium.open("options.html");
  await own.evaluate(() => chrome.runtime.reload()).catch(() => {}); // the page goes with it
  await page.waitForFunction((before) => document.documentElement.outerHTML === before, {}, before);
  await page.close();
});
