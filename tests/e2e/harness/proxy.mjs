// Stands between the extension and the real server and writes down what is asked, so that a test can say
// not only what the server answered but what it was never told: no upload before the click, no key elsewhere.

import http from "node:http";
import { listen } from "./listen.mjs";
import { Recorder } from "./record.mjs";

export class Proxy {
  record = new Recorder();
  /** @type {import("./listen.mjs").Listening | undefined} */
  #listening;
  #to;

  /** @param {string} to the server's origin */
  constructor(to) {
    this.#to = new URL(to);
  }

  get origin() {
    if (!this.#listening) throw new Error("the proxy is not started");
    return this.#listening.origin;
  }

  async start() {
    this.#listening = await listen(async (request, response) => {
      const { method, url, headers, body } = await this.record.add(request);
      // The Host header stays as it came: the server builds its links from it.
      const onward = http.request({ host: this.#to.hostname, port: this.#to.port, method, path: url, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.once("error", () => response.destroy());
      onward.end(body);
    });
  }

  async close() {
    await this.#listening?.close();
  }
}
