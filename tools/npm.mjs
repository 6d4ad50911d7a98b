// Stamps the package.json of @quorum/core: `node tools/npm.mjs`.

import { version } from "./manifest.mjs";

console.log(JSON.stringify({
  name: "@quorum/core",
  version: version(),
  description: "Finds, explains and compares indicators of compromise: Quorum's Rust core in WebAssembly",
  license: "Apache-2.0",
  type: "module",
  sideEffects: true,
  exports: {
    types: "./index.d.ts",
    node: "./index.node.js",
    default: "./index.js",
  },
  types: "./index.d.ts",
  files: ["*.js", "*.d.ts", "*.wasm", "LICENSE", "README.md"],
  engines: { node: ">=20" },
}, null, 2));
