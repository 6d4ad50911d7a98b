// Stamps the package.json of @quorum/core: `node tools/npm.mjs`.

import { version } from "./manifest.mjs";

console.log(JSON.stringify({
  name: "@quorum/core",
  version: version(),
  description: "Finds, explains and compares indicators of compromise: Quorum's Rust core in WebAssembly",
  keywords: ["ioc", "indicators-of-compromise", "threat-intelligence", "defang", "refang", "safe-browsing", "ssdeep", "tlsh", "stix", "wasm"],
  license: "Apache-2.0",
  type: "module",
  // Importing it starts the module: a bundler that left the entry out for its exports' sake would break them.
  sideEffects: true,
  exports: {
    ".": {
      types: "./index.d.ts",
      node: "./index.node.js",
      default: "./index.js",
    },
    "./package.json": "./package.json",
  },
  types: "./index.d.ts",
  files: ["*.js", "*.d.ts", "*.wasm", "LICENSE", "README.md"],
  engines: { node: ">=20" },
}, null, 2));
