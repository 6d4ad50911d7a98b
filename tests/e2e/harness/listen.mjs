// A node HTTP server on a free loopback port that can be closed at once, open connections and all.

import http from "node:http";

/**
 * @typedef {object} Listening
 * @property {string} origin e.g. `http://127.0.0.1:40001`
 * @property {string} elsewhere the same server under another host, so another origin
 * @property {() => Promise<void>} close
 */

/**
 * @param {http.RequestListener} handler
 * @returns {Promise<Listening>}
 */
export async function listen(handler) {
  const server = http.createServer(handler);
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    elsewhere: `http://localhost:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {http.IncomingMessage} request
 * @returns {Promise<Buffer>} the whole body
 */
export async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
