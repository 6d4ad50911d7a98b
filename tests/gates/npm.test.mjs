// The npm package @quorum/core as Node.js loads it: what docs/CORE.md shows works, and bad input is told.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ROOT } from "../e2e/harness/tree.mjs";

/** @type {any} */
const quorum = await import(`${ROOT}/dist/npm/index.node.js`);

test("the lines of docs/CORE.md", () => {
  const [hit, ...others] = quorum.extract("Payload at hxxp://cdn.evil-corp[.]com/a.bin, not in readme.md");
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...hit, inside: hit.inside.map((/** @type {any} */ { kind, value }) => [kind, value]) },
    { kind: "url", value: "http://cdn.evil-corp.com/a.bin", written: "hxxp://cdn.evil-corp[.]com/a.bin", start: 11, end: 43, inside: [["domain", "cdn.evil-corp.com"]] },
  );
  assert.equal(quorum.refang("joe [at] example dot com"), "joe@example.com");
  assert.equal(quorum.read("HTTPS://Example.com:443/a#b").value, "https://example.com/a");
  const hasher = new quorum.Hasher();
  hasher.update(new TextEncoder().encode("abc"));
  assert.equal(hasher.digests().sha256, createHash("sha256").update("abc").digest("hex"));
  assert.match(quorum.checkUrl("https://paypa1.com/signin")[0].message, /^paypa1\.com looks like paypal\.com: /);
  const inspector = new quorum.Inspector("https://files.example/photo.jpg", "photo.jpg");
  inspector.push(new TextEncoder().encode("<!doctype html><script>"));
  const { type_tag, told, members, files } = inspector.finish();
  assert.deepEqual([type_tag, told[0].severity, told[0].what, members, files], ["html", "warning", "name_contradicts_content", [], 0]);
  assert.throws(() => inspector.finish(), /finished/);
});

test("one's own domains are protected too, and what is none is refused", () => {
  const own = ["my-little-company.example"];
  assert.deepEqual(quorum.checkUrl("https://my-litle-company.example/"), []);
  assert.equal(quorum.checkUrl("https://my-litle-company.example/", own)[0].kind, "look_alike");
  assert.throws(() => quorum.checkUrl("https://a.example/", ["not a domain"]));
  assert.equal(quorum.checkLink("www.paypal.com", "https://a.example/")[0].kind, "link_text_names_other_host");
  assert.equal(quorum.checkFileName("invoice.pdf.exe")[0].kind, "double_ending");
});

test("places in a string count as JavaScript counts, lone surrogates included", () => {
  const text = "\ud800 😀 見る hxxps://a.evil-corp[.]com/x \udfff 198.51.100.7";
  for (const { written, start, end } of quorum.extract(text)) assert.equal(text.slice(start, end), written);
  assert.equal(quorum.extract(text).length, 2);
});

// JavaScript's strings may hold halves of surrogate pairs, which no UTF-8 can hold.
const LONE = ["\ud800", "\udfff", "a\udc00.example", "http://a\ud83d.example/\ude00?x=\udbff", "\ud800".repeat(100_000)];

test("every function takes strings with lone surrogates", () => {
  for (const text of LONE) {
    const read = quorum.read(text);
    assert.ok(read === undefined || typeof read.value === "string");
    assert.ok(Array.isArray(quorum.extract(text, { lenient: true })));
    assert.ok(Array.isArray(quorum.indicators(text, 9)));
    assert.equal(quorum.refang(text), text.toWellFormed());
    assert.doesNotThrow(() => quorum.registrableDomain(text));
    const listed = quorum.listedUrl(text);
    assert.ok(listed === undefined || listed.expressions.length > 0);
    assert.throws(() => quorum.defang("ipv4", text), /ipv4/);
    assert.throws(() => quorum.defang(text, "192.0.2.1"), /kind/);
    assert.throws(() => quorum.defang("ipv4", "192.0.2.1", text), /style/);
    assert.throws(() => quorum.extract("x", { kinds: [text] }), /kind/);
  }
});

test("an address of 2 MB is refused or read, and a text of 100 MB is read", () => {
  const address = "http://a.example/" + "a".repeat(2_000_000);
  assert.equal(quorum.read(address), undefined);
  assert.throws(() => quorum.defang("url", address), /2000017 bytes/);
  assert.equal(quorum.extract(address).length, 0);
  const text = "Nothing to be found in this sentence, however often it is read. ".repeat(1_600_000) + "198.51.100.7";
  assert.deepEqual(quorum.extract(text).map((/** @type {any} */ { value }) => value), ["198.51.100.7"]);
});

test("a text in pieces of bytes", () => {
  const extractor = new quorum.Extractor({ kinds: ["ipv4"] });
  const bytes = new TextEncoder().encode("é 198.51.100.7 and http://a.example.com/");
  const hits = [...bytes].flatMap((byte) => extractor.push(Uint8Array.of(byte))).concat(extractor.finish());
  assert.deepEqual(hits.map((/** @type {any} */ { value, start, end }) => [value, start, end]), [["198.51.100.7", 3, 15]]);
  assert.throws(() => extractor.push(bytes), /finish\(\)/);
});

test("a digest goes on from its saved state", () => {
  const [first, second] = [new Uint8Array(100_000).fill(1), new Uint8Array(77).fill(2)];
  const hasher = new quorum.Hasher();
  hasher.update(first);
  const later = quorum.Hasher.restore(hasher.save());
  later.update(second);
  assert.equal(later.digests().md5, createHash("md5").update(first).update(second).digest("hex"));
  assert.throws(() => quorum.Hasher.restore(Uint8Array.of(1, 2, 3)));
});

test("wrong input is an error that says what is wrong", () => {
  assert.throws(() => quorum.extract("x", { kinds: ["nonsense"] }), /kind/);
  assert.throws(() => quorum.defang("ipv4", "1.2.3", "brackets"), /ipv4/);
  assert.throws(() => quorum.defang("ipv4", "1.2.3.4", "upside-down"), /style/);
  assert.throws(() => quorum.Blocklist.open(new Uint8Array(10)));
  assert.equal(quorum.read("nothing of the kind"), undefined);
  assert.equal(quorum.listedUrl("mailto:x"), undefined);
});
