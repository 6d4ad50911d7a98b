// The real `quorum serve` for a test, and what a user of its API does to it by hand.

import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { join } from "node:path";
import { binary, temporaryFolder } from "./tree.mjs";

const run = promisify(execFile);

export class Server {
  /** The administrator's key, as printed at the first start. */
  admin = "";
  /** What the server wrote to stderr. */
  log = "";
  origin = "";
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  #folder = temporaryFolder("server");

  get data() {
    return join(this.#folder.path, "data");
  }

  /** Starts the server and waits until it says that it listens. Its port stays the same when it starts again. */
  async start() {
    const listen = this.origin ? new URL(this.origin).host : "127.0.0.1:0";
    const child = spawn(binary(), ["serve", "--listen", listen, "--data", this.data], { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    process.once("exit", () => child.kill("SIGKILL"));
    child.stderr.setEncoding("utf8").on("data", (text) => (this.log += text));
    for await (const line of createInterface({ input: child.stdout })) {
      const key = /API key \(shown once\): ([0-9a-f]{64})$/.exec(line);
      if (key) this.admin = /** @type {string} */ (key[1]);
      const listening = /listening on (http:\/\/\S+)$/.exec(line);
      if (listening) {
        this.origin = /** @type {string} */ (listening[1]);
        return;
      }
    }
    throw new Error(`the server did not start:\n${this.log}`);
  }

  /** @param {NodeJS.Signals} [signal] */
  async stop(signal = "SIGTERM") {
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
    this.#process = undefined;
  }

  /** Stops the server and removes its data. */
  async close() {
    await this.stop();
    this.#folder.remove();
  }

  /**
   * @param {string} name
   * @param {string} [tier]
   * @returns {Promise<Person>}
   */
  async person(name, tier = "enterprise") {
    const { stdout } = await run(binary(), ["user", "add", name, "--tier", tier, "--data", this.data]);
    const key = /\b[0-9a-f]{64}\b/.exec(stdout);
    if (!key) throw new Error(`no key in: ${stdout}`);
    return new Person(this, name, key[0]);
  }
}

/** Somebody with a key, who uses the API by hand. */
export class Person {
  /** @param {Server} server @param {string} name @param {string} key */
  constructor(server, name, key) {
    this.server = server;
    this.name = name;
    this.key = key;
  }

  /**
   * @param {string} path below /api/v3
   * @param {RequestInit} [init]
   * @returns {Promise<any>} the answer's `data`; an error is thrown
   */
  async ask(path, init = {}) {
    const response = await fetch(`${this.server.origin}/api/v3${path}`, {
      ...init,
      redirect: "error",
      headers: { "x-apikey": this.key, ...init.headers },
    });
    const answer = await response.json();
    if (answer.error) throw new Error(`${path}: ${answer.error.code}: ${answer.error.message}`);
    return answer.data;
  }

  /** @param {string} path @param {unknown} data */
  post(path, data) {
    return this.ask(path, { method: "POST", body: JSON.stringify({ data }), headers: { "content-type": "application/json" } });
  }

  /** @param {string} path @param {string} text */
  comment(path, text) {
    return this.post(`${path}/comments`, { type: "comment", attributes: { text } });
  }

  /** @param {string} path @param {"harmless" | "malicious"} verdict */
  vote(path, verdict) {
    return this.post(`${path}/votes`, { type: "vote", attributes: { verdict } });
  }

  /**
   * Uploads a file and waits for its analysis.
   * @param {Buffer} bytes
   * @param {string} name
   */
  async upload(bytes, name) {
    const form = new FormData();
    form.set("file", new Blob([new Uint8Array(bytes)]), name);
    return this.#finished(await this.ask("/files", { method: "POST", body: form }));
  }

  /** @param {string} url */
  async submit(url) {
    return this.#finished(await this.ask("/urls", { method: "POST", body: new URLSearchParams({ url }) }));
  }

  /** @param {{id: string}} analysis */
  async #finished(analysis) {
    const until = Date.now() + 60_000;
    while (Date.now() < until) {
      const seen = await this.ask(`/analyses/${encodeURIComponent(analysis.id)}`);
      if (seen.attributes.status === "completed") return seen;
      await new Promise((resolve) => setTimeout(resolve, 50)); // the API can only be polled
    }
    throw new Error(`analysis ${analysis.id} is not done after a minute`);
  }
}
