// A screen of our own (Xvfb) and a real mouse on it (xdotool): the browser's context menu is no part of
// any page, so no driver can click it.

import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

export class Display {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #xvfb;
  name = "";

  /** Starts a screen on the first free number; the X server itself says which, once it is ready. */
  async start() {
    const child = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1000x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    this.#xvfb = child;
    process.once("exit", () => child.kill("SIGKILL"));
    const pipe = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
    this.name = await new Promise((resolve, reject) => {
      let text = "";
      child.once("exit", (status) => reject(new Error(`Xvfb ended with status ${status}`)));
      pipe.setEncoding("utf8").on("data", (part) => {
        text += part;
        if (text.endsWith("\n")) resolve(`:${text.trim()}`);
      });
    });
  }

  async close() {
    const child = this.#xvfb;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  /** @param {...(string | number)} words of xdotool @returns {Promise<string>} */
  async #xdotool(...words) {
    const { stdout } = await run("xdotool", words.map(String), { env: { ...process.env, DISPLAY: this.name } });
    return stdout;
  }

  /** @returns {Promise<string[]>} the windows that are to be seen; a menu is one of its own */
  async #windows() {
    return (await this.#xdotool("search", "--onlyvisible", "--name", ".*")).split("\n").filter(Boolean);
  }

  /**
   * Clicks with the right button and waits for the menu.
   * @param {{x: number, y: number}} at on the screen
   */
  async openMenu({ x, y }) {
    const before = new Set(await this.#windows());
    await this.#xdotool("mousemove", Math.round(x), Math.round(y), "click", 3);
    for (const until = Date.now() + 10_000; Date.now() < until; ) {
      if ((await this.#windows()).some((window) => !before.has(window))) return;
    }
    throw new Error("no menu came");
  }

  /** Presses "Save" in the browser's own dialog, which must come, and waits until it is gone. */
  async save() {
    const shown = async () => (await this.#xdotool("search", "--onlyvisible", "--name", "^Save File$").catch(() => "")).split("\n").find(Boolean);
    const until = Date.now() + 10_000;
    let window;
    while (!(window = await shown())) if (Date.now() > until) throw new Error("nobody asks where to save");
    // It looks at keys only once it is drawn and filled in, and there is no event for that.
    for (; await shown(); ) {
      if (Date.now() > until) throw new Error("the dialog stays");
      await this.#xdotool("windowfocus", window, "key", "alt+s").catch(() => {});
    }
  }

  /** @param {...string} keys as xdotool names them: Up, Return, ctrl+a */
  async press(...keys) {
    for (const key of keys) await this.#xdotool("key", key);
  }

  /**
   * Says yes in the browser's own dialog, as a user does who is asked for a permission.
   * @param {import("puppeteer-core").Page} page the one that asks
   * @param {() => Promise<unknown>} ask what makes it ask
   */
  async allow(page, ask) {
    const asked = page.evaluate(() => new Promise((resolve) => addEventListener("blur", () => resolve(true), { once: true })));
    await page.bringToFront();
    await ask();
    await asked;
    // The browser ignores keys until a dialog has been seen for half a second, so that nobody says yes
    // by accident; there is no event for its end.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await this.press("Tab", "Return");
  }
}
