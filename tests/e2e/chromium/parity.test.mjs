// Downloads of every kind end on disk exactly as without the extension, names and all, unless they are malicious.
// The browser itself says what "exactly" is: the same ones are made with and without us, and compared.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { sha256 } from "../harness/files.mjs";
import { checked, attach } from "../harness/messages.mjs";
import { photograph, record } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { KINDS, NAMES } from "../harness/subjects.mjs";
import { picture } from "../harness/tree.mjs";

/** @typedef {import("../harness/subjects.mjs").Subject} Subject */

/**
 * Makes one subject's downloads, says what came of them, and empties the folder.
 * @param {Chromium} chromium
 * @param {Subject} subject
 * @param {import("puppeteer-core").Page} [ours] a page of the extension's, where there is one
 */
async function download(chromium, { page: make, count = 1, meanwhile }, ours) {
  const { downloads, folder } = chromium;
  const site = await startSite();
  try {
    const page = await chromium.visit(make(site));
    const items = await downloads.all(count, () => page.click("#go"), async ({ id }) => {
      if (meanwhile === "cancel") await downloads.cancel(id);
      if (meanwhile === "pause") await downloads.pauseAndResume(id);
      if (meanwhile === "pause" || meanwhile === "finish") await fetch(`${site.origin}/x/finish`);
    });
    await page.close();
    if (ours) for (const item of items) await checked(ours, ({ download, phase }) => download === item.id && phase === "done");
    return {
      // The site is on another port each time, so addresses are not compared.
      // One that is cancelled while we hold it has no name yet, and no file that could bear it.
      items: items.map(({ state, error, mime, danger, exists, fileSize, totalBytes, filename }) => ({
        state, error, mime, danger, exists, fileSize, totalBytes, name: meanwhile === "cancel" ? undefined : basename(filename),
      })),
      folder: Object.fromEntries(readdirSync(folder).sort().map((name) => [name, sha256(readFileSync(join(folder, name)))])),
      // Nobody presses a button for the user: a form is sent once.
      posts: site.record.requests.filter(({ method }) => method === "POST").length,
    };
  } finally {
    await site.close();
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }
}

/** @type {Chromium} */
let alone;
before(async () => {
  alone = await Chromium.launch({ extension: null });
});
after(async () => {
  await alone?.close();
  alone?.remove();
});

for (const [backend, subjects] of /** @type {const} */ ([
  ["the backend answers", [...KINDS, ...NAMES]],
  ["the backend is out of reach", KINDS.filter(({ stopped }) => stopped)],
])) {
  describe(backend, () => {
    /** @type {Chromium} */
    let guarded;
    /** @type {import("puppeteer-core").Page} */
    let ours;
    const depot = new Depot();
    before(async () => {
      await depot.start();
      guarded = await Chromium.launch();
      ours = await attach(guarded, depot);
      if (backend !== "the backend answers") await depot.close();
    });
    after(async () => {
      await guarded?.close();
      guarded?.remove();
      await depot.close();
    });

    for (const subject of subjects) {
      test(`${subject.name} ends on disk as without the extension`, { timeout: 120_000 }, async () => {
        const [expected, made] = await Promise.all([download(alone, subject), download(guarded, subject, ours)]);
        assert.deepEqual(expected.items.map(({ state }) => state), Array(subject.count ?? 1).fill(subject.ends ?? "complete"));
        assert.deepEqual(made, expected);
      });
    }

    if (backend === "the backend answers") return;
    test("the guard had its hand on each of them", { timeout: 60_000 }, async () => {
      const popup = await guarded.open("popup.html");
      for (const name of ["plain", "redirected", "attachment", "data", "blob", "post", "empty", "big", "once"]) {
        await record(popup, `${name}.`, "Not checked");
      }
      await record(popup, "cancelled", /without a file/);
      await photograph(popup, picture("downloads-server-stopped"), { width: 380, height: 900 });
    });
  });
}
