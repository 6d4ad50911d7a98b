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
