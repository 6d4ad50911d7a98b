// Firefox as a user has it, with the extension installed for the session.
//
// Firefox gives an extension's pages a random host; a preference fixes it, so that the tests can open them.
// Its driver opens such pages only with --remote-allow-system-access, and loses the navigation's end when
// the page moves to the extension's process: so we wait for what is on the page instead.

import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { manifest } from "../../../tools/manifest.mjs";
import { build, temporaryFolder } from "./tree.mjs";

const HOST = "1b0fbd70-5a5c-4a0f-9f0d-7be1b4a3c2e1";

export const EXECUTABLE = process.env.QUORUM_FIREFOX ?? "/usr/bin/firefox";

export class Firefox {
  /** @type {import("puppeteer-core").Browser} */
  browser;
  profile = temporaryFolder("firefox");

  /** @param {import("puppeteer-core").Browser} browser @param {{path: string, remove: () => void}} profile */
  constructor(browser, profile) {
    this.browser = browser;
    this.profile = profile;
  }

  get folder() {
    return join(this.profile.path, "Downloads");
  }

  /** @param {string} [name] a build of tools/manifest.mjs */
  static async launch(name = "firefox-test") {
    const profile = temporaryFolder("firefox");
    const folder = join(profile.path, "Downloads");
    mkdirSync(folder);
    mkdirSync(join(profile.path, "profile"));
    const id = manifest(name).browser_specific_settings.gecko.id;
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: EXECUTABLE,
      headless: true,
      userDataDir: join(profile.path, "profile"),
      defaultViewport: null,
      args: ["--remote-allow-system-access", "--width=1280", "--height=1000"],
      extraPrefsFirefox: {
        "browser.download.dir": folder,
        "browser.download.folderList": 2,
        "browser.download.useDownloadDir": true,
        "browser.download.always_ask_before_handling_new_types": false,
        "browser.safebrowsing.downloads.enabled": false,
        "extensions.webextensions.uuids": JSON.stringify({ [id]: HOST }),
      },
    });
    const installed = await browser.installExtension(build(name));
    if (installed !== id) throw new Error(`installed as ${installed}`);
    return new Firefox(browser, profile);
  }

  /** @param {string} path of one of our pages @param {string} [selector] of something that it shows */
  async open(path, selector = "main, body *") {
    const page = await this.browser.newPage();
    page.setDefaultTimeout(20_000);
    page.goto(`moz-extension://${HOST}/${path}`).catch(() => {}); // see above
    await page.waitForSelector(selector);
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

  async close() {
    await this.browser.close();
  }

  remove() {
    this.profile.remove();
  }
}
