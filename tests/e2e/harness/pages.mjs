// What a person does on the extension's pages, by the roles and names that a screen reader tells.

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {import("puppeteer-core").Frame} Frame */

/**
 * A selector for what has this role and this accessible name.
 * @param {string} role
 * @param {string} [name]
 */
export const by = (role, name) => `::-p-aria(${name === undefined ? "" : `[name="${name}"]`}[role="${role}"])`;

/**
 * A selector for the field that has this label. A password's field has no role of its own in Firefox.
 * @param {string} label
 */
const labelled = (label) => `::-p-xpath(//input[@id=//label[normalize-space(.)="${label}"]/@for])`;

/**
 * Waits until something is there to be seen. (Looked for at every frame: the driver's other way looks only
 * when the document changes, and the accessibility tree comes a little later than the document.)
 * @param {Page | Frame} page
 * @param {string} selector
 */
export async function there(page, selector) {
  const found = await page.waitForSelector(selector, { visible: true });
  if (!found) throw new Error(`${selector} is not there`);
  return found;
}

/**
 * Fills in the options and presses "Save and check".
 * @param {Page} page options.html
 * @param {{address: string, key: string}} connection
 */
export async function saveAndCheck(page, { address, key }) {
  await page.locator(by("textbox", "Backend address")).fill(address);
  await page.locator(labelled("API key")).fill(key);
  await page.locator(by("button", "Save and check")).click();
}

/**
 * @param {Page} page options.html
 * @param {boolean} on
 */
export async function checkDownloads(page, on) {
  await page.bringToFront();
  const box = await there(page, by("checkbox", "Check downloads automatically"));
  if ((await box.evaluate((box) => /** @type {HTMLInputElement} */ (box).checked)) !== on) await box.click();
}

/**
 * Waits until the page's status says something.
 * @param {Page | Frame} page
 * @param {string | RegExp} words
 * @returns {Promise<string>} all that it says
 */
export async function status(page, words) {
  return text(page, "[role=status], output", words);
}

/**
 * Waits until an element holds these words, and gives its text.
 * @param {Page | Frame} page
 * @param {string} selector CSS
 * @param {...(string | RegExp)} words all of them
 * @returns {Promise<string>}
 */
export async function text(page, selector, ...words) {
  const patterns = words.map((word) => (typeof word === "string" ? word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : word.source));
  try {
    const handle = await page.waitForFunction(
      (selector, patterns) => {
        for (const element of document.querySelectorAll(selector)) {
          const text = /** @type {HTMLElement} */ (element).innerText;
          if (patterns.every((pattern) => new RegExp(pattern, "i").test(text))) return text;
        }
        return undefined;
      },
      {},
      selector,
      patterns,
    );
    return /** @type {string} */ (await handle.jsonValue());
  } catch (error) {
    const seen = await page.evaluate(() => document.body.innerText).catch(() => "(gone)");
    throw new Error(`nothing at ${selector} says ${words.join(" and ")}; the page says:\n${seen}`, { cause: error });
  }
}

/**
 * Asks for an indicator in the popup and waits for its verdict.
 * @param {Page} page popup.html
 * @param {string} indicator
 * @param {string | RegExp} word of the verdict
 */
export async function look(page, indicator, word) {
  await page.locator(by("searchbox")).fill(indicator);
  await page.keyboard.press("Enter");
  return text(page, "h1", word);
}

/** @param {Page} page @param {string} name of the tab: its words, without the number in it */
export async function tab(page, name) {
  await (await there(page, `::-p-xpath(//*[@role="tab"][starts-with(normalize-space(.), "${name}")])`)).click();
}

/**
 * The record of a checked download in the popup.
 * @param {Page} page popup.html
 * @param {string | RegExp} file
 * @param {...(string | RegExp)} words of the verdict and its reasons
 */
export async function record(page, file, ...words) {
  await tab(page, "Downloads");
  return text(page, "li", file, ...words);
}

/**
 * Presses a button of a download's record.
 * @param {Page} page popup.html
 * @param {string} file
 * @param {string} button
 */
export async function pressInRecord(page, file, button) {
  const found = await there(
    page,
    `::-p-xpath(//li[contains(normalize-space(.), "${file}")]//button[contains(normalize-space(.), "${button}")])`,
  );
  await found.click();
}

/**
 * Takes a picture of a page at a width.
 * @param {Page} page
 * @param {`${string}.png`} path
 * @param {{width: number, height: number, dark?: boolean}} look
 */
export async function photograph(page, path, { width, height, dark = false }) {
  await page.setViewport({ width, height });
  // Firefox's protocol has no such command.
  if (!/firefox/i.test(await page.browser().version())) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  }
  await page.screenshot({ path });
}
