// A publisher's checksums, with no backend at all: beside the link, in a list, in the answer's headers. What
// holds is told, what does not is a doubt, and a page that we may not read is not read.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Chromium } from "../harness/chromium.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { ask } from "../harness/messages.mjs";
import { photograph, record } from "../harness/pages.mjs";
import { startSite } from "../harness/site.mjs";
import { build, picture, temporaryFolder } from "../harness/tree.mjs";

/** @type {Chromium} */
let chromium;
/** @type {import("../harness/site.mjs").Site} */
let site;

/** @param {Chromium} chromium */
async function switchOn(chromium) {
  const page = await chromium.open("popup.html");
  assert.ok((await ask(page, { ask: "set_downloads", enabled: true })).ok);
  await page.close();
}

before(async () => {
  site = await startSite();
  chromium = await Chromium.launch();
  await switchOn(chromium);
});
after(async () => {
  await chromium?.close();
  chromium?.remove();
  await site?.close();
});

/** A page of releases: the file, what stands beside it, and another file with its own. @param {string} name @param {string} beside */
const releases = (name, beside) =>
  site.page(
    name,
    `<table>
      <tr><td><a id="go" href="/d/attachment/${name}">${name}</a></td><td>${beside}</td></tr>
      <tr><td><a href="/d/attachment/other-1.0.zip">Other</a></td><td>SHA-256: ${"0".repeat(64)}</td></tr>
    </table>`,
  );

/**
 * Downloads by the page's link; gives what the record says.
 * @param {string} url
 * @param {string} name
 * @param {...(string | RegExp)} words
 */
async function download(url, name, ...words) {
  const page = await chromium.visit(url);
  await page.evaluate(() => {
    const to = /** @type {any} */ (globalThis);
    to.touched = 0;
    new MutationObserver((changes) => (to.touched += changes.length)).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  const item = await chromium.downloads.of(() => page.click("#go"));
  assert.equal(item.state, "complete");
  const popup = await chromium.open("popup.html");
  const said = await record(popup, name, ...words);
  assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).touched), 0, "the page is as it was");
  await photograph(popup, picture(`checksum-${name.replace(".bin", "")}`), { width: 380, height: 600 });
  await popup.close();
  await page.close();
  return said;
}

test("a checksum beside the link that holds is told, and makes nothing good", { timeout: 90_000 }, async () => {
  const bytes = unknown("beside");
  site.put("beside.bin", bytes);
  const said = await download(releases("beside.bin", `SHA-256 ${sha256(bytes).toUpperCase()}`), "beside.bin", "The publisher's checksum matches: SHA-256, beside the link");
  assert.match(said, /Not checked/);
});

test("a checksum beside the link that does not hold is a doubt", { timeout: 90_000 }, async () => {
  site.put("swapped.bin", unknown("swapped"));
  const said = await download(releases("swapped.bin", sha256(unknown("published"))), "swapped.bin", "Suspicious", "These are not the bytes that the publisher names: SHA-256, beside the link");
  assert.doesNotMatch(said, /matches/);
});

test("a list that the page links to is fetched without cookies and compared", { timeout: 90_000 }, async () => {
  const bytes = unknown("listed");
  site.put("listed.bin", bytes);
  site.put("SHA256SUMS", Buffer.from(`${"0".repeat(64)}  other-1.0.zip\n${sha256(bytes)} *listed.bin\n`));
  const url = site.page("listed", `<p><a id="go" href="/d/attachment/listed.bin">Download</a> <a href="/d/plain/SHA256SUMS">checksums</a><script>document.cookie = "who=me"</script>`);
  await download(url, "listed.bin", "The publisher's checksum matches: SHA-256, list", "/d/plain/SHA256SUMS");
  const asked = site.record.requests.filter(({ url }) => url.endsWith("SHA256SUMS"));
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.headers.cookie, undefined);
});

test("a digest in the answer's headers is compared, SHA-512 too, and an ETag is no proof against", { timeout: 90_000 }, async () => {
  const bytes = unknown("header");
  const digest = createHash("sha512").update(bytes).digest("base64");
  site.put("header.bin", bytes, { "repr-digest": `sha-512=:${digest}:`, etag: `"${"0".repeat(32)}"` });
  const said = await download(site.link("header", "/d/attachment/header.bin"), "header.bin", "The publisher's checksum matches: SHA-512, header repr-digest of the answer");
  assert.doesNotMatch(said, /Suspicious|etag/);
  site.put("wrong.bin", unknown("wrong"), { digest: `SHA-256=${createHash("sha256").update(bytes).digest("base64")}` });
  await download(site.link("wrong", "/d/attachment/wrong.bin"), "wrong.bin", "Suspicious", "These are not the bytes that the publisher names: SHA-256, header digest of the answer");
});

test("a page that we have no access to is not read, and the record says so", { timeout: 90_000 }, async (t) => {
  const folder = temporaryFolder("one-site");
  t.after(folder.remove);
  cpSync(build("chromium-test"), folder.path, { recursive: true });
  const path = join(folder.path, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...manifest, host_permissions: ["http://127.0.0.1/*"] }));
  const own = await Chromium.launch({ extension: folder.path });
  t.after(async () => {
    await own.close();
    own.remove();
  });
  await switchOn(own);
  site.put("elsewhere.bin", unknown("elsewhere"));
  site.page("elsewhere", `<p><a id="go" href="${site.origin}/d/attachment/elsewhere.bin">Download</a> SHA-256: ${"0".repeat(64)}`);
  const page = await own.visit(`${site.elsewhere}/p/elsewhere`);
  await own.downloads.of(() => page.click("#go"));
  const popup = await own.open("popup.html");
  const said = await record(popup, "elsewhere.bin", "Not checked", "was not looked at for checksums: Quorum has no access to it");
  assert.doesNotMatch(said, /publisher/);
});
