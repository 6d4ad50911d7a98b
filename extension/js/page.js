// The start of every page of ours: gives the user interface (Rust, quorum-www) its handle on the
// background and lets it draw. The interface knows nothing of the browser's API.

import * as platform from "./platform.js";

/** What the user interface may do. */
const backend = {
  /**
   * Asks the background.
   * @param {unknown} request a `Request` of quorum-core
   * @returns {Promise<unknown>} an `Answer`; rejected or `undefined` if the browser ended the background before
   */
  ask: (request) => platform.send(request),

  /**
   * Hears what the background tells without being asked.
   * @param {(news: unknown) => void} hear takes a `News` of quorum-core
   * @returns {() => void} ends it
   */
  listen(hear) {
    /** @type {chrome.runtime.Port | undefined} */
    let port;
    let ended = false;
    const open = () => {
      if (ended) return;
      port = platform.connect("news");
      port.onMessage.addListener((news) => hear(news));
      // The background sleeps as it pleases; what there is to hear is worth waking it.
      port.onDisconnect.addListener(() => setTimeout(open, 250));
    };
    open();
    return () => {
      ended = true;
      port?.disconnect();
    };
  },

  /**
   * Asks the user for access to an origin, or to all sites. Only a click allows that, so nothing may be
   * awaited before.
   * @param {string} pattern a match pattern, or `all`
   * @returns {Promise<boolean>}
   */
  grant(pattern) {
    return platform.requestOrigins(pattern === "all" ? ["https://*/*", "http://*/*"] : [pattern]);
  },

  /**
   * Has a Worker of this page do a job with rules.
   * @param {unknown} job a `Job` of quorum-core
   * @param {Blob | undefined} file
   * @param {number} limitMs
   * @returns {Promise<unknown>} a `Heard`
   */
  async scan(job, file, limitMs) {
    const { run } = await import("./scanner.js");
    return run(job, file, limitMs);
  },

  /**
   * Looks at a file that the user gives while it is read.
   * @param {string} name
   * @returns {Promise<unknown>} an `Inspector` of the npm package
   */
  async inspect(name) {
    const { inspect } = await import("./reader.js");
    return inspect("", name, []);
  },
};

const view = document.body.dataset.view ?? "";
// The module of the popup and the card is small; pages that people sit down for have their own.
const modules = {
  console: () => import("./pkg/quorum_console.js"),
  www: () => import("./pkg/quorum_www.js"),
};
const { default: init, mount } = await modules[/** @type {keyof typeof modules} */ (document.body.dataset.module ?? "www")]();
await init();
mount(backend, view);
