// `./build.sh bench server`: our server, on both of its stores, beside mwdb-core on PostgreSQL and beside nginx
// serving the same bytes. One run, interleaved, medians; all of it on loopback, started and ended here.

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { ROOT } from "../e2e/harness/tree.mjs";
import { median } from "./core/measure.mjs";
import { multiply } from "./server/many.mjs";
import { HOME, backup, end, mwdb, nginx, postgres, quorum, resident } from "./server/services.mjs";

/** @typedef {import("./server/services.mjs").Subject} Subject */
/** @typedef {{requests: number, seconds: number, p50_ms: number, p99_ms: number, refused: number, broken: number}} Load */
/** @typedef {{name: string, ratio: number, goal: number, least: boolean, ours: number, theirs: number, unit: string}} Row */

const ROUNDS = 5;
/** How long each load lasts, in seconds. */
const SECONDS = 4;
const CLIENTS = 8;
const FILES = 1000;
const MANY = 1_000_000;
/** What is uploaded in the comparison, in bytes. */
const SIZE = 16 << 10;
/** How much is uploaded to see whether memory stays flat, and in files of which size, in MiB. */
const [MUCH, PIECE] = [10 << 10, 256];

/** @type {Row[]} */
const rows = [];
/** @param {string} name @param {number} ours @param {number} theirs @param {number} goal @param {string} unit */
const atLeast = (name, ours, theirs, goal, unit) => rows.push({ name, ratio: ours / theirs, goal, least: true, ours, theirs, unit });
/** @param {string} name @param {number} ours @param {number} theirs @param {number} goal @param {string} unit */
const atMost = (name, ours, theirs, goal, unit) => rows.push({ name, ratio: ours / theirs, goal, least: false, ours, theirs, unit });
const said = (/** @type {string} */ text) => console.error(`bench server: ${text}`);

let loads = 0;
/**
 * Puts a server under load by wrk, a program of one thread with as many connections as there are clients.
 * @param {Subject} subject
 * @param {Record<string, string>} what the variables of wrk.lua
 * @param {number} [clients]
 * @returns {Promise<Load>}
 */
async function load(subject, what, clients = CLIENTS) {
  const headers = Object.entries(subject.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
  const env = { ...process.env, QUORUM_BENCH_HEADERS: headers, ...what };
  const child = spawn("wrk", ["-t1", `-c${clients}`, `-d${SECONDS}s`, "--timeout", "30s", "-s", join(ROOT, "tests/bench/server/wrk.lua"), subject.origin], { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
  await new Promise((resolve) => child.once("close", resolve));
  const measured = JSON.parse(text.trim().split("\n").at(-1) ?? "");
  if (measured.refused || measured.broken || !measured.requests) throw new Error(`${subject.name} under load: ${text}`);
  loads += 1;
  return measured;
}

/** @param {Load} load */
const rate = ({ requests, seconds }) => requests / seconds;

/**
 * Each of the subjects in each round, so that a machine that slows down slows all of them.
 * @template T
 * @param {Subject[]} subjects @param {(subject: Subject, round: number) => Promise<T>} run
 * @returns {Promise<Map<Subject, T[]>>}
 */
async function interleaved(subjects, run) {
  const all = new Map(subjects.map((subject) => [subject, /** @type {T[]} */ ([])]));
  for (let round = 0; round < ROUNDS; round++) for (const [subject, results] of all) results.push(await run(subject, round));
  return all;
}

/** @param {Subject} subject @param {Buffer} bytes @param {string} name */
async function send(subject, bytes, name) {
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(bytes)]), name);
  const response = await fetch(subject.origin + subject.upload, { method: "POST", headers: subject.headers, body: form });
  if (!response.ok) throw new Error(`${subject.name} refuses ${name}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

/** The reports that a server has, read until its queue is empty: a report that is being made is no measure. @param {Subject} subject @param {string[]} ids */
async function reports(subject, ids) {
  /** @type {Map<string, string>} */
  const bodies = new Map();
  for (const id of ids) {
    for (;;) {
      const body = await (await fetch(subject.origin + subject.report(id), { headers: subject.headers })).text();
      // An upload is answered before it is analysed; the API can only be polled.
      if (!subject.name.startsWith("quorum") || JSON.parse(body).data?.attributes.last_analysis_date) {
        bodies.set(id, body);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return bodies;
}

/** Connections that send a byte of a request's head now and then and never end it. @param {Subject} subject @param {number} count */
function slow(subject, count) {
  const { hostname, port } = new URL(subject.origin);
  let open = true;
  const all = Array.from({ length: count }, () => {
    /** @type {{socket?: import("node:net").Socket}} */
    const one = {};
    const begin = () => {
      one.socket = connect(Number(port), hostname, () => one.socket?.write("GET / HTTP/1.1\r\nx: "));
      // The server ends those that never get done: then another begins.
      one.socket.on("error", () => {}).on("close", () => open && begin());
    };
    begin();
    return one;
  });
  const drip = setInterval(() => all.forEach(({ socket }) => socket?.writable && socket.write("a")), 1000);
  return () => {
    open = false;
    clearInterval(drip);
    for (const { socket } of all) socket?.destroy();
  };
}

try {
  said("starting PostgreSQL, mwdb-core and two Quorums");
  const database = await postgres();
  const peer = await mwdb(`${database}/mwdb`, /** @type {string} */ (process.env.QUORUM_BENCH_MWDB));
  const [embedded, grown] = [await quorum("quorum, embedded"), await quorum("quorum, PostgreSQL", { store: `${database}/quorum` })];
  const ours = [embedded, grown];
  const all = [peer, ...ours];
  // A first request each: what is loaded when it is first needed is there afterwards.
  for (const subject of all) await fetch(subject.origin + subject.report("0".repeat(64)), { headers: subject.headers });
  atMost("resident memory at rest, in MiB, against the bar", resident(embedded.pid), 100, 1, "MiB");

  said(`uploading ${FILES} files to each`);
  /** @type {string[]} */
  const ids = [];
  for (let n = 0; n < FILES; n++) {
    const bytes = Buffer.from(`file ${n} of a benchmark\n`.repeat(40));
    ids.push(createHash("sha256").update(bytes).digest("hex"));
    await Promise.all(all.map((subject) => send(subject, bytes, `file ${n}.txt`)));
  }
  const bodies = await reports(embedded, ids);
  await reports(grown, ids);
  const files = await nginx(bodies);

  said("look-ups");
  const paths = new Map([...all, files].map((subject, index) => {
    const file = join(HOME, `paths-${index}`);
    writeFileSync(file, ids.map((id) => subject.report(id)).join("\n"));
    return [subject, file];
  }));
  const lookup = (/** @type {Subject} */ subject) => load(subject, { QUORUM_BENCH_PATHS: /** @type {string} */ (paths.get(subject)) });
  const lookups = await interleaved([...all, files], lookup);
  const speed = (/** @type {Map<Subject, Load[]>} */ loads, /** @type {Subject} */ subject) => median((loads.get(subject) ?? []).map(rate));
  for (const subject of ours) atLeast(`${subject.name}: look-ups, against mwdb-core`, speed(lookups, subject), speed(lookups, peer), 10, "/s");
  for (const subject of ours) atLeast(`${subject.name}: look-ups, against nginx with the same bytes`, speed(lookups, subject), speed(lookups, files), 1 / 3, "/s");

  said("look-ups beside 500 slow connections");
  for (const subject of ours) {
    /** @type {{alone: number[], beside: number[]}} */
    const p99 = { alone: [], beside: [] };
    for (let round = 0; round < ROUNDS; round++) {
      p99.alone.push((await lookup(subject)).p99_ms);
      const stop = slow(subject, 500);
      p99.beside.push((await lookup(subject)).p99_ms);
      stop();
    }
    atMost(`${subject.name}: p99 of look-ups beside 500 slow connections, against alone`, median(p99.beside), median(p99.alone), 2, "ms");
  }

  said("uploads");
  const uploads = await interleaved(all, (subject, round) => load(subject, { QUORUM_BENCH_UPLOAD: subject.upload, QUORUM_BENCH_FIRST: `round ${round}`, QUORUM_BENCH_SIZE: String(SIZE) }));
  for (const subject of ours) atLeast(`${subject.name}: uploads of 16 KiB, against mwdb-core`, speed(uploads, subject), speed(uploads, peer), 5, "/s");

  said(`making a backup with ${MANY} reports, and one with 1,000`);
  const first = await quorum("quorum, one address");
  const submitted = await fetch(`${first.origin}/api/v3/urls`, { method: "POST", headers: first.headers, body: new URLSearchParams({ url: "http://first.example/path" }) });
  const { data } = await submitted.json();
  while ((await (await fetch(`${first.origin}/api/v3/analyses/${data.id}`, { headers: first.headers })).json()).data.attributes.status !== "completed") {
    await new Promise((resolve) => setTimeout(resolve, 50)); // the API can only be polled
  }
  const key = /** @type {string} */ (first.headers["x-apikey"]);
  for (const store of [undefined, database]) {
    const on = store ? "PostgreSQL" : "embedded";
    /** @type {{few: Load[], many: Load[]}} */
    const measured = { few: [], many: [] };
    const servers = [];
    for (const [name, count] of /** @type {["few" | "many", number][]} */ ([["few", 1000], ["many", MANY]])) {
      const place = backup(first, `${name}-${on}`);
      const some = await multiply(place, count);
      said(`restoring ${count} reports, ${on}`);
      const server = await quorum(`${name}, ${on}`, { ...(store ? { store: `${store}/${name}` } : {}), from: { backup: place, key } });
      if (name === "many") atMost(`quorum, ${on}: minutes to import ${MANY} reports, against the bar`, server.restored / 60, 10, 1, "min");
      const file = join(HOME, `paths-${name}-${on}`);
      writeFileSync(file, some.map((id) => `/api/v3/urls/${id}`).join("\n"));
      servers.push({ name, server, file });
    }
    for (let round = 0; round < ROUNDS; round++) for (const { name, server, file } of servers) measured[name].push(await load(server, { QUORUM_BENCH_PATHS: file }));
    const p99 = (/** @type {Load[]} */ loads) => median(loads.map((load) => load.p99_ms));
    atMost(`quorum, ${on}: p99 of look-ups among ${MANY} objects, against among 1,000`, p99(measured.many), p99(measured.few), 2, "ms");
  }

  said(`uploading ${MUCH >> 10} GiB`);
  const big = await quorum("quorum, big files", { settings: { QUORUM_SCAN_LIMIT: "1048576" } });
  const piece = Buffer.alloc(PIECE << 20, "a big file of a benchmark\n");
  /** @type {number[]} */
  const memory = [];
  for (let n = 0; n < MUCH / PIECE; n++) {
    piece.writeUInt32LE(n, 0);
    await send(big, piece, `big ${n}.bin`);
    memory.push(resident(big.pid));
  }
  const quarter = memory.length >> 2;
  atMost("resident memory, last quarter of 10 GiB uploaded, against the first", Math.max(...memory.slice(-quarter)), Math.max(...memory.slice(0, quarter)), 1.2, "MiB");
} finally {
  await end();
}

const OUT = join(ROOT, "target/bench");
mkdirSync(OUT, { recursive: true });
const machine = execFileSync("uname", ["-srm"], { encoding: "utf8" }).trim();
writeFileSync(join(OUT, "server.json"), `${JSON.stringify({ machine, clients: CLIENTS, rounds: ROUNDS, loads, rows }, null, 2)}\n`);
const holds = (/** @type {Row} */ { ratio, goal, least }) => (least ? ratio >= goal : ratio <= goal);
console.log("ratio      bar  holds  what                                                                      ours       other");
for (const row of rows) {
  const bar = `${row.least ? "≥" : "≤"} ${row.goal.toFixed(2)}`;
  console.log(`${row.ratio.toFixed(2).padStart(6)} ${bar.padStart(7)}  ${holds(row) ? "yes" : "NO "}    ${row.name.padEnd(66)} ${row.ours.toFixed(1).padStart(9)} ${row.theirs.toFixed(1).padStart(9)} ${row.unit}`);
}
process.exitCode = rows.every(holds) ? 0 : 1;
