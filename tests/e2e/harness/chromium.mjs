// Chromium as a user has it, with the extension installed. The driver must not touch downloads: one that
// intercepts them bypasses the very event that the extension holds them with. So the browser is driven
// over a pipe, extensions come by the browser's own command, and the download folder is set in the profile.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { ended } from "./processes.mjs";
import { ROOT, build, orGone, temporaryFolder } from "./tree.mjs";

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {chrome.downloads.DownloadItem} Item */

export const EXECUTABLE = process.env.QUORUM_CHROMIUM ?? "/usr/bin/chromium";

/** What keeps a fresh Chromium from talking to anybody but the tests. */
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-quic",
  "--disable-sync",
  "--metrics-recording-only",
  "--no-default-browser-check",
  "--no-first-run",
];

/**
 * @typedef {object} Options
 * @property {string | null} [extension] a build of tools/manifest.mjs or a folder; null: none of ours
 * @property {import("./display.mjs").Display} [display] a screen to open a real window on; without: headless
 * @property {string} [language] e.g. `ja`
 * @property {boolean} [byHand] for a person: nobody watches downloads, and the browser does not call itself automated
 * @property {boolean} [privately] private windows alone, with the extension allowed in them; nobody watches downloads then
 * @property {Chromium} [after] one that has ended: its profile is gone on with
 * @property {boolean} [asking] whether each download is asked about in the browser's own dialog, as with "Save as"
 * @property {{names: string[], port: string}} [hosts] that lead to a port of this machine, and pass for safe by plain http: the browser holds such downloads back by itself
 */

/** @param {{names: string[], port: string}} hosts an IPv6 address stands in brackets, as in a URL */
const leading = ({ names, port }) => [
  `--host-resolver-rules=${names.map((name) => `MAP ${name.replace(/[[\]]/g, "")} 127.0.0.1`).join(",")}`,
  `--unsafely-treat-insecure-origin-as-secure=${names.map((name) => `http://${name}:${port}`).join(",")}`,
];

export class Chromium {
  /** @type {import("puppeteer-core").Browser} */
  browser;
  /** The profile's folder. It stays after `close`, so that it can be searched; `remove` removes it. @type {{path: string, remove: () => void}} */
  profile;
  /** The id of our extension. */
  id = "";
  downloads = new Downloads();
  #privately = false;

  /** @param {import("puppeteer-core").Browser} browser @param {{path: string, remove: () => void}} profile */
  constructor(browser, profile) {
    this.browser = browser;
    this.profile = profile;
  }

  get folder() {
    return join(this.profile.path, "Downloads");
  }

  /**
   * @param {Options} [options]
   * @returns {Promise<Chromium>}
   */
  static async launch({ extension = "chromium-test", display, language = "en", byHand = false, privately = false, after, asking = false, hosts } = {}) {
    const profile = after?.profile ?? temporaryFolder("chromium");
    const folder = join(profile.path, "Downloads");
    if (!after) {
      mkdirSync(folder);
      mkdirSync(join(profile.path, "Default"));
      writeFileSync(
        join(profile.path, "Default", "Preferences"),
        JSON.stringify({
          download: { default_directory: folder, prompt_for_download: asking },
          // Several downloads of one page are asked about otherwise.
          profile: { default_content_setting_values: { automatic_downloads: 1 } },
          safebrowsing: { enabled: false },
          intl: { accept_languages: language, selected_languages: language },
        }),
      );
    }
    const browser = await puppeteer.launch({
      executablePath: EXECUTABLE,
      headless: !display,
      pipe: true,
      enableExtensions: true,
      ignoreDefaultArgs: byHand ? ["--enable-automation"] : [],
      userDataDir: profile.path,
      defaultViewport: null,
      args: [
        ...QUIET,
        `--lang=${language}`,
        "--window-position=0,0",
        "--window-size=1280,1000",
        "--disable-gpu",
        ...(privately ? ["--incognito"] : []),
        ...(hosts ? leading(hosts) : []),
        // Chromium refuses its sandbox to root; CI and containers are root.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ],
      env: { ...process.env, LANGUAGE: language, ...(display ? { DISPLAY: display.name } : {}) },
    });
    const chromium = new Chromium(browser, profile);
    chromium.#privately = privately;
    await orGone(chromium, async () => {
      if (extension !== null) {
        // By the browser's own command: puppeteer's has no private windows.
        const session = await browser.target().createCDPSession();
        ({ id: chromium.id } = await session.send("Extensions.loadUnpacked", { path: build(extension), enableInIncognito: privately }));
        await chromium.worker();
      }
      if (privately || byHand) return;
      const observer = await browser.installExtension(join(ROOT, "tests/e2e/observer"));
      await chromium.downloads.watch(await browser.newPage(), `chrome-extension://${observer}/observer.html`);
    });
    return chromium;
  }

  /** @returns {Promise<import("puppeteer-core").WebWorker>} our service worker, started if it sleeps */
  async worker() {
    const target = await this.browser.waitForTarget(
      (target) => target.type() === "service_worker" && target.url().startsWith(`chrome-extension://${this.id}/`),
    );
    const worker = await target.worker();
    if (!worker) throw new Error("the extension has no service worker");
    return worker;
  }

  /** @param {string} path of one of our pages, e.g. `popup.html` */
  open(path) {
    return this.visit(`chrome-extension://${this.id}/${path}`);
  }

  /** @param {string} url @returns {Promise<Page>} in a new tab; privately in the first one, a new one would not be private */
  async visit(url) {
    const [first] = await this.browser.pages();
    const page = this.#privately && first ? first : await this.browser.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(url);
    return page;
  }

  /**
   * Ends our service worker at once, as the browser does at any time; whatever it is about is cut off.
   * @param {Page} page one of the extension's
   */
  async stopWorker(page) {
    const session = await page.createCDPSession();
    const ours = `chrome-extension://${this.id}/`;
    /** @type {string | undefined} */
    let stopped;
    await new Promise((resolve) => {
      session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
        for (const { versionId, runningStatus, targetId } of versions.filter(({ scriptURL }) => scriptURL.startsWith(ours))) {
          if (runningStatus === "running" && stopped === undefined) {
            stopped = versionId;
            void session.send("ServiceWorker.stopWorker", { versionId });
          }
          if (runningStatus === "stopped" && stopped === versionId) resolve(undefined);
          // One that is woken at once starts before the driver has let go of the last, and waits for it for ever.
          if (runningStatus === "starting" && stopped !== undefined && targetId) this.#letRun(targetId).catch(() => {});
        }
      });
      void session.send("ServiceWorker.enable");
    });
  }

  /**
   * What becomes of our service worker from now on, as the browser tells it. The driver, which has been at it since
   * the start, lets go of it: a worker that somebody is attached to does not end by itself.
   * @param {Page} page one of the extension's, in which nothing of it runs
   */
  async workerStates(page) {
    await (await this.worker()).client.detach();
    const session = await page.createCDPSession();
    const ours = `chrome-extension://${this.id}/`;
    /** @type {string | undefined} */
    let state;
    /** @type {Set<() => void>} */
    const looks = new Set();
    session.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
      for (const { runningStatus } of versions.filter(({ scriptURL }) => scriptURL.startsWith(ours))) state = runningStatus;
      for (const look of looks) look();
    });
    await session.send("ServiceWorker.enable");
    return {
      /** Resolves when it is in this state. @param {"running" | "stopped"} wanted */
      reach: (wanted) =>
        new Promise((resolve) => {
          const look = () => {
            if (state !== wanted) return;
            looks.delete(look);
            resolve(undefined);
          };
          looks.add(look);
          look();
        }),
    };
  }

  /** Has a target run that waits for a debugger. @param {string} targetId */
  async #letRun(targetId) {
    const browser = await this.browser.target().createCDPSession();
    const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
    await browser.connection()?.session(sessionId)?.send("Runtime.runIfWaitingForDebugger");
    await browser.send("Target.detachFromTarget", { sessionId });
    await browser.detach();
  }

  /** Resolves when the last of its processes has ended. */
  async close() {
    await this.browser.close();
    await ended(this.browser);
  }

  /** Ends the browser with all of its processes at once, as a power cut does. */
  async kill() {
    const child = this.browser.process();
    if (!child?.pid) throw new Error("the browser is not ours");
    // The driver starts it as the head of a group of its own.
    process.kill(-child.pid, "SIGKILL");
    await ended(this.browser);
  }

  remove() {
    this.profile.remove();
  }
}

/** The downloads of one browser as the browser's own events tell them. */
export class Downloads {
  /** @type {Map<number, Item>} by id, as last seen */
  items = new Map();
  /** @type {Set<number>} */
  erased = new Set();
  /** @type {Page | undefined} */
  #page;
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /** @param {Page} page @param {string} url of the observer's page */
  async watch(page, url) {
    this.#page = page;
    await page.exposeFunction("quorumSeen", (/** @type {Item} */ item) => {
      this.items.set(item.id, item);
      this.#wake();
    });
    await page.exposeFunction("quorumErased", (/** @type {number} */ id) => {
      this.erased.add(id);
      this.#wake();
    });
    await page.goto(url);
    await page.evaluate(() => {
      /** @type {any} */
      const to = globalThis;
      const tell = async (/** @type {number} */ id) => {
        for (const item of await chrome.downloads.search({ id })) to.quorumSeen(item);
      };
      chrome.downloads.onCreated.addListener((item) => void to.quorumSeen(item));
      chrome.downloads.onChanged.addListener((change) => void tell(change.id));
      chrome.downloads.onErased.addListener((id) => void to.quorumErased(id));
    });
  }

  #wake() {
    for (const look of this.#waiting) look();
  }

  /**
   * Resolves with the first download that fits, those already seen included.
   * @param {(item: Item) => boolean} fits
   * @returns {Promise<Item>}
   */
  first(fits) {
    return new Promise((resolve) => {
      const look = () => {
        const found = [...this.items.values()].find(fits);
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /**
   * Starts a download and resolves when the browser has finished with it, one way or the other.
   * @param {() => Promise<unknown>} start
   * @param {(item: Item) => Promise<unknown>} [meanwhile] is run when the download has begun
   * @returns {Promise<Item>} `state` is `complete` or `interrupted`
   */
  async of(start, meanwhile) {
    const before = new Set(this.items.keys());
    await start();
    const begun = await this.first((item) => !before.has(item.id));
    await meanwhile?.(begun);
    return this.finished(begun.id);
  }

  /**
   * Starts downloads and resolves when the browser has finished with all of them.
   * @param {number} count how many there must be
   * @param {() => Promise<unknown>} start
   * @param {(item: Item) => Promise<unknown>} [meanwhile] is run when the first one has begun
   * @returns {Promise<Item[]>} in the order of their ids; more than `count` if there are more
   */
  async all(count, start, meanwhile) {
    const before = new Set(this.items.keys());
    const begun = () => [...this.items.values()].filter(({ id }) => !before.has(id)).sort((a, b) => a.id - b.id);
    await start();
    await meanwhile?.(await this.first(({ id }) => !before.has(id)));
    await this.first(() => begun().filter(({ state }) => state !== "in_progress").length >= count);
    return begun();
  }

  /** @param {number} id @returns {Promise<Item>} when it is complete or interrupted */
  finished(id) {
    return this.first((item) => item.id === id && item.state !== "in_progress");
  }

  /**
   * Starts a download from another extension's page: by a link on it, or by its own call.
   * @param {string} url
   * @param {"link" | "call"} by
   */
  async begin(url, by) {
    await this.#page?.evaluate(
      (url, by) => {
        if (by === "call") return void chrome.downloads.download({ url });
        const link = Object.assign(document.createElement("a"), { href: url, download: "" });
        document.body.append(link);
        link.click();
        link.remove();
      },
      url,
      by,
    );
  }

  /** Cancels a download as the user does in the browser's own list. @param {number} id */
  async cancel(id) {
    await this.#page?.evaluate((id) => chrome.downloads.cancel(id), id);
  }

  /** Goes on with a download that was cut, as the user does in the browser's own list. @param {number} id */
  async resume(id) {
    await this.#page?.evaluate((id) => chrome.downloads.resume(id), id);
    await this.first((item) => item.id === id && item.state !== "interrupted");
  }

  /** Halts a download as the user does, and lets it go on. @param {number} id */
  async pauseAndResume(id) {
    await this.#page?.evaluate((id) => chrome.downloads.pause(id), id);
    await this.first((item) => item.id === id && item.paused);
    await this.#page?.evaluate((id) => chrome.downloads.resume(id), id);
    await this.first((item) => item.id === id && !item.paused);
  }
}
