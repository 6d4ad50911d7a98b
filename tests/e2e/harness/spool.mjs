// What the extension keeps of large files on disk, and a site's file that comes to a halt on the way: so long that
// the one who reads it must have put it away by then.

import { createHash, randomUUID } from "node:crypto";
import { piece } from "./subjects.mjs";

/** Far more than is kept in memory, and than lies in buffers between a site and who reads it. */
const BEFORE = 48;
const AFTER = 2;

/** The names of what is kept at this moment; the browser keeps what is still written under a second one. @param {import("puppeteer-core").Page} page one of the extension's */
export const spooled = (page) =>
  page.evaluate(async () => {
    /** @type {string[]} */
    const names = [];
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("spool");
    for await (const name of folder.keys()) names.push(name);
    return names.filter((name) => !name.endsWith(".crswap") || !names.includes(name.slice(0, -".crswap".length)));
  });

export class Halting {
  length = (BEFORE + AFTER) * piece(0).length;
  #refused = false;
  /** Stands in it, and nowhere by chance. */
  mark;
  /** @type {() => void} */
  #halted = () => {};
  /** When the extension has read all but the end. @type {Promise<void>} */
  sent = new Promise((resolve) => (this.#halted = resolve));
  /** @type {() => void} */
  finish = () => {};
  #finished = new Promise((resolve) => (this.finish = () => resolve(undefined)));

  /** @param {string} name */
  constructor(name) {
    this.mark = `${name}-${randomUUID()}`;
  }

  get sha256() {
    const hash = createHash("sha256");
    for (let number = 0; number < BEFORE + AFTER; number++) hash.update(this.piece(number));
    return hash.digest("hex");
  }

  refuse() {
    this.#refused = true;
  }

  /** @param {number} number */
  piece(number) {
    const made = piece(number);
    made.write(this.mark, 8);
    return made;
  }

  /** @type {import("./site.mjs").Answer} */
  answer = async ({ headers }, response) => {
    if (this.#refused) return void response.writeHead(410).end();
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": this.length });
    for (let number = 0; number < BEFORE + AFTER; number++) {
      if (number === BEFORE) {
        // What the browser itself saves is a document's.
        if (headers["sec-fetch-dest"] === "empty") this.#halted();
        await this.#finished;
      }
      if (response.destroyed) return;
      if (!response.write(this.piece(number))) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
    }
    response.end();
  };
}
