// @quorum/core for Node.js: the module lies beside this file and is loaded when this is imported.
import { readFileSync } from "node:fs";
import { initSync } from "./quorum_package.js";

initSync({ module: readFileSync(new URL("./quorum_package_bg.wasm", import.meta.url)) });
export * from "./quorum_package.js";
