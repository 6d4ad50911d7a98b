// @quorum/core for browsers and bundlers: the module is fetched from beside this file.
import init from "./quorum_package.js";

await init();
export * from "./quorum_package.js";
