// Downloads of every kind end on disk exactly as without the extension, names and all, unless they are malicious.
// The browser itself says what "exactly" is: the same ones are made with and without us, and compared.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { Depot } from "../harness/depot.mjs";
import { attach } from "../harness/messages.mjs";
import { photograph, record } from "../harness/pages.mjs";
import { download } from "../harness/parity.mjs";
import { KINDS, NAMES } from "../harness/subjects.mjs";
import { picture } from "../harness/tree.mjs";

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
