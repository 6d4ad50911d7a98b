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

  /** @param {...(string | number)} words of xdotool */
  async #xdotool(...words) {
    await run("xdotool", words.map(String), { env: { ...process.env, DISPLAY: this.name } });
  }

  /** @param {{x: number, y: number}} at on the screen */
  async rightClick({ x, y }) {
    await this.#xdotool("mousemove", "--sync", Math.round(x), Math.round(y), "click", 3);
  }

  /** @param {...string} keys as xdotool names them: Up, Return, ctrl+a */
  async press(...keys) {
    for (const key of keys) await this.#xdotool("key", "--clearmodifiers", key);
  }

  /** @param {string} path of the PNG with the whole screen, menus and notifications included */
  async picture(path) {
    await run("import", ["-window", "root", "-display", this.name, path]);
  }
}
