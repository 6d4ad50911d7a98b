// What a test server was asked, word for word: the tests look here for things that must never be sent.

import { body } from "./listen.mjs";

/**
 * @typedef {object} Received
 * @property {string} method
 * @property {string} url path and query
 * @property {Record<string, string | string[] | undefined>} headers
 * @property {Buffer} body
 */

export class Recorder {
  /** @type {Received[]} */
  requests = [];
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /**
   * @param {import("node:http").IncomingMessage} request
   * @returns {Promise<Received>}
   */
  async add(request) {
    const received = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: { ...request.headers },
      body: await body(request),
    };
    this.requests.push(received);
    for (const wake of this.#waiting) wake();
    return received;
  }

  /**
   * Resolves with the first request that fits, those of the past included.
   * @param {(received: Received) => boolean} fits
   * @returns {Promise<Received>}
   */
  first(fits) {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.requests.find(fits);
        if (!found) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when there are more requests than this. @param {number} count */
  next(count) {
    return this.first(() => this.requests.length > count);
  }

  /** @param {string} text @returns {Received[]} the requests that hold it, in any part */
  holding(text) {
    return this.requests.filter(
      (received) =>
        received.url.includes(text) || JSON.stringify(received.headers).includes(text) || received.body.includes(text),
    );
  }
}
