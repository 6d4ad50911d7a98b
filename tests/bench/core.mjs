// `./build.sh bench core`: the npm package @quorum/core (the core in WebAssembly) and the native core beside
// the libraries of their kind, in one run: digests and extraction in node and in Chromium, extraction natively
// against Python's, how well each reads the labelled texts, and local lists of a million entries, natively
// beside adblock-rust. `core/measure.mjs` says how it is timed; the exit code says whether every goal is reached.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import puppeteer from "puppeteer-core";
import { EXECUTABLE } from "../e2e/harness/chromium.mjs";
import { ROOT } from "../e2e/harness/tree.mjs";
import { linearity, lists, measure } from "./core/measure.mjs";
import { native, pythonReads } from "./core/native.mjs";
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

/** @param {string} name */
const program = (name) => process.env[name] ?? process.exit(console.error(`${name} is not set: run ./build.sh bench core`) ?? 2);
const [python, speed, adblock] = [program("QUORUM_BENCH_PYTHON"), program("QUORUM_EXTRACT_SPEED"), program("QUORUM_BENCH_ADBLOCK")];
const peers = join(ROOT, "tests/bench/core/peers.py");
const hostiles = hostile(MB);

const rows = await measure("node", { quorum, hashWasm, noble, iocExtractor, texts });
const bounds = [...linearity("node", quorum, texts, hostiles), ...lists("node", quorum)];
const chromium = await inChromium();
rows.push(...chromium.rows);
bounds.push(...chromium.bounds);

// Native: the same texts as files.
const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => {
  const path = join(OUT, `${name.replaceAll(" ", "-")}.txt`);
  writeFileSync(path, text);
  return [name, path];
}));
rows.push(...(await native({ speed, python, peers }, files)));

const read = readers(quorum, iocExtractor);
for (const [library, found] of Object.entries(await pythonReads(python, peers, labelled()))) {
  read[library] = (text) => found.get(text) ?? [];
}
const qualities = Object.entries(read).map(([library, reader]) => ({ library, ...quality(reader) }));

/** The local list natively beside adblock-rust. @type {{entries: number, bytes_an_entry: {ours: number, theirs: number}, lookups: {name: string, ours_ns: number, theirs_ns: number}[]}} */
const list = JSON.parse(execFileSync(adblock, ["1000000"], { encoding: "utf8" }));
bounds.push(
  { where: "native", name: `bytes an entry, ${list.entries} entries`, value: list.bytes_an_entry.ours, most: 2 },
  ...list.lookups.map(({ name, ours_ns }) => ({ where: "native", name: `µs for ${name}`, value: ours_ns / 1e3, most: 2 })),
);

writeFileSync(join(OUT, "core.json"), `${JSON.stringify({ rows, bounds, quality: qualities, list }, null, 2)}\n`);
console.log("ratio   goal  holds  where     what                                                          MB/s    peer's");
for (const { where, name, peer, ratio, goal, ours, theirs } of rows) {
  const verdict = goal ? `${goal.toFixed(2).padStart(6)}  ${ratio >= goal ? "yes" : "NO "}` : "     -     ";
  console.log(`${ratio.toFixed(2).padStart(6)} ${verdict}   ${where.padEnd(9)} ${`${name}, against ${peer}`.padEnd(60)} ${ours.toFixed(1).padStart(7)} ${theirs.toFixed(1).padStart(9)}`);
}
console.log("\n value  at most  holds  where     what");
for (const { where, name, value, most } of bounds) {
  const verdict = most ? `${most.toFixed(1).padStart(8)}  ${value <= most ? "yes" : "NO "}` : "       -     ";
  console.log(`${value.toFixed(2).padStart(6)} ${verdict}    ${where.padEnd(9)} ${name}`);
}
console.log("\nlibrary         precision  recall   (labelled texts, kinds that all know)");
for (const { library, precision, recall } of qualities) console.log(`${library.padEnd(15)} ${precision.toFixed(3).padStart(9)} ${recall.toFixed(3).padStart(7)}`);
console.log(`\nratio   local list of ${list.entries} hosts, against adblock-rust${" ".repeat(21)}    ours    peer's`);
const { ours, theirs } = list.bytes_an_entry;
for (const [name, a, b] of /** @type {[string, number, number][]} */ ([
  ["bytes an entry", ours, theirs],
  ...list.lookups.map((lookup) => [`${lookup.name}, nanoseconds from the address to the answer`, lookup.ours_ns, lookup.theirs_ns]),
])) console.log(`${(b / a).toFixed(2).padStart(5)}   ${name.padEnd(73)} ${a.toFixed(2).padStart(7)} ${b.toFixed(2).padStart(9)}`);
const kept = [...rows.map(({ ratio, goal }) => !goal || ratio >= goal), ...bounds.map(({ value, most }) => !most || value <= most)];
process.exitCode = kept.every(Boolean) ? 0 : 1;

/** The same measurements in a page of Chromium, which loads everything from this tree. */
async function inChromium() {
  const types = /** @type {Record<string, string>} */ ({ ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" });
  const imports = {
    "hash-wasm": "/node_modules/hash-wasm/dist/index.esm.js",
    "@noble/hashes/sha2.js": "/node_modules/@noble/hashes/sha2.js",
    "ioc-extractor": "/node_modules/ioc-extractor/dist/index.mjs",
    "punycode.js": "/node_modules/punycode.js/punycode.es6.js",
  };
  const served = new Map([...Object.entries(texts), ...hostiles]);
  const page = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>`;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
    const path = normalize(pathname);
    const text = served.get(searchParams.get("text") ?? "");
    if (text !== undefined) return response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(text);
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
    // Texts come as those of a page do; as literals in a script they would be held in another form.
    const measured = await tab.evaluate(`(async () => {
      const { linearity, lists, measure } = await import("/tests/bench/core/measure.mjs");
      const quorum = await import("/dist/npm/index.js");
      const text = async (name) => (await fetch("/?text=" + encodeURIComponent(name))).text();
      const all = async (names) => Promise.all(names.map(async (name) => [name, await text(name)]));
      const texts = Object.fromEntries(await all(${JSON.stringify(Object.keys(texts))}));
      const rows = await measure("chromium", {
        quorum, hashWasm: await import("hash-wasm"), noble: await import("@noble/hashes/sha2.js"), iocExtractor: await import("ioc-extractor"), texts,
      });
      const hostile = await all(${JSON.stringify(hostiles.map(([piece]) => piece))});
      return { rows, bounds: [...linearity("chromium", quorum, texts, hostile), ...lists("chromium", quorum)] };
    })()`);
    return /** @type {{rows: import("./core/measure.mjs").Row[], bounds: import("./core/measure.mjs").Bound[]}} */ (measured);
  } finally {
    await browser.close();
    server.close();
  }
}
