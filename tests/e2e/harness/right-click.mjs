// The right click, with a real mouse and the browser's own menu, and what the card on the page then shows.

import { text } from "./pages.mjs";

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {import("puppeteer-core").Frame} Frame */

/**
 * Clicks an element with the right button and picks our item, the one above "Inspect"; on the page itself
 * "View page source" stands between.
 * @param {import("./display.mjs").Display} display
 * @param {Page} page
 * @param {string} selector
 * @param {"element" | "page"} [what]
 */
export async function rightClick(display, page, selector, what = "element") {
  await page.bringToFront();
  // Screen coordinates: the window has no frame below or beside the page, all its chrome lies above.
  const at = await page.$eval(selector, (element) => {
    const box = element.getBoundingClientRect();
    return {
      x: screenX + (outerWidth - innerWidth) / 2 + box.x + Math.min(box.width / 2, 40),
      y: screenY + outerHeight - innerHeight + box.y + box.height / 2,
    };
  });
  await display.openMenu(at);
  await display.press("Up", "Up", ...(what === "page" ? ["Up"] : []), "Return");
}

/**
 * Waits for the card on a page.
 * @param {Page} page
 * @returns {Promise<Frame>}
 */
export function card(page) {
  return page.waitForFrame((frame) => /\/card\.html/.test(frame.url()), { timeout: 20_000 });
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
