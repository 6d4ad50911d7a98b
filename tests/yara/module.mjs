// The scanner's module as the Worker has it, in this process: node's engine is the browser's. The database,
// which is the browser's, is a list here.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, temporaryFolder } from "../e2e/harness/tree.mjs";

/**
 * @typedef {object} Module
 * @property {(job: unknown, file?: Blob) => Promise<{told: any, done: boolean, spent: boolean}>} work the last that it told
 * @property {(text: string) => void} use these rules are the user's own from now on, and the only ones
 * @property {() => void} remove
 */

/** @returns {Promise<Module>} */
export async function load() {
  const folder = temporaryFolder("yara");
  const pkg = join(build("chromium"), "pkg");
  mkdirSync(join(folder.path, "pkg"));
  copyFileSync(join(pkg, "quorum_scanner.js"), join(folder.path, "pkg/quorum_scanner.js"));
  copyFileSync(join(build("chromium"), "scanner-engine.js"), join(folder.path, "scanner-engine.js"));
  writeFileSync(join(folder.path, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder.path, "database.js"), "export const stored = new Map();\nexport const get = async (store, key) => stored.get(key);\n");
  const { stored } = await import(String(pathToFileURL(join(folder.path, "database.js"))));
  await import(String(pathToFileURL(join(folder.path, "scanner-engine.js"))));
  const module = await import(String(pathToFileURL(join(folder.path, "pkg/quorum_scanner.js"))));
  await module.default({ module_or_path: readFileSync(join(pkg, "quorum_scanner_bg.wasm")) });
  let revision = 0;
  return {
    async work(job, file) {
      /** @type {any} */
      let last;
      await module.work(job, file, (/** @type {any} */ heard) => (last = heard));
      return last;
    },
    use(text) {
      revision += 1;
      stored.set("library", { revision, built_in: false, own: [{ id: "1", name: "rules", enabled: true, changed: 0 }], packs: [], off: [] });
      stored.set("own/1", [{ name: "rules", text }]);
    },
    remove: folder.remove,
  };
}
