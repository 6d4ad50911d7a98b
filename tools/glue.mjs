// Has the glue that wasm-bindgen writes check what it copies into the module: `node tools/glue.mjs FILE`. As it
// comes, it trusts the types: a number where a text belongs makes the module read outside of its memory.

import { readFileSync, writeFileSync } from "node:fs";

const CHECKS = {
  passStringToWasm0: 'typeof arg !== "string") throw new TypeError(`a text is needed here, not ${arg === null ? "null" : typeof arg}`',
  passArray8ToWasm0: '!(arg instanceof Uint8Array)) throw new TypeError("bytes are needed here: a Uint8Array"',
  passArrayJsValueToWasm0: '!Array.isArray(array)) throw new TypeError("an array is needed here"',
};

const [file = ""] = process.argv.slice(2);
let glue = readFileSync(file, "utf8");
for (const [name, check] of Object.entries(CHECKS)) {
  const checked = glue.replace(new RegExp(`^function ${name}\\(.*\\) \\{$`, "m"), `$&\n    if (${check.replaceAll("$", "$$$$")});`);
  if (checked === glue) throw new Error(`${file} has no ${name}: wasm-bindgen writes something else now`);
  glue = checked;
}
writeFileSync(file, glue);
