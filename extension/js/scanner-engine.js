// Two things that YARA-X does in the browser more dearly than it need, put right from outside, in the Worker
// alone, before its module is loaded. docs/YARA.md has the figures, and what belongs upstream.
//
// It compiles the module that it makes of a rule set once to see that it is valid, and again for each scanner:
// the one compiled last is kept. And a 64-bit number that the rules' module hands to it goes through text,
// since it asks for a BigInt's digits: one that a JavaScript number holds exactly is handed over as that.

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
/** @param {unknown} value */
const narrow = (value) => (typeof value === "bigint" && value <= MOST && value >= -MOST ? Number(value) : value);

/** @param {WebAssembly.Module} module @param {Record<string, Record<string, any>>} imports */
function NarrowInstance(module, imports) {
  const narrowed = Object.fromEntries(
    Object.entries(imports).map(([space, entries]) => [
      space,
      Object.fromEntries(
        Object.entries(entries).map(([name, entry]) => [
          name,
          typeof entry === "function"
            ? (/** @type {unknown} */ a, /** @type {unknown} */ b, /** @type {unknown} */ c, /** @type {unknown} */ d) => entry(narrow(a), narrow(b), narrow(c), narrow(d))
            : entry,
        ]),
      ),
    ]),
  );
  return new Instance(module, narrowed);
}
NarrowInstance.prototype = Instance.prototype;

Object.assign(WebAssembly, { Module: KeptModule, Instance: NarrowInstance });
