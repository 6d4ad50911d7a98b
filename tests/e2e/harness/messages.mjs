// What the extension's pages ask the background, as it goes over the wire: `"state"`, `{report: {…}}`. In tests
// it reads better with the name inside: `{ask: "report", indicator, …}`.

/** @param {any} request @returns {any} */
export function wire({ ask, ...content }) {
  return Object.keys(content).length ? { [ask]: content } : ask;
}

/**
 * Asks the background.
 * @param {import("puppeteer-core").Page} page one of the extension's
 * @param {Record<string, unknown>} request
 * @returns {Promise<any>} the answer
 */
export const ask = (page, request) => page.evaluate((request) => chrome.runtime.sendMessage(request), wire(request));

/**
 * Waits until a download's record is as wanted. Pages are told of each change; a test asks again, which also wakes
 * a worker that was stopped.
 * @param {import("puppeteer-core").Page} page one of the extension's
 * @param {(record: any) => boolean} wanted
 * @param {string} [what] it is, for who reads that it never came
 * @returns {Promise<any>} the record
 */
export async function checked(page, wanted, what = "no such record") {
  for (const until = Date.now() + 30_000; ; ) {
    // A worker that is stopped while it is asked answers nothing.
    const answer = await ask(page, { ask: "downloads" }).catch(() => undefined);
    const records = answer?.reply?.downloads.records ?? [];
    const found = records.find(wanted);
    if (found) return found;
    // The browser's answers come with the next turn at the earliest.
    await new Promise((resolve) => setImmediate(resolve));
    if (Date.now() > until) throw new Error(`${what}; there are: ${JSON.stringify(records.slice(0, 3))}`);
  }
}

/**
 * Connects the extension and switches its checks on, as the options do.
 * @param {{open: (path: string) => Promise<import("puppeteer-core").Page>}} browser
 * @param {{origin: string, key: string}} backend
 * @param {boolean} [remember] the key, beyond the session
 * @returns {Promise<import("puppeteer-core").Page>} a page of the extension's to ask from
 */
export async function attach(browser, { origin, key }, remember = false) {
  const page = await browser.open("options.html");
  for (const request of [{ ask: "connect", address: origin, key, remember }, { ask: "set_downloads", enabled: true }]) {
    const answer = await ask(page, request);
    if (!answer.ok) throw new Error(JSON.stringify(answer));
  }
  return page;
}
