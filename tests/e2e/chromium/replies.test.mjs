// What a backend may answer that is no good answer: too much, too deep, too slow, nonsense. Attack catalogue: E13, E18.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createGzip } from "node:zlib";
import { Chromium } from "../harness/chromium.mjs";
import { Depot, report, results } from "../harness/depot.mjs";
import { ask, attach } from "../harness/messages.mjs";

const JSON_TYPE = { "content-type": "application/json" };

/** A browser that is connected to a depot. @param {import("node:test").TestContext} t */
async function connected(t) {
  const depot = new Depot();
  await depot.start();
  const chromium = await Chromium.launch();
  t.after(async () => {
    await chromium.close();
    chromium.remove();
    await depot.close();
  });
  const page = await attach(chromium, depot);
  return { depot, chromium, page };
}

/** The digest of nothing in particular. @param {string} name */
const hash = (name) => createHash("sha256").update(name).digest("hex");

/** Asks for the report of a file. @param {import("puppeteer-core").Page} page @param {string} indicator */
const assessed = async (page, indicator) => (await ask(page, { ask: "report", indicator, evidence: "given", fresh: true })).reply.report.assessment;

test("E13: oversized, deep, packed and endless replies are told as such, and the next call works", { timeout: 120_000 }, async (t) => {
  const { depot, chromium, page } = await connected(t);
  let sent = 0;
  /** @type {Record<string, (response: import("node:http").ServerResponse) => void>} */
  const floods = {
    // A gigabyte, as long as anybody listens.
    large(response) {
      const piece = Buffer.alloc(64 * 1024, " ");
      const more = () => {
        while (!response.destroyed && sent < 1e9) {
          sent += piece.length;
          if (!response.write(piece)) return response.once("drain", more);
        }
        response.end();
      };
      response.writeHead(200, JSON_TYPE);
      more();
    },
    deep(response) {
      response.writeHead(200, JSON_TYPE).end("[".repeat(100_000));
    },
    "deep in place"(response) {
      response.writeHead(200, JSON_TYPE).end(`{"data":${"{\"data\":".repeat(50_000)}1${"}".repeat(50_000)}}`);
    },
    // 256 MB of blanks in 256 KB.
    packed(response) {
      response.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      const piece = Buffer.alloc(1024 * 1024, " ");
      let left = 256;
      const more = () => {
        while (left > 0 && !response.destroyed) if ((left--, !gzip.write(piece))) return gzip.once("drain", more);
        gzip.end();
      };
      response.once("close", () => gzip.destroy());
      more();
    },
    "without an end"(response) {
      response.writeHead(200, JSON_TYPE).write('{"data":');
    },
    drip(response) {
      response.writeHead(200, JSON_TYPE);
      const timer = setInterval(() => response.write(" "), 500);
      response.once("close", () => clearInterval(timer));
    },
  };
  depot.instead = (about, { url }, response) => {
    const kind = Object.keys(floods).find((kind) => url.endsWith(hash(kind)));
    if (about !== "report" || !kind) return false;
    floods[kind]?.(response);
    return true;
  };
  const worker = await chromium.worker();
  await worker.evaluate(() => void (/** @type {any} */ (globalThis).marked = true));
  const failures = await Promise.all(
    Object.keys(floods).map(async (kind) => {
      const { verdict, reasons } = await assessed(page, hash(kind));
      return [kind, verdict, JSON.stringify(reasons[0])];
    }),
  );
  assert.deepEqual(failures, [
    ["large", "unchecked", '{"failed":{"failure":"too_large"}}'],
    ["deep", "unchecked", '{"failed":{"failure":"not_the_api"}}'],
    ["deep in place", "unchecked", '{"failed":{"failure":"not_the_api"}}'],
    ["packed", "unchecked", '{"failed":{"failure":"too_large"}}'],
    ["without an end", "unchecked", '{"failed":{"failure":"too_slow"}}'],
    ["drip", "unchecked", '{"failed":{"failure":"too_slow"}}'],
  ]);
  assert.ok(sent < 200e6, `nobody reads on: ${sent} bytes were taken`);
  assert.equal(await worker.evaluate(() => /** @type {any} */ (globalThis).marked), true, "the worker has lived through all of it");
  depot.stored.set(hash("known"), 1);
  assert.equal((await assessed(page, hash("known"))).verdict, "clean");
});

/** A good answer, and sixty that are not. @param {string} id @returns {[string, string, string][]} name, media type, body */
function nonsense(id) {
  const good = JSON.stringify(report(id, results("undetected")));
  /** @param {(value: any) => unknown} change */
  const changed = (change) => {
    const value = JSON.parse(good);
    return JSON.stringify(change(value) ?? value);
  };
  /** @type {[string, string, string][]} */
  const all = [
    ["a hotel's page", "text/html", "<!doctype html><title>Welcome</title>"],
    ["a good answer called HTML", "text/html", good],
    ["a good answer called text", "text/plain", good],
    ["a good answer of no type", "", good],
    ["nothing", "application/json", ""],
    ["two answers", "application/json", good + good],
    ["a byte too much", "application/json", `${good}]`],
    ["not a number", "application/json", good.replace("null", "NaN")],
    ["bytes that are no text", "application/json", good.replace("Engine 0", "\ufffd\ufffe\0")],
  ];
  // Cut short, anywhere.
  for (let part = 1; part < 16; part++) all.push([`${part} of 16 parts`, "application/json", good.slice(0, Math.floor((good.length * part) / 16))]);
  for (const value of [null, true, 0, -1, 1e308, "", "clean", [], [1], {}]) {
    all.push([`all is ${JSON.stringify(value)}`, "application/json", JSON.stringify(value)]);
    all.push([`the data is ${JSON.stringify(value)}`, "application/json", JSON.stringify({ data: value })]);
    all.push([`the results are ${JSON.stringify(value)}`, "application/json", JSON.stringify(report(id, value))]);
  }
  for (const other of ["", "x", hash("another"), id.toUpperCase().slice(1), `${id} `, id.slice(0, 63)]) {
    all.push([`it is about ${other.slice(0, 8) || "nothing"}`, "application/json", changed((value) => void (value.data.id = other))]);
  }
  for (const type of ["url", "domain", "File", "analysis", 7, null]) all.push([`it is a ${type}`, "application/json", changed((value) => void (value.data.type = type))]);
  all.push(["engines of an unknown mind", "application/json", good.replaceAll("undetected", "clean")]);
  all.push(["engines that time out", "application/json", good.replaceAll("undetected", "timeout")]);
  return all;
}

test("E18: no nonsense of a backend becomes \"clean\"", { timeout: 120_000 }, async (t) => {
  const { depot, page } = await connected(t);
  const id = hash("nonsense");
  let [type, body] = ["application/json", JSON.stringify(report(id, results("undetected")))];
  depot.instead = (about, _, response) => {
    if (about !== "report") return false;
    response.writeHead(200, type ? { "content-type": type } : {}).end(body);
    return true;
  };
  assert.equal((await assessed(page, id)).verdict, "clean", "the answer that the others are made from");
  const cases = nonsense(id);
  assert.ok(cases.length >= 60);
  const praised = [];
  for (const [name, as, says] of cases) {
    [type, body] = [as, says];
    const { verdict } = await assessed(page, id);
    if (!["unknown", "unchecked"].includes(verdict)) praised.push(`${name}: ${verdict}`);
  }
  assert.deepEqual(praised, []);
});
