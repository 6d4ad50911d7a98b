// Firefox as a user has it, with the extension installed for the session.
//
// Firefox gives an extension's pages a random host; a preference fixes it, so that the tests can open them.
// Its driver opens such pages only with --remote-allow-system-access, and loses the navigation's end when
// the page moves to the extension's process: so we wait for what is on the page instead.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { manifest } from "../../../tools/manifest.mjs";
import { ended } from "./processes.mjs";
import { ROOT, build, orGone, temporaryFolder } from "./tree.mjs";

const HOST = "1b0fbd70-5a5c-4a0f-9f0d-7be1b4a3c2e1";
const OBSERVER = "0d6a1f43-9d1c-4b07-8f0e-5f2f8f6f0b11";

/**
 * @typedef {object} Options
 * @property {string | null} [extension] a build of tools/manifest.mjs; null: none of ours
 * @property {import("./display.mjs").Display} [display] a screen to open a real window on; without: headless
 * @property {boolean} [observed] whether its downloads are watched
 * @property {boolean} [privately] all windows are private, and the extension is allowed in them
 * @property {Record<string, unknown>} [preferences]
 * @property {(profile: string) => void} [prepare] is given the profile's folder before the browser starts
 * @property {Record<string, unknown>} [managed] what an administrator has set for our extension
 */

export const EXECUTABLE = process.env.QUORUM_FIREFOX ?? "/usr/bin/firefox";

export class Firefox {
  /** @type {import("puppeteer-core").Browser} */
  browser;
  /** @type {{path: string, remove: () => void}} */
  profile;
  downloads = new Downloads();

  /** @param {import("puppeteer-core").Browser} browser @param {{path: string, remove: () => void}} profile */
  constructor(browser, profile) {
    this.browser = browser;
    this.profile = profile;
  }

  get folder() {
    return join(this.profile.path, "Downloads");
  }

  /** @param {Options} [options] */
  static async launch({ extension = "firefox-test", display, observed = false, privately = false, preferences = {}, prepare = () => {}, managed } = {}) {
    const profile = temporaryFolder("firefox");
    const folder = join(profile.path, "Downloads");
    mkdirSync(folder);
    mkdirSync(join(profile.path, "profile"));
    prepare(join(profile.path, "profile"));
    const id = manifest(extension ?? "firefox").browser_specific_settings.gecko.id;
    const home = managed && homeWith(join(profile.path, "home"), id, managed);
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: EXECUTABLE,
      headless: !display,
      env: { ...process.env, ...(display ? { DISPLAY: display.name } : {}), ...(home ? { HOME: home } : {}) },
      userDataDir: join(profile.path, "profile"),
      defaultViewport: null,
      args: ["--remote-allow-system-access", "--width=1280", "--height=1000"],
      extraPrefsFirefox: {
        "browser.download.dir": folder,
        "browser.download.folderList": 2,
        "browser.download.useDownloadDir": true,
        "browser.download.always_ask_before_handling_new_types": false,
        "browser.safebrowsing.downloads.enabled": false,
        "extensions.webextensions.uuids": JSON.stringify({ [id]: HOST, "observer@quorum": OBSERVER }),
        ...(privately ? { "browser.privatebrowsing.autostart": true } : {}),
        ...preferences,
      },
    });
    const firefox = new Firefox(browser, profile);
    await orGone(firefox, async () => {
      if (extension !== null) {
        const installed = await firefox.#install(build(extension), privately);
        if (installed !== id) throw new Error(`installed as ${installed}`);
      }
      if (observed) {
        await firefox.#install(join(ROOT, "tests/e2e/observer"), privately);
        await firefox.downloads.watch(await browser.newPage(), `moz-extension://${OBSERVER}/observer.html`);
      }
    });
    return firefox;
  }

  /** By the protocol's own command: puppeteer's has no private windows. @param {string} path @param {boolean} privately */
  async #install(path, privately) {
    const { connection } = /** @type {any} */ (this.browser);
    const { result } = await connection.send("webExtension.install", { extensionData: { type: "path", path }, "moz:allowPrivateBrowsing": privately });
    return result.extension;
  }

  /** @param {string} path of one of our pages @param {string} [selector] of something that it shows */
  async open(path, selector = "main, body *") {
    const page = await this.browser.newPage();
    page.setDefaultTimeout(20_000);
    await arrive(page, `moz-extension://${HOST}/${path}`, selector);
    return page;
  }

  /** @param {string} url */
  async visit(url) {
    const page = await this.browser.newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(url);
    return page;
  }

  /** @returns {string[]} the finished files in the download folder */
  files() {
    return readdirSync(this.folder).filter((name) => !name.endsWith(".part"));
  }

  /** Resolves when the last of its processes has ended. */
  async close() {
    await this.browser.close();
    await ended(this.browser);
  }

  remove() {
    this.profile.remove();
  }
}

/**
 * A home with settings for an extension, as an administrator of one account puts them there.
 * @param {string} home is made
 * @param {string} id of the extension
 * @param {Record<string, unknown>} data
 */
function homeWith(home, id, data) {
  // Where it stands depends on the version.
  for (const folder of [".mozilla", ".config/mozilla"]) {
    mkdirSync(join(home, folder, "managed-storage"), { recursive: true });
    writeFileSync(join(home, folder, "managed-storage", `${id}.json`), JSON.stringify({ name: id, description: "Set by the tests", type: "storage", data }));
  }
  return home;
}

/**
 * Goes to an extension's page, and resolves when something is shown there.
 * @param {import("puppeteer-core").Page} page
 * @param {string} url
 * @param {string} selector of what is shown there, and not in the page before
 */
async function arrive(page, url, selector) {
  page.goto(url).catch(() => {}); // its end is lost, see above
  for (const until = Date.now() + 30_000; ; ) {
    try {
      await page.waitForSelector(selector, { timeout: Math.max(1, until - Date.now()) });
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      // What is looked for in the page before fails when that goes: it is looked for in the one that comes.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** The downloads of one browser as the browser's own events tell them: what Chromium's harness has, from inside of a page. */
class Downloads {
  /** @type {import("puppeteer-core").Page | undefined} */
  #page;

  /** @param {import("puppeteer-core").Page} page @param {string} url of the observer's page */
  async watch(page, url) {
    await arrive(page, url, "p");
    this.#page = page;
    await this.#within(() => {
      /** @type {any} */
      const to = globalThis;
      to.items = new Map();
      to.looks = new Set();
      const tell = async (/** @type {number} */ id) => {
        for (const item of await chrome.downloads.search({ id })) to.items.set(id, item);
        for (const look of to.looks) look();
      };
      chrome.downloads.onCreated.addListener(({ id }) => void tell(id));
      chrome.downloads.onChanged.addListener(({ id }) => void tell(id));
      /** Resolves with what `find` gives as soon as it gives something. */
      to.seen = (/** @type {(items: chrome.downloads.DownloadItem[]) => unknown} */ find) =>
        new Promise((resolve) => {
          const look = () => {
            const found = find([...to.items.values()].sort((a, b) => a.id - b.id));
            if (!found) return;
            to.looks.delete(look);
            resolve(found);
          };
          to.looks.add(look);
          look();
        });
    });
  }

  /** @template {any[]} A @param {(...args: A) => unknown} work @param {A} args @returns {Promise<any>} */
  #within(work, ...args) {
    if (!this.#page) throw new Error("nobody watches the downloads");
    return this.#page.evaluate(/** @type {any} */ (work), ...args);
  }

  /**
   * Starts downloads and resolves when the browser has finished with all of them.
   * @param {number} count how many there must be
   * @param {() => Promise<unknown>} start
   * @param {(item: chrome.downloads.DownloadItem) => Promise<unknown>} [meanwhile] is run when the first one has begun
   * @returns {Promise<chrome.downloads.DownloadItem[]>} in the order of their ids
   */
  async all(count, start, meanwhile) {
    const before = await this.#within(() => [.../** @type {any} */ (globalThis).items.keys()]);
    await start();
    if (meanwhile) {
      await meanwhile(await this.#within((before) => /** @type {any} */ (globalThis).seen((/** @type {any[]} */ items) => items.find(({ id }) => !before.includes(id))), before));
    }
    return this.#within(
      (before, count) =>
        /** @type {any} */ (globalThis).seen((/** @type {any[]} */ items) => {
          const begun = items.filter(({ id }) => !before.includes(id));
          return begun.filter(({ state }) => state !== "in_progress").length >= count && begun;
        }),
      before,
      count,
    );
  }

  /** Starts a download from another extension's page: by a link on it, or by its own call. @param {string} url @param {"link" | "call"} by */
  async begin(url, by) {
    await this.#within(
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
    await this.#within((id) => chrome.downloads.cancel(id), id);
  }

  /** Halts a download as the user does, and lets it go on. @param {number} id */
  async pauseAndResume(id) {
    await this.#within(async (id) => {
      const { seen } = /** @type {any} */ (globalThis);
      const is = (/** @type {boolean} */ paused) => seen((/** @type {any[]} */ items) => items.some((item) => item.id === id && item.paused === paused));
      // One of which it has written nothing yet it does not halt but cancel.
      await seen((/** @type {any[]} */ items) => items.some((item) => item.id === id && item.totalBytes > 0));
      await chrome.downloads.pause(id);
      await is(true);
      await chrome.downloads.resume(id);
      await is(false);
    }, id);
  }
}
