// One thread, one contestant: from the module's bytes to the first answer.

import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { load } from "../../yara/module.mjs";

const { who, rules, file, peer } = workerData;
const [text, bytes] = [readFileSync(rules, "utf8"), readFileSync(file)];
let found;
const start = performance.now();
if (who === "ours") {
  const module = await load();
  module.use(text);
  found = (await module.work({ job: "scan" }, new Blob([bytes]))).told.report;
  module.remove();
} else {
  const package_ = await import(peer);
  await package_.default({ module_or_path: readFileSync(peer.replace(".js", "_bg.wasm")) });
  const compiler = new package_.Compiler();
  compiler.addSource(text);
  found = compiler.build().scanner().scan(bytes);
}
const ms = performance.now() - start;
if (!found) throw new Error("no answer");
parentPort?.postMessage(ms);
