// The right click, with a real mouse and the browser's own menu, and what the card on the page then shows.

import { text } from "./pages.mjs";

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {import("puppeteer-core").Frame} Frame */

/**
 * Clicks an element with the right button and picks our item: in Firefox the last one, in Chromium the one above
 * "Inspect"; on the page itself "View page source" stands between.
 * @param {import("./display.mjs").Display} display
 * @param {Page} page
 * @param {string} selector
 * @param {"element" | "page"} [what]
 */
export async function rightClick(display, page, selector, what = "element") {
  await page.bringToFront();
  const at = await page.$eval(selector, (element) => {
    const box = element.getBoundingClientRect();
    const { mozInnerScreenX: x, mozInnerScreenY: y } = /** @type {any} */ (globalThis);
    // Where the page is on the screen: Firefox says it. Chromium's window has no frame below or beside the page, all
    // its chrome lies above.
    const origin = x === undefined ? { x: screenX + (outerWidth - innerWidth) / 2, y: screenY + outerHeight - innerHeight } : { x, y };
    return { x: origin.x + box.x + Math.min(box.width / 2, 40), y: origin.y + box.y + box.height / 2, firefox: x !== undefined };
  });
  await display.openMenu(at);
  const up = at.firefox ? 1 : what === "page" ? 3 : 2;
  await display.press(...Array(up).fill("Up"), "Return");
}

/**
 * Waits for the card on a page. Firefox's driver does not say where a frame of an extension is: the frame does.
 * @param {Page} page
 * @returns {Promise<Frame>}
 */
export async function card(page) {
  for (const until = Date.now() + 20_000; ; ) {
    for (const frame of page.frames()) {
      const url = frame.url() === "about:blank" ? await frame.evaluate(() => location.href).catch(() => "") : frame.url();
      if (/\/card\.html/.test(url)) return frame;
    }
    if (Date.now() > until) throw new Error("no card came");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Waits until the card has its verdict, and reads it.
 * @param {Frame} frame
 * @param {string | RegExp} word of the verdict
 */
export async function readCard(frame, word) {
  const verdict = await text(frame, "h1, h2, [role=heading]", word);
  const all = await frame.evaluate(() => document.body.innerText);
  return { verdict, all, engines: /(\d+) of (\d+) engines?/.exec(all)?.[0] ?? "" };
}
