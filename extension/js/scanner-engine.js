// Four things that YARA-X does in the browser more dearly than it need, put right from outside, in the Worker
// alone, before its module is loaded. docs/YARA.md has the figures, and what belongs upstream.
//
// It compiles the module that it makes of a rule set once to see that it is valid, and again for each scanner:
// the one compiled last is kept. A 64-bit number that the rules' module hands to it goes through text, since it
// asks for a BigInt's digits: one that a JavaScript number holds exactly is handed over as that. Most rules
// read the same few bytes of a file, its header, each by a call of its own: what was read is kept for as long
// as the rules' `main` runs, which is once for each file. And around a call it copies all of the rules' memory:
// only the part is copied that the call can concern.

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

// What such a call said is kept by a module of its own: from one module to another a call is a hundred times as cheap
// as through JavaScript, which has a BigInt and a list of two made for each. It exports `read`, which asks the imported
// one for what it does not know, and the memory of what it knows: 64 slots of 32 bytes, by the last bits of the offset,
// with the offset at 0, the value at 8 and at 16 one more than whether it is undefined; zero where nothing is known.
const KNOWING = new Module(new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 7, 1, 0x60, 1, 0x7e, 2, 0x7e, 0x7f, // type: (i64) -> (i64, i32)
  2, 9, 1, 0, 4, 0x72, 0x65, 0x61, 0x64, 0, 0, // import "" "read", function 0
  3, 2, 1, 0, // function 1
  5, 3, 1, 0, 1, // memory of one page
  7, 17, 2, 4, 0x72, 0x65, 0x61, 0x64, 0, 1, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0, // export "read", "memory"
  10, 82, 1, 80, 3, 1, 0x7f, 1, 0x7e, 1, 0x7f, // locals after the offset: slot, value, undefined
  0x20, 0, 0xa7, 0x41, 63, 0x71, 0x41, 5, 0x74, 0x22, 1, // slot = (offset & 63) << 5
  0x28, 2, 16, 0x45, 0x20, 1, 0x29, 3, 0, 0x20, 0, 0x52, 0x72, 4, 0x40, // if it is empty or another offset's
  0x20, 0, 0x10, 0, 0x21, 3, 0x21, 2, // ask
  0x20, 1, 0x20, 0, 0x37, 3, 0, // keep the offset,
  0x20, 1, 0x20, 2, 0x37, 3, 8, // the value
  0x20, 1, 0x20, 3, 0x41, 1, 0x6a, 0x36, 2, 16, 0x0b, // and whether it is undefined
  0x20, 1, 0x29, 3, 8, 0x20, 1, 0x28, 2, 16, 0x41, 1, 0x6b, 0x0b, // say what is kept
]));

/** The calls that concern the rules' memory up to the patterns' bitmap: fields of a module, and a rule's own bit. */
const NO_PATTERNS = /^(lookup_|rule_)/;

/**
 * What is copied of the rules' memory, to YARA-X and back, while they call; all of it if nothing is said.
 * @type {{buffer: ArrayBufferLike, length: number} | undefined}
 */
let part;
const { set } = Uint8Array.prototype;
/** @type {typeof set} */
Uint8Array.prototype.set = function (source, at) {
  if (part && (this.buffer === part.buffer || /** @type {Uint8Array} */ (source).buffer === part.buffer)) {
    set.call(this.subarray(0, part.length), /** @type {Uint8Array} */ (source).subarray(0, part.length));
  } else set.call(this, source, at);
};

/** @param {WebAssembly.Module} module @param {Record<string, Record<string, any>>} imports */
function CheaperInstance(module, imports) {
  const { main_memory, matching_patterns_bitmap_base } = imports.yara_x ?? {};
  const beginning = { buffer: main_memory.buffer, length: matching_patterns_bitmap_base.value };
  /** What was read of the file that is being scanned. @type {Uint8Array[]} */
  const known = [];
  const cheaper = (/** @type {string} */ name, /** @type {Call} */ call) => {
    const copied = NO_PATTERNS.test(name) ? beginning : undefined;
    if (!READ.test(name)) {
      return (/** @type {any} */ a, /** @type {any} */ b, /** @type {any} */ c, /** @type {any} */ d) => {
        part = copied;
        try {
          return call(narrow(a), narrow(b), narrow(c), narrow(d));
        } finally {
          part = undefined;
        }
      };
    }
    const { read, memory } = /** @type {any} */ (new Instance(KNOWING, { "": { read: (/** @type {bigint} */ offset) => call(narrow(offset)) } }).exports);
    known.push(new Uint8Array(memory.buffer, 0, 64 * 32));
    return read;
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
      for (const slots of known) slots.fill(0);
      return main();
    },
  };
  return Object.defineProperty(instance, "exports", { value: exports });
}
CheaperInstance.prototype = Instance.prototype;

Object.assign(WebAssembly, { Module: KeptModule, Instance: CheaperInstance });
