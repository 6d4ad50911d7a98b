// The Worker in which YARA runs. It is started by scanner.js, which also ends it: a rule can run for ever,
// and nothing in here could stop it.

import "./scanner-engine.js";
import init, { work } from "./pkg/quorum_scanner.js";

const ready = init({ module_or_path: new URL("pkg/quorum_scanner_bg.wasm", import.meta.url) });

onmessage = async ({ data: { job, file } }) => {
  try {
    await ready;
    await work(job, file, postMessage.bind(globalThis));
  } catch (error) {
    postMessage({ failed: String(error) });
  }
};
