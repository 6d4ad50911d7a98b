// One subject's downloads in one browser, and what came of them: made with and without the extension, in Chromium
// and in Firefox, and compared.

import { readFileSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { sha256 } from "./files.mjs";
import { checked } from "./messages.mjs";
import { startSite } from "./site.mjs";

/** @typedef {import("./subjects.mjs").Subject} Subject */

/** What is in a folder, by name: the SHA-256 of each file. @param {string} folder @returns {Record<string, string>} */
export const files = (folder) => Object.fromEntries(readdirSync(folder).sort().map((name) => [name, sha256(readFileSync(join(folder, name)))]));

/** @param {string} folder is empty afterwards */
export function empty(folder) {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/**
 * Makes one subject's downloads, says what came of them, and empties the folder.
 * @param {import("./chromium.mjs").Chromium | import("./firefox.mjs").Firefox} browser
 * @param {Subject} subject
 * @param {import("puppeteer-core").Page} [ours] a page of the extension's, where there is one
 * @param {(record: any) => void} [seen] is given the record of each
 */
export async function download(browser, { page: make, from, count = 1, meanwhile }, ours, seen) {
  const { downloads, folder } = browser;
  const site = await startSite();
  try {
    const address = make(site);
    const page = from ? undefined : await browser.visit(address);
    const items = await downloads.all(
      count,
      async () => void (await (page ? page.click("#go") : downloads.begin(address, from ?? "link"))),
      async ({ id }) => {
        if (meanwhile === "cancel") await downloads.cancel(id);
        if (meanwhile === "pause") await downloads.pauseAndResume(id);
        if (meanwhile === "pause" || meanwhile === "finish") await fetch(`${site.origin}/x/finish`);
      },
    );
    await page?.close();
    if (ours) {
      for (const item of items) {
        const record = await checked(ours, ({ download, phase }) => download === item.id && phase === "done");
        seen?.(record);
      }
    }
    return {
      // The site is on another port each time, so addresses are not compared.
      // One that is cancelled while we hold it has no name yet, and no file that could bear it.
      items: items.map(({ state, error, mime, danger, exists, fileSize, totalBytes, filename }) => ({
        state, error, mime, danger, exists, fileSize, totalBytes, name: meanwhile === "cancel" ? undefined : basename(filename),
      })),
      folder: files(folder),
      // Nobody presses a button for the user: a form is sent once.
      posts: site.record.requests.filter(({ method }) => method === "POST").length,
    };
  } finally {
    await site.close();
    empty(folder);
  }
}
