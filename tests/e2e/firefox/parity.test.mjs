// Firefox's downloads of every kind end on disk exactly as without the extension, and each record says how the bytes
// were had: Firefox lets nobody hold a download or read the saved file, so a second copy is the most there is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Depot } from "../harness/depot.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { attach } from "../harness/messages.mjs";
import { download } from "../harness/parity.mjs";
import { KINDS } from "../harness/subjects.mjs";

/**
 * What each kind's record rests on: a second copy, the address alone, or nothing, where there is no file.
 * Left out are those of which Firefox's own events tell no end: cut in the middle, and halted where the site has no ranges.
 * @type {Record<string, "second_copy" | "address" | "either" | "none">}
 */
const EVIDENCE = {
  plain: "second_copy",
  gzip: "second_copy",
  "a gzip file sent as such": "second_copy",
  chunked: "second_copy",
  "no length": "second_copy",
  "redirects over origins": "second_copy",
  attachment: "second_copy",
  "data:": "second_copy",
  "data:, large": "second_copy",
  // Nothing is held here: the page may be closed before it has been read.
  "blob:": "either",
  // Whoever is faster: the page that withdraws it, or we.
  "blob:, revoked at once": "either",
  "blob:, large": "either",
  POST: "address",
  "POST of a file's form": "address",
  "logged in with cookies": "second_copy",
  "a link on another extension's page": "second_copy",
  "another extension's own call": "second_copy",
  "one-time link": "address",
  "different bytes to the second asker": "address",
  "same size, other bytes to the second asker": "second_copy",
  "a page for the second asker": "address",
  slow: "second_copy",
  "paused and resumed by the user, from a site with ranges": "second_copy",
  "cancelled by the user": "none",
  "0 bytes": "second_copy",
  "200 MB": "second_copy",
  "same name twice": "second_copy",
};

const depot = new Depot();
/** @type {Firefox} */
let alone;
/** @type {Firefox} */
let guarded;
/** @type {import("puppeteer-core").Page} */
let ours;
before(async () => {
  await depot.start();
  alone = await Firefox.launch({ extension: null, observed: true });
  guarded = await Firefox.launch({ observed: true });
  ours = await attach(guarded, depot);
});
after(async () => {
  for (const firefox of [alone, guarded]) {
    await firefox?.close();
    firefox?.remove();
  }
  await depot.close();
});

for (const [name, evidence] of Object.entries(EVIDENCE)) {
  test(`${name} ends on disk as without the extension, and its record says what it rests on`, { timeout: 120_000 }, async () => {
    const subject = KINDS.find((kind) => kind.name === name);
    assert.ok(subject, "there is such a kind");
    /** @type {any[]} */
    const records = [];
    // One after the other: both have the same two processors.
    const expected = await download(alone, subject);
    const made = await download(guarded, subject, ours, (record) => records.push(record));
    assert.deepEqual(made, expected);
    assert.equal(records.length, subject.count ?? 1);
    for (const record of records) {
      assert.notEqual(record.disposition, "held");
      if (evidence === "none") assert.equal(record.disposition, "gone");
      else if (evidence !== "either") assert.equal(record.assessment.evidence, evidence, JSON.stringify(record.assessment));
      // No copy is called clean that may be another file than the one that was saved.
      assert.notEqual(record.assessment?.verdict, "clean");
    }
  });
}
