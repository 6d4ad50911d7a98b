// `./build.sh bench core`: the npm package @quorum/core (the core in WebAssembly) and the native core beside
// the libraries of their kind, in one run: digests and extraction in node and in Chromium, extraction natively
// against Python's, how well each reads the labelled texts, and the local list natively against adblock-rust. `core/measure.mjs` says how it is timed.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import puppeteer from "puppeteer-core";
import { EXECUTABLE } from "../e2e/harness/chromium.mjs";
import { ROOT } from "../e2e/harness/tree.mjs";
import { linearity, measure, median } from "./core/measure.mjs";
import { quality, readers } from "./core/quality.mjs";
import { hostile, labelled, mixed, prose } from "./texts.mjs";

const MB = 1 << 20;
const OUT = join(ROOT, "target/bench");
mkdirSync(OUT, { recursive: true });
const texts = { "prose 1 MB": prose(MB), "mixed 1 MB": mixed(MB), "prose 10 MB": prose(10 * MB), "mixed 10 MB": mixed(10 * MB) };

/** @type {any} */
const quorum = await import(`${ROOT}/dist/npm/index.node.js`);
/** @type {any} */
const hashWasm = await import("hash-wasm");
/** @type {any} */
const noble = await import("@noble/hashes/sha2.js");
/** @type {any} */
const iocExtractor = await import("ioc-extractor");

const rows = await measure("node", { quorum, hashWasm, noble, iocExtractor, texts });
const growth = await linearity("node", quorum, texts, hostile(MB));
rows.push(...(await inChromium()));

// Native: the same texts as files.
const files = Object.fromEntries(Object.entries({ prose: prose(200_000), mixed: mixed(200_000) }).map(([name, text]) => {
  const path = join(OUT, `${name}.txt`);
  writeFileSync(path, text);
  return [name, path];
}));
const native = execFileSync(/** @type {string} */ (process.env.QUORUM_EXTRACT_SPEED), Object.values(files), { encoding: "utf8" })
  .trim().split("\n").map((line) => JSON.parse(line));
const python = JSON.parse(execFileSync(/** @type {string} */ (process.env.QUORUM_BENCH_PYTHON), [join(ROOT, "tests/bench/core/peers.py")], {
  encoding: "utf8",
  maxBuffer: 1 << 28,
  input: JSON.stringify({ time: files, read: Object.fromEntries(labelled().map(({ name, text }) => [name, text])) }),
}));
for (const [library, times] of Object.entries(python.time)) {
  Object.keys(files).forEach((name, at) => {
    const [ours, theirs] = [median(native[at].ms), median(times[name]) * 1e3];
    const speed = (/** @type {number} */ ms) => native[at].bytes / 1e3 / ms;
    rows.push({ where: "native", name: `extract, ${name} 200 KB`, peer: library, ratio: theirs / ours, ours: speed(ours), theirs: speed(theirs), goal: 100 });
  });
}

const read = readers(quorum, iocExtractor);
for (const [library, found] of Object.entries(python.read)) {
  const byText = new Map(labelled().map(({ name, text }) => [text, found[name]]));
  read[library] = (text) => byText.get(text);
}
const qualities = Object.entries(read).map(([library, reader]) => ({ library, ...quality(reader) }));

/** @type {{entries: number, bytes_an_entry: {ours: number, theirs: number}, lookups: {name: string, ours_ns: number, theirs_ns: number}[]}} */
const list = JSON.parse(execFileSync(/** @type {string} */ (process.env.QUORUM_BENCH_ADBLOCK), { encoding: "utf8" }));

writeFileSync(join(OUT, "core.json"), `${JSON.stringify({ rows, growth, quality: qualities, list }, null, 2)}\n`);
console.log("ratio   goal  holds  where     what                                                          MB/s    peer's");
for (const { where, name, peer, ratio, goal, ours, theirs } of rows) {
  const verdict = goal ? `${goal.toFixed(2).padStart(6)}  ${ratio >= goal ? "yes" : "NO "}` : "     -     ";
  console.log(`${ratio.toFixed(2).padStart(6)} ${verdict}   ${where.padEnd(9)} ${`${name}, against ${peer}`.padEnd(60)} ${ours.toFixed(1).padStart(7)} ${theirs.toFixed(1).padStart(9)}`);
}
console.log("\nfactor  at most  holds  where  what");
for (const { where, name, factor, most } of growth) console.log(`${factor.toFixed(2).padStart(6)} ${most.toFixed(1).padStart(8)}  ${factor <= most ? "yes" : "NO "}    ${where}   ${name}`);
console.log("\nlibrary         precision  recall   (labelled texts, kinds that all know)");
for (const { library, precision, recall } of qualities) console.log(`${library.padEnd(15)} ${precision.toFixed(3).padStart(9)} ${recall.toFixed(3).padStart(7)}`);
console.log(`\nratio   local list of ${list.entries} hosts, against adblock-rust${" ".repeat(21)}    ours    peer's`);
const { ours, theirs } = list.bytes_an_entry;
for (const [name, a, b] of /** @type {[string, number, number][]} */ ([
  ["bytes an entry", ours, theirs],
  ...list.lookups.map((lookup) => [`${lookup.name}, nanoseconds from the address to the answer`, lookup.ours_ns, lookup.theirs_ns]),
])) console.log(`${(b / a).toFixed(2).padStart(5)}   ${name.padEnd(73)} ${a.toFixed(2).padStart(7)} ${b.toFixed(2).padStart(9)}`);
process.exitCode = rows.every(({ ratio, goal }) => !goal || ratio >= goal) && growth.every(({ factor, most }) => factor <= most) ? 0 : 1;

/** The same measurements in a page of Chromium, which loads everything from this tree. */
async function inChromium() {
  const types = /** @type {Record<string, string>} */ ({ ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" });
  const imports = {
    "hash-wasm": "/node_modules/hash-wasm/dist/index.esm.js",
    "@noble/hashes/sha2.js": "/node_modules/@noble/hashes/sha2.js",
    "ioc-extractor": "/node_modules/ioc-extractor/dist/index.mjs",
    "punycode.js": "/node_modules/punycode.js/punycode.es6.js",
  };
  const page = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>`;
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://x").pathname);
    const type = types[extname(path)] ?? "text/plain";
    try {
      const body = path === "/" ? page : readFileSync(join(ROOT, path));
      response.writeHead(200, { "content-type": path === "/" ? "text/html" : type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const browser = await puppeteer.launch({ executablePath: EXECUTABLE, pipe: true, protocolTimeout: 900_000, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${port}/`);
    const { "prose 1 MB": proseText, "mixed 1 MB": mixedText } = texts;
    const measured = await tab.evaluate(`(async (texts) => {
      const { measure } = await import("/tests/bench/core/measure.mjs");
      return measure("chromium", {
        quorum: await import("/dist/npm/index.js"), hashWasm: await import("hash-wasm"),
        noble: await import("@noble/hashes/sha2.js"), iocExtractor: await import("ioc-extractor"), texts,
      });
    })(${JSON.stringify({ "prose 1 MB": proseText, "mixed 1 MB": mixedText })})`);
    return /** @type {import("./core/measure.mjs").Row[]} */ (measured);
  } finally {
    await browser.close();
    server.close();
  }
}
