// A backend that fails on command. It records every request with its headers, so that a test can say
// where the key went, and stands beside a canary: another origin that nothing of ours may ever ask.

import { randomBytes } from "node:crypto";
import { listen } from "./listen.mjs";
import { Recorder } from "./record.mjs";

/**
 * @typedef {"well" | "hang" | "401" | "429" | "html" | "301" | "302" | "303" | "307" | "308" | "500"} Fault
 */

const JSON_TYPE = { "content-type": "application/json" };

/** @param {string} code @param {string} message */
const error = (code, message) => JSON.stringify({ error: { code, message } });

export class FaultyBackend {
  record = new Recorder();
  canary = new Recorder();
  /** @type {Fault} */
  fault = "well";
  /** What it says of the account's quotas. */
  quotas = { api_requests_hourly: { allowed: 240, used: 1 }, api_requests_daily: { allowed: 500, used: 4 }, api_requests_monthly: { allowed: 15500, used: 113 } };
  /** @type {import("./listen.mjs").Listening | undefined} */
  #listening;
  /** @type {import("./listen.mjs").Listening | undefined} */
  #canary;

  /** The key that it accepts. Each one has its own, so that a grep for it finds no other's. */
  key = randomBytes(32).toString("hex");

  get origin() {
    if (!this.#listening) throw new Error("the backend is not started");
    return this.#listening.origin;
  }

  async start() {
    this.#canary = await listen(async (request, response) => {
      await this.canary.add(request);
      response.writeHead(200, { ...JSON_TYPE, "access-control-allow-origin": "*" });
      response.end("{}");
    });
    await this.up();
  }

  /** Listens again after `down`; on another port. */
  async up() {
    this.#listening = await listen((request, response) => void this.#answer(request, response));
  }

  /** Closes the port: connections are refused from now on. */
  async down() {
    await this.#listening?.close();
  }

  async close() {
    await this.#listening?.close();
    await this.#canary?.close();
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async #answer(request, response) {
    // The fault of the moment at which it comes: a test may set another when it is recorded.
    const fault = this.fault;
    const { url, headers } = await this.record.add(request);
    if (fault === "hang") return; // until the client gives up or the server closes
    if (fault.startsWith("30")) {
      response.writeHead(Number(fault), { location: `${this.#canary?.origin}${url}` });
      response.end();
      return;
    }
    if (fault === "html") {
      // As a captive portal answers.
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Welcome to the hotel</title><p>Please sign in to use the network.");
      return;
    }
    if (fault === "500") {
      response.writeHead(500, JSON_TYPE);
      response.end("{");
      return;
    }
    if (fault === "429") {
      response.writeHead(429, { ...JSON_TYPE, "retry-after": "60" });
      response.end(error("QuotaExceededError", "Quota exceeded"));
      return;
    }
    if (fault === "401" || headers["x-apikey"] !== this.key) {
      response.writeHead(401, JSON_TYPE);
      response.end(error("WrongCredentialsError", "Wrong API key"));
      return;
    }
    const path = new URL(url, this.origin).pathname.replace("/api/v3", "");
    const { quotas } = this;
    if (/^\/users\/[^/]+$/.test(path)) {
      response.writeHead(200, JSON_TYPE);
      response.end(JSON.stringify({ data: { type: "user", id: "frank", links: { self: `${this.origin}${url}` }, attributes: { first_name: "Frank", last_name: "Faulty", status: "active", reputation: 1, user_since: 1, privileges: {}, quotas } } }));
      return;
    }
    if (/^\/users\/[^/]+\/overall_quotas$/.test(path)) {
      response.writeHead(200, JSON_TYPE);
      response.end(JSON.stringify({ data: Object.fromEntries(Object.entries(quotas).map(([name, user]) => [name, { user }])) }));
      return;
    }
    response.writeHead(404, JSON_TYPE);
    response.end(error("NotFoundError", "not found"));
  }
}
