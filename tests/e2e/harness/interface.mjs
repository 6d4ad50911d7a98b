// The extension's pages without the extension: the built pages on loopback, under the extension's own
// policy, with a backend that answers what a test gives it. So every state of the interface can be had,
// those that a real backend gets into once a year too.

import { createServer } from "node:http";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import puppeteer from "puppeteer-core";
import { manifest } from "../../../tools/manifest.mjs";
import { EXECUTABLE } from "./chromium.mjs";
import { build } from "./tree.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/**
 * What the backend answers, by the request's `ask`: an answer for every time, or a list that is used up, of
 * which the last stays. `reports` and `comments` go by indicator first. `"never"` is never answered.
 * @typedef {object} Scenario
 * @property {Record<string, any>} answers
 * @property {Record<string, any>} [reports]
 * @property {Record<string, any>} [comments]
 */

/** Stands in for page.js. It is code of the page, so it must do without anything from here. */
const PAGE_JS = `
const { default: init, mount } = await import(document.body.dataset.module === "console" ? "./pkg/quorum_console.js" : "./pkg/quorum_www.js");
const scenario = globalThis.scenario;
globalThis.asked = [];
globalThis.granted = [];
const hearers = new Set();
globalThis.tell = (news) => hearers.forEach((hear) => hear(news));
const next = (answers, key) => {
  const answer = answers?.[key];
  return Array.isArray(answer) ? (answer.length > 1 ? answer.shift() : answer[0]) : answer;
};
await init();
mount({
  ask(sent) {
    // The name stands outside on the wire, and inside in tests.
    const [[ask, content]] = typeof sent === "string" ? [[sent, {}]] : Object.entries(sent);
    const request = { ask, ...content };
    globalThis.asked.push(request);
    const own = { report: scenario.reports, comments: scenario.comments }[request.ask];
    const answer = next(own, request.indicator) ?? next(scenario.answers, request.ask);
    if (answer === "never") return new Promise(() => {});
    return Promise.resolve(answer ?? { ok: true, reply: "done" });
  },
  listen(hear) {
    hearers.add(hear);
    return () => hearers.delete(hear);
  },
  grant(pattern) {
    globalThis.granted.push({ pattern, active: navigator.userActivation.isActive });
    return Promise.resolve(scenario.grants ?? true);
  },
}, document.body.dataset.view);
globalThis.mounted = true;
`;

/** What Chromium puts before the styles of an extension's page. */
const EXTENSION_CSS = "body { font-family: serif; font-size: 75%; }\n";

const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".png": "image/png",
  ".wasm": "application/wasm",
});

export class Interface {
  #server = createServer();
  /** @type {import("puppeteer-core").Browser | undefined} */
  #browser;
  origin = "";

  /** @param {{language?: string}} [options] */
  static async start({ language = "en" } = {}) {
    const made = new Interface();
    const roots = process.env.QUORUM_INTERFACE?.split(":") ?? [build("chromium")];
    // The loopback server speaks plain http, which the last directive would turn into https.
    const policy = manifest("chromium").content_security_policy.extension_pages.replace(/;\s*upgrade-insecure-requests/, "");
    made.#server.on("request", (request, response) => {
      const path = normalize(new URL(request.url ?? "/", "http://x").pathname);
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      const file = roots.map((root) => join(root, path)).find((file) => existsSync(file) && statSync(file).isFile());
      if (path !== "/page.js" && !file) return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": type, "content-security-policy": policy, "cache-control": "no-store" });
      if (path === "/quorum.css") response.write(EXTENSION_CSS);
      response.end(path === "/page.js" ? PAGE_JS : readFileSync(/** @type {string} */ (file)));
    });
    await new Promise((resolve) => made.#server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const address = made.#server.address();
    if (!address || typeof address === "string") throw new Error("no port");
    made.origin = `http://127.0.0.1:${address.port}`;
    made.#browser = await puppeteer.launch({
      executablePath: EXECUTABLE,
      headless: true,
      args: [`--lang=${language}`, `--accept-lang=${language}`, "--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
      env: { ...process.env, LANGUAGE: language },
    });
    return made;
  }

  /**
   * Opens a page and waits until the interface is drawn.
   * @param {string} path e.g. `popup.html`
   * @param {Scenario} scenario
   * @param {{width?: number, height?: number, dark?: boolean, features?: {name: string, value: string}[]}} [look]
   */
  async open(path, scenario, { width = 380, height = 600, dark = false, features = [] } = {}) {
    const page = await /** @type {import("puppeteer-core").Browser} */ (this.#browser).newPage();
    page.setDefaultTimeout(10_000);
    await page.setViewport({ width, height });
    // By the browser's own command: puppeteer's has no forced colours.
    await (await page.createCDPSession()).send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }, ...features],
    });
    await page.evaluateOnNewDocument((scenario) => {
      /** @type {any} */
      const world = globalThis;
      world.scenario = scenario;
      world.violations = [];
      addEventListener("securitypolicyviolation", (event) => world.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
      addEventListener("error", (event) => world.violations.push(`error: ${event.message}`));
    }, scenario);
    await page.goto(`${this.origin}/${path}`);
    await page.waitForFunction("globalThis.mounted === true");
    return page;
  }

  async close() {
    await this.#browser?.close();
    await new Promise((resolve) => {
      this.#server.close(() => resolve(undefined));
      this.#server.closeAllConnections();
    });
  }
}

/** What the page asked the backend, of one sort. @param {Page} page @param {string} ask @returns {Promise<any[]>} */
export const asked = (page, ask) => page.evaluate((ask) => /** @type {any} */ (globalThis).asked.filter((/** @type {any} */ request) => request.ask === ask), ask);

/** What the policy blocked, and what was thrown. @param {Page} page @returns {Promise<string[]>} */
export const violations = (page) => page.evaluate(() => /** @type {any} */ (globalThis).violations);

/** Sends news to the page. @param {Page} page @param {any} news */
export const tell = (page, news) => page.evaluate((news) => /** @type {any} */ (globalThis).tell(news), news);
