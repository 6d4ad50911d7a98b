// The npm package @quorum/core in a real browser, as a page without a bundler loads it: index.js fetches the
// module from beside itself.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { EXECUTABLE } from "../harness/chromium.mjs";
import { ROOT } from "../harness/tree.mjs";

const TYPES = /** @type {Record<string, string>} */ ({ ".js": "text/javascript", ".wasm": "application/wasm" });
/** Without `unsafe-eval`: `wasm-unsafe-eval` is what a careful page allows. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** Paths that were asked for. @type {string[]} */
const asked = [];
const server = createServer((request, response) => {
  const path = new URL(request.url ?? "/", "http://localhost/").pathname;
  asked.push(path);
  if (path === "/") return response.writeHead(200, { "content-type": "text/html", "content-security-policy": POLICY }).end("<!doctype html><title>somebody's page</title>");
  try {
    const body = readFileSync(join(ROOT, "dist/npm", path));
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
/** @type {import("puppeteer-core").Browser} */
let browser;
/** @type {import("puppeteer-core").Page} */
let page;

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  browser = await puppeteer.launch({ executablePath: EXECUTABLE, pipe: true, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
});
after(async () => {
  await browser?.close();
  server.close();
});

/**
 * Runs in the page, with the package; puppeteer hands over the source of the function.
 * @template T
 * @param {(quorum: typeof import("@quorum/core")) => T} work
 * @returns {Promise<T>}
 */
const inPage = (work) => /** @type {Promise<T>} */ (page.evaluate(`import("/index.js").then(${work})`));

test("importing it fetches its own files and nothing else", async () => {
  assert.equal(await inPage(({ kinds }) => kinds().length), 28);
  assert.deepEqual(asked.filter((path) => path !== "/favicon.ico").sort(), ["/", "/hits.js", "/index.js", "/quorum_package.js", "/quorum_package_bg.wasm"]);
});

test("a text is read, short or long, lone surrogates included", async () => {
  const hits = await inPage(({ extract }) => {
    const text = "\ud800 😀 見る hxxps://a.evil-corp[.]com/x \udfff 198.51.100.7 ";
    return [text, text + "plain words ".repeat(1000), text + "見る 😀 ".repeat(1000)].map((whole) => extract(whole).map(({ kind, value, written, start, end }) => [kind, value, whole.slice(start, end) === written]));
  });
  for (const found of hits) assert.deepEqual(found, [["url", "https://a.evil-corp.com/x", true], ["ipv4", "198.51.100.7", true]]);
});

test("bytes are hashed, archives are looked into, lists are asked", async () => {
  const { sha256, tag, found, header } = await inPage(({ ArchiveReader, Blocklist, BlocklistBuilder, Hasher, fileType }) => {
    const bytes = new TextEncoder().encode("<!doctype html>");
    const hasher = new Hasher();
    hasher.update(bytes);
    const builder = new BlocklistBuilder("url");
    builder.addExpression("bad.example/");
    const list = Blocklist.open(builder.build({ name: "mine", sequence: 1, createdAt: new Date(0) }));
    if (new ArchiveReader().push(bytes).length) throw new Error("it is no archive");
    return {
      sha256: hasher.digests().sha256,
      tag: fileType(bytes).tag,
      found: list.lookupUrl("https://www.bad.example/a").map(({ expression }) => expression),
      header: list.header.entries,
    };
  });
  assert.deepEqual([sha256, tag, found, header], [createHash("sha256").update("<!doctype html>").digest("hex"), "html", ["bad.example/"], 1]);
});

test("wrong input is an error, and the module goes on", async () => {
  const told = await inPage(({ parse, refang }) => {
    try {
      parse("ipv4", "1.2.3");
    } catch (error) {
      return [error instanceof Error && error.message, refang("a[.]example")];
    }
  });
  assert.match(String(told?.[0]), /ipv4/);
  assert.equal(told?.[1], "a.example");
});
