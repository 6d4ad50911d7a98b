// Three things that YARA-X does in the browser more dearly than it need, put right from outside, in the Worker
// alone, before its module is loaded. docs/YARA.md has the figures, and what belongs upstream.
//
// It compiles the module that it makes of a rule set once to see that it is valid, and again for each scanner:
// the one compiled last is kept. A 64-bit number that the rules' module hands to it goes through text, since it
// asks for a BigInt's digits: one that a JavaScript number holds exactly is handed over as that. And most rules
// read the same few bytes of a file, its header, each by a call of its own: what was read is kept for as long
// as the rules' `main` runs, which is once for each file.

const { Module, Instance } = WebAssembly;

/** @type {{bytes: Uint8Array, module: WebAssembly.Module} | undefined} */
let last;

/** @param {Uint8Array} one @param {Uint8Array} other */
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** @param {Uint8Array} bytes */
function KeptModule(bytes) {
  if (!last || !same(last.bytes, bytes)) last = { bytes: bytes.slice(), module: new Module(/** @type {any} */ (bytes)) };
  return last.module;
}
KeptModule.prototype = Module.prototype;

const MOST = BigInt(Number.MAX_SAFE_INTEGER);
/** @param {any} value */
const narrow = (value) => (typeof value === "bigint" && value <= MOST && value >= -MOST ? Number(value) : value);

/** @typedef {(...values: any[]) => any} Call of the rules' module to YARA-X */

/** `uint16(0)` and its like, by the names that YARA-X gives them there. */
const READ = /^u?int(8|16|32)(be)?@/;
const MOST_KNOWN = 256;

/** @param {WebAssembly.Module} module @param {Record<string, Record<string, any>>} imports */
function CheaperInstance(module, imports) {
  /** What was read of the file that is being scanned. @type {Map<number | bigint, any>[]} */
  const known = [];
  const cheaper = (/** @type {string} */ name, /** @type {Call} */ call) => {
    if (!READ.test(name)) return (/** @type {any} */ a, /** @type {any} */ b, /** @type {any} */ c, /** @type {any} */ d) => call(narrow(a), narrow(b), narrow(c), narrow(d));
    /** @type {Map<number | bigint, any>} */
    const values = new Map();
    known.push(values);
    return (/** @type {bigint} */ offset) => {
      const at = narrow(offset);
      let value = values.get(at);
      if (value !== undefined) return value;
      value = call(at);
      // A loop may read all of the file.
      if (values.size < MOST_KNOWN) values.set(at, value);
      return value;
    };
  };
  const instance = new Instance(
    module,
    Object.fromEntries(
      Object.entries(imports).map(([space, entries]) => [
        space,
        Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, typeof entry === "function" ? cheaper(name, entry) : entry])),
      ]),
    ),
  );
  const main = /** @type {() => number} */ (instance.exports.main);
  const exports = {
    ...instance.exports,
    main() {
      for (const values of known) values.clear();
      return main();
    },
  };
  return Object.defineProperty(instance, "exports", { value: exports });
}
CheaperInstance.prototype = Instance.prototype;

Object.assign(WebAssembly, { Module: KeptModule, Instance: CheaperInstance });
