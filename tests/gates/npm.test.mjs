// The npm package @quorum/core as somebody has it who installed it: in Node.js, with its types. What docs/CORE.md
// shows works, everything that is exported does what it says, and bad input is told.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { ROOT, temporaryFolder } from "../e2e/harness/tree.mjs";

const home = temporaryFolder("npm");
after(home.remove);
writeFileSync(join(home.path, "package.json"), JSON.stringify({ name: "somebody", private: true, type: "module" }));
const [tarball] = execFileSync("npm", ["pack", "--silent", "--pack-destination", home.path, join(ROOT, "dist/npm")], { encoding: "utf8" }).trim().split("\n");
execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", "--silent", join(home.path, tarball ?? "")], { cwd: home.path });
writeFileSync(join(home.path, "entry.mjs"), 'export * from "@quorum/core";\n');

/** @type {typeof import("@quorum/core")} */
const quorum = await import(pathToFileURL(join(home.path, "entry.mjs")).href);

const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);
/** For arguments that the types forbid. @type {any} */
const untyped = quorum;

/** The first block of a language in docs/CORE.md. @param {string} language */
const block = (language) => new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "m").exec(readFileSync(join(ROOT, "docs/CORE.md"), "utf8"))?.[1] ?? "";

test("the example of docs/CORE.md has ten lines and gives what its comments say", async () => {
  const lines = block("js").trimEnd().split("\n");
  assert.ok(lines.length <= 10, `${lines.length} lines`);
  const shown = lines.filter((line) => line.includes("; // "));
  assert.ok(shown.length >= 6);
  const program = lines.map((line) => line.replace(/^(.*); \/\/ (.*)$/, (_, expression, value) => `results.push([${JSON.stringify(expression)}, ${expression}, ${value}]);`));
  const file = join(home.path, "example.mjs");
  writeFileSync(file, `export const results = [];\n${program.join("\n")}\n`);
  const { results } = await import(pathToFileURL(file).href);
  assert.equal(results.length, shown.length);
  for (const [expression, is, said] of results) assert.deepEqual(is, said, expression);
});

test("docs/CORE.md names all that is exported", () => {
  const named = new Set(readFileSync(join(ROOT, "docs/CORE.md"), "utf8").match(/(?<=`)\w+(?=`)/g));
  assert.deepEqual(exported().filter((name) => !named.has(name)), []);
});

test("the package has what it says, and no more", () => {
  const folder = join(home.path, "node_modules/@quorum/core");
  assert.deepEqual(readdirSync(folder).sort(), [
    "LICENSE", "README.md", "hits.js", "index.d.ts", "index.js", "index.node.js", "package.json", "quorum_package.d.ts", "quorum_package.js", "quorum_package_bg.wasm",
  ]);
  const { name, license, type, exports, sideEffects, types, keywords, description } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  assert.deepEqual([name, license, type, sideEffects, types], ["@quorum/core", "Apache-2.0", "module", true, "./index.d.ts"]);
  assert.ok(keywords.length > 3 && description.length > 20);
  const files = readdirSync(folder);
  for (const file of [...Object.values(exports["."]), exports["./package.json"]]) assert.ok(files.includes(file.slice(2)), file);
});

test("the types hold for who installed it, and refuse what is wrong", () => {
  copyFileSync(join(ROOT, "tests/npm/consumer.ts"), join(home.path, "consumer.ts"));
  for (const moduleResolution of ["nodenext", "bundler"]) {
    const module = moduleResolution === "bundler" ? "esnext" : "nodenext";
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["--noEmit", "--strict", "--target", "es2022", "--module", module, "--moduleResolution", moduleResolution, "--types", "", "consumer.ts"], { cwd: home.path, stdio: "pipe" });
  }
});

test("Kind is the union of all kinds", () => {
  const types = readFileSync(join(home.path, "node_modules/@quorum/core/quorum_package.d.ts"), "utf8");
  const union = /export type Kind =([^;]*);/.exec(types)?.[1] ?? "";
  assert.deepEqual([...union.matchAll(/"(\w+)"/g)].map(([, name]) => name), quorum.kinds());
  assert.equal(quorum.kinds().length, 28);
});

test("findings have the facts that the types name", () => {
  const types = readFileSync(join(home.path, "node_modules/@quorum/core/quorum_package.d.ts"), "utf8");
  const reasons = /export type Reason =([^]*?);\n(?:\/\*\*|export)/.exec(types)?.[1] ?? "";
  const declared = new Map([...reasons.matchAll(/\| \{ kind: ((?:"\w+"(?: \| )?)+); ([^}]*) \}/g)].flatMap(([, kinds = "", facts = ""]) => {
    const names = [...facts.matchAll(/(\w+):/g)].map(([, name]) => name);
    return [...kinds.matchAll(/"(\w+)"/g)].map(([, kind]) => [kind, ["kind", ...names].sort()]);
  }));
  const cases = (/** @type {string} */ name) => JSON.parse(readFileSync(join(ROOT, `tests/cases/deception_${name}.json`), "utf8")).cases.map((/** @type {any} */ one) => one.in);
  // Long ones are written as what is repeated.
  const isText = (/** @type {unknown} */ one) => typeof one === "string";
  const found = [
    ...cases("url").filter(isText).flatMap((/** @type {string} */ url) => quorum.checkUrl(url)),
    ...cases("host").flatMap((/** @type {any} */ host) => (isText(host) ? quorum.checkHost(host) : host.protected ? quorum.checkHost(host.host, host.protected) : [])),
    ...quorum.checkHost(`${"a.".repeat(60)}example.com`),
    ...cases("link").flatMap((/** @type {any} */ { text, target }) => !(isText(text) && isText(target)) ? [] : quorum.checkLink(text, target)),
    ...cases("file_name").filter(isText).flatMap((/** @type {string} */ name) => quorum.checkFileName(name)),
  ];
  for (const { severity, message, ...reason } of found) {
    assert.deepEqual(Object.keys(reason).sort(), declared.get(reason.kind), message);
    assert.ok(["notice", "warning"].includes(severity));
  }
  assert.deepEqual([...declared.keys()].filter((kind) => !found.some((finding) => finding.kind === kind)), []);
});

test("no argument of another type reaches the module, and it goes on", () => {
  const wrong = [undefined, null, 5, 10n, true, {}, [], [5], Symbol("s"), () => "", new Date(NaN), new Uint8Array(3), "\ud800"];
  const functions = Object.entries(untyped).filter(([name, value]) => typeof value === "function" && !/^class\b/.test(String(value)) && !["default", "initSync", "__wbg_reset_state"].includes(name));
  assert.ok(functions.length > 20);
  for (const [name, call] of functions) {
    for (const one of wrong) {
      for (const args of [[one], ["a", one], ["a", "b", one]]) {
        try {
          call(...args);
        } catch (error) {
          const { message } = /** @type {Error} */ (error);
          assert.ok(!(error instanceof WebAssembly.RuntimeError) && !/unreachable|reading 'length'/.test(message), `${name}(${args.map(String)}): ${message}`);
        }
      }
    }
  }
  assert.throws(() => untyped.refang(5), /a text is needed here, not number/);
  assert.throws(() => untyped.fileType("text"), /bytes are needed/);
  assert.equal(quorum.refang("hxxp://a[.]example"), "http://a.example");
});

test("E33: ten thousand texts leave the memory as large as a thousand", () => {
  const { memory } = untyped.initSync(); // what it was started with
  const text = (/** @type {number} */ n) => `${n}: hxxps://host-${n}[.]example/${"a/".repeat(n % 400)}x.exe, 198.51.100.${n % 256}, ${String(n).padStart(64, "0")}, `.repeat(8);
  let large = 0;
  for (let n = 0; n < 10_000; n++) {
    assert.ok(quorum.extract(text(n)).length >= 16);
    quorum.checkUrl(`https://host-${n}.example/${n}`);
    if (n === 1000) large = memory.buffer.byteLength;
  }
  assert.equal(memory.buffer.byteLength, large);
});

test("an inspector tells what a file is and what its name claims", () => {
  const inspector = new quorum.Inspector("https://files.example/photo.jpg", "photo.jpg");
  inspector.push(utf8("<!doctype html><script>"));
  const { type_tag, told, members, files } = inspector.finish();
  assert.deepEqual([type_tag, told[0]?.severity, told[0]?.what, members, files], ["html", "warning", "name_contradicts_content", [], 0]);
  assert.throws(() => inspector.finish(), /finished/);
  assert.equal(quorum.notice("", "invoice.pdf.exe")[0]?.what, "double_ending");
});

test("one's own domains are protected too, and what is none is refused", () => {
  const own = ["my-little-company.example"];
  assert.deepEqual(quorum.checkUrl("https://my-litle-company.example/"), []);
  assert.equal(quorum.checkUrl("https://my-litle-company.example/", own)[0]?.kind, "look_alike");
  assert.equal(quorum.checkHost("my-litle-company.example", own)[0]?.kind, "look_alike");
  assert.deepEqual(quorum.checkHost("my-litle-company.example"), []);
  // One's own domains may link to each other under the other's name.
  const link = /** @type {const} */ (["www.my-little-company.com", "https://my-downloads.net/"]);
  assert.equal(quorum.checkLink(...link)[0]?.kind, "link_text_names_other_host");
  assert.deepEqual(quorum.checkLink(...link, ["my-little-company.com", "my-downloads.net"]), []);
  assert.throws(() => quorum.checkUrl("https://a.example/", ["not a domain"]));
  assert.equal(quorum.checkUrl("https://my-litle-company.example/", own)[0]?.kind, "look_alike");
  assert.equal(quorum.checkLink("www.paypal.com", "https://a.example/")[0]?.kind, "link_text_names_other_host");
  assert.equal(quorum.checkFileName("invoice.pdf.exe")[0]?.kind, "double_ending");
});

test("what is left out of a text is told with the reason", () => {
  const text = "見る readme.md, version 1.2.3.4 and http://a.example.com/";
  const left = quorum.leftOut(text);
  assert.deepEqual(left.map(({ written, reason }) => [written, reason]), [["readme.md", "file_name"], ["1.2.3.4", "version"]]);
  for (const { written, start, end } of left) assert.equal(text.slice(start, end), written);
  assert.deepEqual(quorum.leftOut(text, { lenient: true }), []);
});

test("each kind is read as one, and what is none is refused with the reason", () => {
  /** @type {{kind: import("@quorum/core").Kind, text: string}[]} */
  const values = [
    { kind: "onion", text: "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion" },
    { kind: "cve", text: "cve-2021-44228" },
    { kind: "bitcoin", text: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" },
    { kind: "mac", text: "00-1B-63-84-45-E6" },
    { kind: "purl", text: "pkg:npm/%40quorum/core@1.0.0" },
  ];
  for (const { kind, text } of values) {
    const read = quorum.parse(kind, text);
    assert.equal(read.kind, kind);
    assert.deepEqual(quorum.parse(kind, read.value), read);
  }
  for (const kind of quorum.kinds()) assert.throws(() => quorum.parse(kind, " nothing of the kind "), new RegExp(kind), kind);
  assert.throws(() => quorum.parse("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"), /checksum/);
  assert.equal(quorum.parse("domain", "Example.COM").id, "example.com");
  assert.equal(quorum.parse("cve", "CVE-2021-44228").id, undefined);
});

test("what is not of the public internet is told with the reason", () => {
  const cases = { "10.1.2.3": "private_network", "http://[::1]:8080/": "loopback", localhost: "loopback", intranet: "single_label", "printer.local": "local_name", "hxxp://nas[.]home[.]arpa/": "local_name", "169.254.1.1": "link_local" };
  for (const [text, reason] of Object.entries(cases)) assert.equal(quorum.reserved(text)?.reason, reason, text);
  for (const text of ["example.com", "https://9.9.9.9/", "44d88612fea8a8f36de82e1278abb02f"]) assert.equal(quorum.reserved(text), undefined, text);
  for (const text of ["", "no address", "a/b", "a@b"]) assert.throws(() => quorum.reserved(text), text);
});

test("observables are grouped, and handed on as STIX", () => {
  const found = quorum.extract("https://www.example.co.uk/a bob@example.co.uk 198.51.100.7 CVE-2021-44228 bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
  assert.deepEqual(quorum.groupByHost(found).map(({ host, members }) => [host, members.length]), [[null, 2], ["example.co.uk", 1], ["www.example.co.uk", 1], ["198.51.100.7", 1]]);
  assert.deepEqual(quorum.groupByRegistrableDomain(found).map(({ host, members }) => [host, members.map(({ kind }) => kind)]), [[null, ["cve", "bitcoin"]], ["example.co.uk", ["url", "email"]], ["198.51.100.7", ["ipv4"]]]);
  const { bundle, leftOut } = quorum.stixBundle(found, new Date("2026-11-24T00:00:00Z"));
  assert.deepEqual(bundle.objects.map(({ type }) => type).sort(), ["email-addr", "ipv4-addr", "url", "vulnerability"]);
  assert.equal(bundle.objects.find(({ type }) => type === "vulnerability")?.created, "2026-11-24T00:00:00.000Z");
  assert.deepEqual(leftOut.map(({ kind }) => kind), ["bitcoin"]);
  assert.throws(() => quorum.stixBundle(found, new Date(NaN)), /time/);
  assert.throws(() => quorum.groupByHost([{ kind: "ipv4", value: "1.2.3" }]), /ipv4/);
});

test("an address is shortened, with what is different", () => {
  const url = "https://見:pw@shop.example/😀?lang=de&token=k3y#top";
  const { text, differences } = quorum.shorten(url);
  assert.equal(text, "https://shop.example/😀?lang=de&token=REMOVED");
  assert.deepEqual(differences.map(({ start, end, what, replacement }) => [url.slice(start, end), what, replacement]), [["見:pw@", "user_info", ""], ["k3y", "token", "REMOVED"], ["#top", "fragment", ""]]);
  assert.equal(quorum.shorten(url, "user_info").text, "https://shop.example/😀?lang=de&token=k3y#top");
  assert.throws(() => untyped.shorten(url, "all"));
});

test("a host is shown both ways, and nothing in it is hidden", () => {
  assert.deepEqual(quorum.hostBothWays("xn--bcher-kva.example"), { unicode: "bücher.example", ascii: "xn--bcher-kva.example" });
  assert.equal(quorum.showSafely("invoice\u202efdp.exe"), "invoice[U+202E]fdp.exe");
  assert.deepEqual(quorum.publicSuffix("someone.github.io"), { text: "github.io", known: true, private: true });
  assert.equal(quorum.registrableDomain("a.b.example.co.uk"), "example.co.uk");
});

test("files are compared by how alike they are", () => {
  const digests = (/** @type {string} */ text) => {
    const hasher = new quorum.FuzzyHasher();
    hasher.update(utf8(text));
    return hasher.digests();
  };
  const text = Array.from({ length: 200 }, (_, n) => `${n} bottles of beer on the wall\n`).join("");
  const [one, other] = [digests(text), digests(text.replace("99 bottles", "ninety-nine bottles"))];
  assert.ok(quorum.ssdeepScore(one.ssdeep, other.ssdeep) > 80);
  assert.ok(quorum.tlshDistance(one.tlsh ?? "", other.tlsh ?? "") < 30);
  assert.equal(quorum.tlshDistance(one.tlsh ?? "", one.tlsh ?? ""), 0);
  assert.throws(() => quorum.ssdeepScore("x", one.ssdeep), /ssdeep/);
  assert.throws(() => quorum.tlshDistance("x", "x"), /tlsh/);
});

test("a name is held against the content", () => {
  const page = utf8("<!doctype html><script>");
  assert.deepEqual(quorum.checkName("index.htm", page), { result: "fits", expected: [] });
  const { result, expected } = quorum.checkName("photo.jpg", page);
  assert.deepEqual([result, expected[0]], ["contradicts", "html"]);
  assert.equal(quorum.checkName("README", page).result, "no_ending");
  assert.deepEqual(quorum.runsWhenOpened("invoice.pdf.LNK"), { windows: true, macos: false, linux: false });
  assert.equal(quorum.fileType(page).tag, "html");
});

test("an archive's members are told with their digests, however it is cut", () => {
  const packed = gzipSync("hello\n");
  for (const step of [1, packed.length]) {
    const reader = new quorum.ArchiveReader();
    const events = [];
    for (let at = 0; at < packed.length; at += step) events.push(...reader.push(packed.subarray(at, at + step)));
    events.push(...reader.finish());
    assert.deepEqual(events.map(({ event }) => event), ["opened", "begun", "finished"]);
    const finished = events.find((event) => event.event === "finished");
    assert.equal(finished?.digests.sha256, createHash("sha256").update("hello\n").digest("hex"));
    assert.equal(finished?.file_type.tag, "text");
    assert.throws(() => reader.push(packed), /finish\(\)/);
  }
  const bomb = gzipSync(new Uint8Array(64 << 20));
  const reader = new quorum.ArchiveReader({ member: 10 << 20 });
  assert.deepEqual([...reader.push(bomb), ...reader.finish()].filter(({ event }) => event === "limit").map((event) => ("limit" in event ? event.limit : "")), ["ratio"]);
  assert.throws(() => new quorum.ArchiveReader({ depth: 17 }), /16/);
});

test("sizes that JavaScript cannot hold are rounded, not refused", () => {
  // A ZIP member whose header claims 2 ** 64 - 2 bytes, packed and unpacked, in the field for long sizes.
  const zip = Buffer.alloc(30 + 1 + 20);
  zip.writeUInt32LE(0x04034b50, 0);
  zip.writeUInt16LE(45, 4);
  zip.writeUInt32LE(0xffffffff, 18);
  zip.writeUInt32LE(0xffffffff, 22);
  zip.writeUInt16LE(1, 26);
  zip.writeUInt16LE(20, 28);
  zip.write("a", 30);
  zip.writeUInt16LE(1, 31);
  zip.writeUInt16LE(16, 33);
  zip.writeBigUInt64LE(2n ** 64n - 2n, 35);
  zip.writeBigUInt64LE(2n ** 64n - 2n, 43);
  const reader = new quorum.ArchiveReader();
  const begun = [...reader.push(zip), ...reader.finish()].find((event) => event.event === "begun");
  assert.equal(begun?.unpacked, 2 ** 64);
});

test("publishers' checksums are read and compared", () => {
  const hasher = new quorum.Hasher();
  hasher.update(utf8("abc"));
  const digests = hasher.digests();
  const list = quorum.listChecksums(`${digests.sha256}  a.zip\n`, "https://files.example/SHA256SUMS", "https://files.example/a.zip", "a.zip");
  assert.deepEqual(list, [{ source: { list: "https://files.example/SHA256SUMS" }, algorithm: "sha256", digest: digests.sha256, perhaps: false }]);
  assert.deepEqual(quorum.compareChecksums(list, digests), [{ source: { list: "https://files.example/SHA256SUMS" }, algorithm: "sha256", matches: true }]);
  const header = quorum.headerChecksums([["Digest", `SHA-256=${Buffer.from("00".repeat(32), "hex").toString("base64")}`]]);
  assert.deepEqual(quorum.compareChecksums(header, digests).map(({ matches }) => matches), [false]);
  const page = quorum.pageChecksums({ address: "https://files.example/", levels: [{ text: `a.zip SHA-1: ${digests.sha1}`, links: ["https://files.example/a.zip"] }], links: ["https://files.example/SHA256SUMS"] }, "https://files.example/a.zip");
  assert.deepEqual([page.claims[0]?.algorithm, page.lists], ["sha1", ["https://files.example/SHA256SUMS"]]);
  const sha512 = new quorum.Sha512();
  sha512.update(utf8("abc"));
  assert.equal(sha512.digest(), createHash("sha512").update("abc").digest("hex"));
});

test("a local list is made, asked, brought up to date and rolled back", () => {
  const make = (/** @type {number} */ sequence, /** @type {string[]} */ expressions) => {
    const builder = new quorum.BlocklistBuilder("url", 5);
    for (const expression of expressions) builder.addExpression(expression);
    return builder.build({ name: "mine", sequence, token: Uint8Array.of(7), createdAt: new Date(86_400_000) });
  };
  const [one, two] = [make(1, ["bad.example/"]), make(2, ["bad.example/", "worse.example/a/"])];
  const [old, new_] = [quorum.Blocklist.open(one), quorum.Blocklist.open(two)];
  assert.deepEqual(new_.header, { kind: "url", prefixBytes: 5, name: "mine", sequence: 2, token: Uint8Array.of(7), createdAt: new Date(86_400_000), entries: 2 });
  const update = old.diff(new_);
  assert.deepEqual(old.apply(update), two);
  assert.deepEqual(new_.apply(new_.diff(old)), one);
  assert.throws(() => new_.apply(update), /sequence 1/);
  const found = new_.lookupUrl("hxxp://www.worse.example:8080/a/b?c".replace("hxxp", "http"));
  assert.deepEqual(found.map(({ expression, sha256, prefixBits }) => [expression, sha256, prefixBits]), [["worse.example/a/", createHash("sha256").update("worse.example/a/").digest("hex"), 40]]);
  assert.deepEqual(old.lookupUrl("http://worse.example/a/"), []);
  assert.deepEqual(old.lookupUrl("mailto:x"), []);
  assert.ok(old.lookupExpression("bad.example/") && !old.lookupExpression("bad.example"));
  assert.deepEqual(Buffer.from(old.checksum), Buffer.from(one.subarray(-32)));
  assert.ok(old.falsePositiveRate > 0 && old.falsePositiveRate < 1e-11);
  assert.throws(() => quorum.Blocklist.open(one.subarray(1)));
  for (const version of [undefined, {}, { name: "a" }, { name: "a", sequence: 1.5, createdAt: new Date() }, { name: "a", sequence: 1, createdAt: new Date(NaN) }, { name: "", sequence: 1, createdAt: new Date() }]) assert.throws(() => new untyped.BlocklistBuilder("url").build(version), Error);
});

test("a list of files is asked by the digest that it is made of", () => {
  const hasher = new quorum.Hasher();
  hasher.update(utf8("abc"));
  const digests = hasher.digests();
  const builder = new quorum.BlocklistBuilder("bad_file_sha1", 8);
  builder.addDigest(Buffer.from(digests.sha1, "hex"));
  assert.throws(() => builder.addDigest(Uint8Array.of(1, 2, 3)), /3 bytes/);
  const list = quorum.Blocklist.open(builder.build({ name: "files", sequence: 1, createdAt: new Date(0) }));
  assert.deepEqual(list.lookupFile(digests), { prefixBits: 64, index: 0 });
  assert.deepEqual(list.lookupDigest(Buffer.from(digests.sha1, "hex")), { prefixBits: 64, index: 0 });
  assert.equal(list.lookupFile(new quorum.Hasher().digests()), undefined);
  assert.throws(() => new untyped.BlocklistBuilder("domains"), /kind/);
  assert.throws(() => new quorum.BlocklistBuilder("url", 3), /4 to 8/);
});

test("places in a string count as JavaScript counts, lone surrogates included", () => {
  const text = "\ud800 😀 見る hxxps://a.evil-corp[.]com/x \udfff 198.51.100.7 ";
  // Short texts and long ones go different ways into WebAssembly.
  for (const filler of ["", "見る 😀 \udfff ".repeat(1000), "plain words ".repeat(1000)]) {
    for (const whole of [text + filler, filler + text]) {
      const hits = quorum.extract(whole);
      for (const { written, start, end } of hits) assert.equal(whole.slice(start, end), written);
      assert.equal(hits.length, 2);
    }
  }
});

// JavaScript's strings may hold halves of surrogate pairs, which no UTF-8 can hold.
const LONE = ["\ud800", "\udfff", "a\udc00.example", "http://a\ud83d.example/\ude00?x=\udbff", "\ud800".repeat(100_000)];

const exported = () => Object.keys(quorum).filter((name) => !["default", "initSync", "__wbg_reset_state"].includes(name)).sort();

test("everything that takes a text takes lone surrogates", () => {
  const none = new Uint8Array();
  const list = quorum.Blocklist.open(new quorum.BlocklistBuilder("url").build({ name: "a", sequence: 1, createdAt: new Date(0) }));
  const digests = new quorum.Hasher().digests();
  /** What each export does with a text; `null` for what takes none. @type {Record<string, ((text: string) => void) | null>} */
  const uses = {
    ArchiveReader: null, Extractor: null, FuzzyHasher: null, Hasher: null, Sha256: null, Sha512: null, fileType: null, kinds: null,
    Blocklist: (text) => {
      assert.ok(Array.isArray(list.lookupUrl(text)));
      assert.equal(list.lookupExpression(text), undefined);
    },
    BlocklistBuilder: (text) => {
      const builder = new quorum.BlocklistBuilder("url");
      builder.addExpression(text);
      assert.throws(() => new untyped.BlocklistBuilder(text), /kind/);
      const build = () => builder.build({ name: text, sequence: 1, createdAt: new Date(0) });
      if (text.length > 64) assert.throws(build, /name/);
      else assert.equal(quorum.Blocklist.open(build()).header.name, text.toWellFormed());
    },
    Inspector: (text) => assert.equal(new quorum.Inspector(text, text).finish().type_tag, "empty"),
    checkFileName: (text) => assert.ok(Array.isArray(quorum.checkFileName(text))),
    checkHost: (text) => {
      assert.ok(Array.isArray(quorum.checkHost(text)));
      assert.throws(() => quorum.checkHost("a.example", [text]));
    },
    checkLink: (text) => {
      assert.ok(Array.isArray(quorum.checkLink(text, text)));
      assert.throws(() => quorum.checkLink("a", "b", [text]));
    },
    checkName: (text) => assert.equal(typeof quorum.checkName(text, none).result, "string"),
    checkUrl: (text) => {
      assert.ok(Array.isArray(quorum.checkUrl(text)));
      assert.throws(() => quorum.checkUrl("http://a.example/", [text]));
    },
    compareChecksums: (text) => assert.throws(() => quorum.compareChecksums([], digests, text)),
    defang: (text) => {
      assert.throws(() => quorum.defang("ipv4", text), /ipv4/);
      assert.throws(() => untyped.defang(text, "192.0.2.1"), /kind/);
      assert.throws(() => untyped.defang("ipv4", "192.0.2.1", text), /style/);
    },
    extract: (text) => {
      assert.ok(Array.isArray(quorum.extract(text, { lenient: true })));
      assert.throws(() => untyped.extract("x", { kinds: [text] }), /kind/);
    },
    groupByHost: (text) => assert.throws(() => quorum.groupByHost([{ kind: "ipv4", value: text }]), /ipv4/),
    groupByRegistrableDomain: (text) => assert.throws(() => untyped.groupByRegistrableDomain([{ kind: text, value: "a" }]), /kind/),
    headerChecksums: (text) => assert.deepEqual(quorum.headerChecksums([[text, text], ["digest", text]]), []),
    hostBothWays: (text) => assert.equal(typeof quorum.hostBothWays(text).ascii, "string"),
    indicators: (text) => assert.ok(Array.isArray(quorum.indicators(text, 9))),
    leftOut: (text) => assert.ok(Array.isArray(quorum.leftOut(text))),
    listChecksums: (text) => assert.deepEqual(quorum.listChecksums(text, text, text, text), []),
    listedUrl: (text) => {
      const listed = quorum.listedUrl(text);
      assert.ok(listed === undefined || listed.expressions.length > 0);
    },
    notice: (text) => assert.ok(Array.isArray(quorum.notice(text, text))),
    pageChecksums: (text) => assert.deepEqual(quorum.pageChecksums({ address: text, levels: [{ text, links: [text] }], links: [text] }, text).claims, []),
    parse: (text) => {
      assert.throws(() => quorum.parse("ipv4", text), /ipv4/);
      assert.throws(() => untyped.parse(text, "192.0.2.1"), /kind/);
    },
    publicSuffix: (text) => assert.equal(typeof quorum.publicSuffix(text).text, "string"),
    read: (text) => {
      const read = quorum.read(text);
      assert.ok(read === undefined || typeof read.value === "string");
    },
    refang: (text) => assert.equal(quorum.refang(text), text.toWellFormed()),
    registrableDomain: (text) => assert.doesNotThrow(() => quorum.registrableDomain(text)),
    reserved: (text) => {
      try {
        assert.equal(quorum.reserved(text), undefined);
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof WebAssembly.RuntimeError));
      }
    },
    runsWhenOpened: (text) => assert.equal(quorum.runsWhenOpened(text).windows, false),
    shorten: (text) => {
      for (const { start, end } of quorum.shorten(text, "path").differences) assert.ok(start < end && end <= text.length);
      assert.throws(() => untyped.shorten("http://a.example/", text));
    },
    showSafely: (text) => assert.equal(quorum.showSafely(text), text.toWellFormed()),
    ssdeepScore: (text) => assert.throws(() => quorum.ssdeepScore(text, text), /ssdeep/),
    stixBundle: (text) => assert.throws(() => quorum.stixBundle([{ kind: "cve", value: text }], new Date(0)), /cve/),
    tlshDistance: (text) => assert.throws(() => quorum.tlshDistance(text, text), /tlsh/),
  };
  assert.deepEqual(Object.keys(uses).sort(), exported());
  for (const [name, use] of Object.entries(uses)) {
    for (const text of LONE) {
      try {
        use?.(text);
      } catch (error) {
        throw new Error(`${name} of ${JSON.stringify(text.slice(0, 40))}`, { cause: error });
      }
    }
  }
});

test("an address of 2 MB is refused or read, and a text of 100 MB is read", () => {
  const address = "http://a.example/" + "a".repeat(2_000_000);
  assert.equal(quorum.read(address), undefined);
  assert.throws(() => quorum.defang("url", address), /2000017 bytes/);
  assert.equal(quorum.extract(address).length, 0);
  const text = "Nothing to be found in this sentence, however often it is read. ".repeat(1_600_000) + "198.51.100.7";
  assert.deepEqual(quorum.extract(text).map(({ value }) => value), ["198.51.100.7"]);
});

test("a text in pieces of bytes", () => {
  const extractor = new quorum.Extractor({ kinds: ["ipv4"] });
  const bytes = utf8("é 198.51.100.7 and http://a.example.com/");
  const hits = [...bytes].flatMap((byte) => extractor.push(Uint8Array.of(byte))).concat(extractor.finish());
  assert.deepEqual(hits.map(({ value, start, end }) => [value, start, end]), [["198.51.100.7", 3, 15]]);
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
  const sha256 = new quorum.Sha256();
  sha256.update(first);
  assert.equal(Buffer.from(sha256.digest()).toString("hex"), createHash("sha256").update(first).digest("hex"));
});

test("wrong input is an error that says what is wrong", () => {
  assert.throws(() => untyped.extract("x", { kinds: ["nonsense"] }), /kind/);
  for (const text of [undefined, null, 7, {}]) assert.throws(() => untyped.extract(text), /string/);
  assert.throws(() => quorum.defang("ipv4", "1.2.3", "brackets"), /ipv4/);
  assert.throws(() => untyped.defang("ipv4", "1.2.3.4", "upside-down"), /style/);
  assert.throws(() => quorum.Blocklist.open(new Uint8Array(10)));
  assert.equal(quorum.read("nothing of the kind"), undefined);
  assert.equal(quorum.listedUrl("mailto:x"), undefined);
});
