// A web site that offers every kind of download that browsers know, and pages to right-click on.
//
// Paths under /d/NAME answer in one way each ; the bytes are set by `put`. The site records
// what it was asked: a one-time link must be fetched once by the browser and never spoiled by us.

import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { CLEAN, EICAR } from "./files.mjs";
import { listen } from "./listen.mjs";
import { Recorder } from "./record.mjs";

const BINARY = "application/octet-stream";
export const BIG = 200 * 1024 * 1024;

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** A 1 × 1 PNG. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** The bytes of the big file are made as they are sent: one chunk, repeated. */
const BIG_CHUNK = Buffer.alloc(1024 * 1024, "quorum ");

function* bigChunks() {
  for (let sent = 0; sent < BIG; sent += BIG_CHUNK.length) yield BIG_CHUNK;
}

/**
 * What answers at an address of its own.
 * @typedef {(request: import("./record.mjs").Received, response: import("node:http").ServerResponse) => void} Answer
 */

/** @returns {Promise<Site>} */
export async function startSite() {
  const site = new Site();
  await site.start();
  return site;
}

export class Site {
  record = new Recorder();
  /** @type {Map<string, {bytes: Buffer, name: string, headers: Record<string, string>}>} */
  #files = new Map();
  /** @type {Map<string, string>} */
  #pages = new Map();
  /** @type {Map<string, Answer>} */
  #answers = new Map();
  /** @type {Set<string>} */
  #spent = new Set();
  /** @type {Set<() => void>} */
  #dripping = new Set();
  /** @type {import("./listen.mjs").Listening | undefined} */
  #listening;

  get origin() {
    if (!this.#listening) throw new Error("the site is not started");
    return this.#listening.origin;
  }

  /** The same site as another origin (localhost instead of 127.0.0.1). */
  get elsewhere() {
    if (!this.#listening) throw new Error("the site is not started");
    return this.#listening.elsewhere;
  }

  async start() {
    this.put("eicar.com", EICAR);
    this.put("letter.bin", CLEAN);
    this.#listening = await listen((request, response) => void this.#answer(request, response));
  }

  async close() {
    await this.#listening?.close();
  }

  /**
   * Offers a file; `/d/plain/NAME`, `/d/attachment/NAME` … then answer with it.
   * @param {string} name
   * @param {Buffer} bytes
   * @param {Record<string, string>} [headers] that go with it, whatever the way
   */
  put(name, bytes, headers = {}) {
    this.#files.set(name, { bytes, name, headers });
  }

  /**
   * Offers a page at /p/NAME.
   * @param {string} name
   * @param {string} html its body
   */
  page(name, html) {
    this.#pages.set(name, html);
    return `${this.origin}/p/${name}`;
  }

  /**
   * Offers an address that the test answers itself.
   * @param {string} name
   * @param {Answer} answer
   * @returns {string} its path
   */
  serve(name, answer) {
    this.#answers.set(name, answer);
    return `/x/${encodeURIComponent(name)}`;
  }

  /** A page with one link, `#go`. @param {string} name @param {string} href @param {string} [attributes] */
  link(name, href, attributes = "") {
    return this.page(name, `<p><a id="go" href="${escaped(href)}" ${attributes}>Download ${escaped(name)}</a></p>`);
  }

  /** Ends every slow answer that is under way. */
  finishSlow() {
    for (const finish of this.#dripping) finish();
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #answer(request, response) {
    const received = await this.record.add(request);
    const url = new URL(received.url, this.origin);
    const [, room, kind = "", name = ""] = url.pathname.split("/").map(decodeURIComponent);
    response.setHeader("cache-control", "no-store");
    if (room === "p") {
      const html = this.#pages.get(kind);
      response.writeHead(html ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
      response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(kind)}</title><body>${html ?? ""}`);
      return;
    }
    if (room === "pixel.png") {
      response.writeHead(200, { "content-type": "image/png" });
      response.end(PIXEL);
      return;
    }
    const answer = room === "x" ? this.#answers.get(kind) : undefined;
    if (answer) return answer(received, response);
    if (room !== "d") {
      response.writeHead(404);
      response.end();
      return;
    }
    const { bytes, headers } = this.#files.get(name) ?? { bytes: Buffer.alloc(0), headers: {} };
    for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
    switch (kind) {
      case "plain":
        response.writeHead(200, { "content-type": BINARY, "content-length": bytes.length });
        response.end(bytes);
        return;
      case "attachment":
        response.writeHead(200, {
          "content-type": "text/plain",
          "content-disposition": `attachment; filename="${name}"`,
          "content-length": bytes.length,
        });
        response.end(bytes);
        return;
      case "redirect":
        response.writeHead(302, { location: `/d/plain/${encodeURIComponent(name)}` });
        response.end();
        return;
      case "redirect-elsewhere":
        response.writeHead(302, { location: `${this.elsewhere}/d/plain/${encodeURIComponent(name)}` });
        response.end();
        return;
      case "gzip": {
        response.writeHead(200, { "content-type": BINARY, "content-encoding": "gzip" });
        response.end(gzipSync(bytes));
        return;
      }
      case "chunked":
        response.writeHead(200, { "content-type": BINARY });
        for (let at = 0; at < bytes.length; at += 16) response.write(bytes.subarray(at, at + 16));
        response.end();
        return;
      case "post":
        // Answers to the form only: fetching the address again gives something else.
        if (received.method !== "POST" || !received.body.includes("ticket=42")) {
          response.writeHead(405, { "content-type": "text/plain" });
          response.end("only the form may ask");
          return;
        }
        response.writeHead(200, { "content-type": BINARY, "content-disposition": `attachment; filename="${name}"` });
        response.end(bytes);
        return;
      case "empty":
        response.writeHead(200, { "content-type": BINARY, "content-length": 0 });
        response.end();
        return;
      case "big":
        response.writeHead(200, { "content-type": BINARY, "content-length": BIG });
        // A reader that goes away is no fault of the site.
        await pipeline(Readable.from(bigChunks()), response).catch(() => {});
        return;
      case "once":
        if (this.#spent.has(url.href)) {
          response.writeHead(410, { "content-type": "text/plain" });
          response.end("this link was used");
          return;
        }
        this.#spent.add(url.href);
        response.writeHead(200, { "content-type": BINARY, "content-length": bytes.length });
        response.end(bytes);
        return;
      case "fickle": {
        // The second asker gets as many other bytes.
        const first = !this.#spent.has(url.href);
        this.#spent.add(url.href);
        response.writeHead(200, { "content-type": BINARY, "content-length": bytes.length });
        response.end(first ? bytes : Buffer.from(bytes).reverse());
        return;
      }
      case "slow": {
        // The first half at once, the rest only when the test says so.
        response.writeHead(200, { "content-type": BINARY, "content-length": bytes.length });
        response.write(bytes.subarray(0, bytes.length >> 1));
        const finish = () => {
          this.#dripping.delete(finish);
          response.end(bytes.subarray(bytes.length >> 1));
        };
        this.#dripping.add(finish);
        response.once("close", () => this.#dripping.delete(finish));
        return;
      }
      default:
        response.writeHead(404);
        response.end();
    }
  }
}
