// A backend that takes files and knows them from then on. It counts what it stored, so that a test can say "exactly
// once", and lets a test do something at any moment of any answer: stop a worker, say, or kill the browser.

import { createHash, randomBytes } from "node:crypto";
import { listen } from "./listen.mjs";
import { Recorder } from "./record.mjs";

/** What a request is about. @typedef {"account" | "report" | "upload" | "analysis" | "other"} About */
/** When the head of a request is there; when its body is, too; when the whole answer is out. @typedef {"coming" | "asked" | "answered"} Moment */

/** Where the large files go, where it says so: below this path. */
export const LARGE = "/_ah/upload/";

export class Depot {
  record = new Recorder();
  key = randomBytes(32).toString("hex");
  /** How often each file came, whole, by its SHA-256. @type {Map<string, number>} */
  stored = new Map();
  /** Files that it knows to be malicious, by their SHA-256. @type {Set<string>} */
  malicious = new Set();
  /** How often it says that it has never seen a file which it has taken: as one that answers only when it has analysed. */
  denials = 0;
  /** What it says of the account's quotas. @type {Record<string, {allowed: number, used: number}>} */
  quotas = {};
  /** Answers in its place, where a test wants other answers: `true` if it has. @type {(about: About, request: import("./record.mjs").Received, response: import("node:http").ServerResponse) => boolean} */
  instead = () => false;
  /** Is run, and waited for, at each moment. @type {(about: About, moment: Moment) => void | Promise<void>} */
  at = () => {};
  /** @type {import("./listen.mjs").Listening | undefined} */
  #listening;

  get origin() {
    if (!this.#listening) throw new Error("the depot is not open");
    return this.#listening.origin;
  }

  async start() {
    this.#listening = await listen((request, response) => {
      // Who goes away in the middle of a request, goes away.
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async close() {
    await this.#listening?.close();
  }

  /**
   * Stands still wherever this moment comes, until it is told to go on.
   * @param {About} about @param {Moment} moment
   */
  halt(about, moment) {
    /** @type {() => void} */
    let on = () => {};
    /** @type {Promise<void>} */
    const gone = new Promise((resolve) => (on = resolve));
    const reached = new Promise((resolve) => {
      this.at = (of, at) => {
        if (of !== about || at !== moment) return;
        resolve(undefined);
        return gone;
      };
    });
    const go = () => {
      this.at = () => {};
      on();
    };
    return { reached, go };
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #answer(request, response) {
    const about = aboutOf(request);
    await this.at(about, "coming");
    const received = await this.record.add(request);
    if (this.instead(about, received, response)) return;
    const { url, body, headers } = received;
    const { status, value } = this.#say(about, url, body, headers["x-apikey"] === this.key);
    await this.at(about, "asked");
    response.writeHead(status, { "content-type": "application/json" });
    await new Promise((resolve) => response.once("close", resolve).end(JSON.stringify(value), () => resolve(undefined)));
    await this.at(about, "answered");
  }

  /** @param {About} about @param {string} url @param {Buffer} body @param {boolean} known whether the key is right */
  #say(about, url, body, known) {
    if (!known) return { status: 401, value: { error: { code: "WrongCredentialsError", message: "Wrong API key" } } };
    const id = new URL(url, this.origin).pathname.split("/").at(-1) ?? "";
    switch (about) {
      case "account":
        return { status: 200, value: { data: { type: "user", id: "dora", attributes: { quotas: this.quotas } } } };
      case "upload": {
        const sha256 = createHash("sha256").update(part(body)).digest("hex");
        this.stored.set(sha256, (this.stored.get(sha256) ?? 0) + 1);
        return { status: 200, value: { data: { type: "analysis", id: `a-${sha256}` } } };
      }
      case "analysis":
        return { status: 200, value: { data: { type: "analysis", id, attributes: { status: "completed" } } } };
      case "report":
        if (this.malicious.has(id)) return { status: 200, value: report(id, results("malicious")) };
        if (this.stored.has(id) && this.denials > 0) this.denials--;
        else if (this.stored.has(id)) return { status: 200, value: report(id, results("undetected")) };
    }
    return { status: 404, value: { error: { code: "NotFoundError", message: "not found" } } };
  }
}

/** @param {import("node:http").IncomingMessage} request @returns {About} */
function aboutOf({ method, url = "" }) {
  const [, , , kind = ""] = url.split(/[/?]/); // /api/v3/KIND
  if (kind === "users") return "account";
  if (kind === "analyses") return "analysis";
  if (method === "POST" && (kind === "files" || url.startsWith(LARGE))) return "upload";
  if (kind === "files") return "report";
  return "other";
}

/** What five engines say. @param {"undetected" | "malicious"} category */
export const results = (category) =>
  Object.fromEntries(
    Array.from({ length: 5 }, (_, n) => [`Engine ${n}`, { engine_name: `Engine ${n}`, category, method: "blacklist", result: category === "malicious" ? "Test.File" : null }]),
  );

/** A report in the API's form. @param {string} id @param {unknown} results @returns {any} */
export const report = (id, results) => ({ data: { type: "file", id, attributes: { last_analysis_results: results } } });

/** The one part of a form, by RFC 7578. @param {Buffer} body */
function part(body) {
  const boundary = body.subarray(0, body.indexOf("\r\n"));
  return body.subarray(body.indexOf("\r\n\r\n") + 4, body.lastIndexOf(boundary) - 2);
}
