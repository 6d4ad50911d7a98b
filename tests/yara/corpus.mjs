// Files and rules that the tests of YARA compare and measure with: made here from a seed, byte by byte, so
// that they are the same everywhere and nobody's. No file does anything: the executables have headers,
// tables and names, and bytes that are no code.

/** A small generator of numbers (mulberry32): the same row for the same seed. @param {number} seed */
export function dice(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    /** @param {number} below */
    below: (below) => next() % below,
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => /** @type {T} */ (list[next() % list.length]),
    /** @param {number} count */
    bytes(count) {
      const out = Buffer.alloc(Math.ceil(count / 4) * 4);
      for (let at = 0; at < count; at += 4) out.writeUInt32LE(next(), at);
      return out.subarray(0, count);
    },
  };
}
/** @typedef {ReturnType<typeof dice>} Dice */

const WORDS = ["invoice", "payload", "window", "kernel", "quorum", "letter", "update", "config", "socket", "shadow", "harvest", "delta", "orbit", "maple", "silver", "engine", "ribbon", "castle", "mirror", "tunnel"];
const LIBRARIES = ["KERNEL32.dll", "USER32.dll", "ADVAPI32.dll", "WS2_32.dll", "WININET.dll", "SHELL32.dll"];
const FUNCTIONS = ["CreateFileW", "VirtualAlloc", "WriteProcessMemory", "InternetOpenA", "RegSetValueExW", "ShellExecuteW", "connect", "LoadLibraryA", "GetProcAddress", "CreateRemoteThread"];

/** Writes little-endian fields one after another. */
class Writer {
  /** @type {Buffer[]} */
  parts = [];
  length = 0;
  /** @param {Uint8Array | string} data */
  put(data) {
    const bytes = Buffer.from(/** @type {any} */ (data));
    this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }
  /** @param {number} value */ u8(value) { return this.put(Buffer.from([value & 255])); }
  /** @param {...number} values */ u16(...values) {
    for (const value of values) { const b = Buffer.alloc(2); b.writeUInt16LE(value & 0xffff); this.put(b); }
    return this;
  }
  /** @param {...number} values */ u32(...values) {
    for (const value of values) { const b = Buffer.alloc(4); b.writeUInt32LE(value >>> 0); this.put(b); }
    return this;
  }
  /** @param {...number} values */ u64(...values) {
    for (const value of values) { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); this.put(b); }
    return this;
  }
  /** @param {number} to */ pad(to) { return this.put(Buffer.alloc(Math.max(0, to - this.length))); }
  /** @param {string} text @param {number} size */ name(text, size) { const b = Buffer.alloc(size); b.write(text); return this.put(b); }
  done() { return Buffer.concat(this.parts); }
}

const ALIGN = 0x200;
const PAGE = 0x1000;

/**
 * A PE with imports and exports; with `dotnet` a managed one.
 * @param {Dice} d @param {{wide?: boolean, dotnet?: boolean}} kind
 */
export function pe(d, { wide = false, dotnet = false } = {}) {
  const data = importsAndExports(d, PAGE);
  const code = dotnet ? managed(d, 2 * PAGE) : { bytes: d.bytes(ALIGN * (1 + d.below(20))), entry: 0 };
  const body = [
    { name: ".rdata", bytes: data.bytes, at: PAGE },
    { name: dotnet ? ".text" : d.pick([".text", "UPX0", ".code"]), bytes: code.bytes, at: 2 * PAGE },
    ...Array.from({ length: d.below(4) }, (_, n) => ({ name: `.${d.pick(WORDS).slice(0, 6)}`, bytes: Buffer.concat([Buffer.from(text(d, 40)), d.bytes(d.below(3000))]), at: 0x40000 + n * 0x10000 })),
  ];
  const w = new Writer().put("MZ").pad(0x3c).u32(0x80).put("This program cannot be run in DOS mode.\r\r\n$").pad(0x80).put("PE\0\0");
  w.u16(wide ? 0x8664 : 0x14c, body.length).u32(1_500_000_000 + d.below(200_000_000), 0, 0).u16(wide ? 0xf0 : 0xe0, wide ? 0x22 : 0x102 | (d.below(2) ? 0x2000 : 0));
  w.u16(wide ? 0x20b : 0x10b).u8(d.below(15)).u8(d.below(50)).u32(code.bytes.length, 0, 0, 2 * PAGE, 2 * PAGE);
  if (wide) w.u64(0x140000000); else w.u32(PAGE, 0x400000);
  w.u32(PAGE, ALIGN).u16(6, 0, 1, 2, 6, 0).u32(0, 0x100000, ALIGN * 2, d.below(1 << 30)).u16(d.pick([2, 3]), d.below(0x8000));
  if (wide) w.u64(0x100000, 0x1000, 0x100000, 0x1000); else w.u32(0x100000, 0x1000, 0x100000, 0x1000);
  w.u32(0, 16);
  for (let n = 0; n < 16; n++) {
    if (n === 0) w.u32(...data.exports);
    else if (n === 1) w.u32(...data.imports);
    else if (n === 14 && dotnet) w.u32(2 * PAGE, 72);
    else w.u32(0, 0);
  }
  let raw = ALIGN * 2;
  for (const { name, bytes, at } of body) {
    const size = Math.ceil(bytes.length / ALIGN) * ALIGN;
    w.name(name, 8).u32(bytes.length, at, size, raw, 0, 0, 0, name === ".rdata" ? 0x40000040 : 0x60000020);
    raw += size;
  }
  w.pad(ALIGN * 2);
  for (const { bytes } of body) w.put(bytes).pad(Math.ceil(w.length / ALIGN) * ALIGN);
  return w.put(d.below(3) ? "" : d.bytes(d.below(2000))).done();
}

/** The import and export tables of one section. @param {Dice} d @param {number} base where it is loaded */
function importsAndExports(d, base) {
  const libraries = LIBRARIES.slice(0, 1 + d.below(LIBRARIES.length)).map((name) => ({ name, functions: FUNCTIONS.filter(() => d.below(3) === 0).concat("ExitProcess") }));
  const out = Buffer.alloc(0x1000);
  let end = (libraries.length + 1) * 20;
  const take = (/** @type {number} */ size) => (end += size) - size;
  const string = (/** @type {string} */ value, lead = 0) => {
    const at = take(value.length + 1 + lead);
    out.write(value, at + lead);
    return at;
  };
  libraries.forEach(({ name, functions }, n) => {
    const names = functions.map((it) => string(it, 2));
    const [first, second] = [take((names.length + 1) * 8), take((names.length + 1) * 8)];
    // Both widths read these: an entry of 8 bytes whose upper half is zero would end a list of 4-byte ones,
    // which then has one function.
    names.forEach((at, k) => { for (const list of [first, second]) out.writeUInt32LE(base + at, list + 8 * k); });
    [base + first, 0, 0, base + string(name), base + second].forEach((value, k) => out.writeUInt32LE(value, n * 20 + 4 * k));
  });
  const imports = [base, (libraries.length + 1) * 20];
  const exported = WORDS.slice(0, d.below(6)).map((word) => `Run_${word}`);
  const directory = take(40);
  const [addresses, names, ordinals] = [take(exported.length * 4), take(exported.length * 4), take(exported.length * 2)];
  exported.forEach((name, k) => {
    out.writeUInt32LE(0x2000 + 16 * k, addresses + 4 * k);
    out.writeUInt32LE(base + string(name), names + 4 * k);
    out.writeUInt16LE(k, ordinals + 2 * k);
  });
  [0, 1_600_000_000, 0, base + string(`${d.pick(WORDS)}.dll`), 1, exported.length, exported.length, base + addresses, base + names, base + ordinals].forEach((value, k) => out.writeUInt32LE(value, directory + 4 * k));
  return { bytes: out.subarray(0, Math.ceil(end / 16) * 16), imports, exports: exported.length ? [base + directory, end - directory] : [0, 0] };
}

/** A CLI header with metadata: one module, one assembly, a few user strings. @param {Dice} d @param {number} base */
function managed(d, base) {
  const strings = new Writer().u8(0);
  const name = (/** @type {string} */ value) => { const at = strings.length; strings.put(value).u8(0); return at; };
  const [module, assembly, type, space] = [name(`${d.pick(WORDS)}.exe`), name(d.pick(WORDS)), name(`Class${d.below(99)}`), name(d.pick(WORDS))];
  const user = new Writer().u8(0);
  for (let n = 0; n < 3; n++) { const value = Buffer.from(d.pick(WORDS), "utf16le"); user.u8(value.length + 1).put(value).u8(0); }
  // #~: Module, TypeRef, TypeDef, Assembly, one row each; all heaps are small.
  const tables = new Writer().u32(0).u8(2).u8(0).u8(0).u8(1);
  tables.u64(2 ** 0 + 2 ** 1 + 2 ** 2 + 2 ** 32, 0).u32(1, 1, 1, 1);
  tables.u16(0, module, 1, 0, 0).u16(2, type, space).u32(0x100001).u16(type, space, 0, 1, 1);
  tables.u32(0x8004).u16(1 + d.below(9), d.below(9), d.below(99), 0).u32(0).u16(0, assembly, 0);
  /** @type {[string, Buffer][]} */
  const streams = [["#~", tables.done()], ["#Strings", strings.done()], ["#US", user.done()], ["#GUID", d.bytes(16)], ["#Blob", Buffer.from([0, 0, 0, 0])]];
  const four = (/** @type {number} */ at) => Math.ceil(at / 4) * 4;
  const root = new Writer().put("BSJB").u16(1, 1).u32(0, 12).name("v4.0.30319", 12).u16(0, streams.length);
  let at = root.length + streams.reduce((sum, [key]) => sum + 8 + four(key.length + 1), 0);
  for (const [key, bytes] of streams) { root.u32(at, bytes.length).name(key, four(key.length + 1)); at += four(bytes.length); }
  for (const [, bytes] of streams) root.put(bytes).pad(four(root.length));
  const w = new Writer().u32(72).u16(2, 5).u32(base + 72, root.length, 1, 0x06000001).pad(72).put(root.done());
  return { bytes: w.done(), entry: 0 };
}

/** @param {Dice} d */
export function elf(d) {
  const sections = ["", ".text", ".data", ".shstrtab", ...WORDS.slice(0, d.below(6)).map((word) => `.${word}`)];
  const table = Buffer.from(`${sections.join("\0")}\0`);
  const body = sections.map((name, n) => (n === 0 ? Buffer.alloc(0) : name === ".shstrtab" ? table : Buffer.concat([Buffer.from(text(d, 20)), d.bytes(16 + d.below(2000))])));
  const w = new Writer().put("\x7fELF").u8(2).u8(1).u8(1).u8(d.pick([0, 3])).u64(0).u16(d.pick([2, 3]), d.pick([62, 183])).u32(1);
  const begin = 64 + 56;
  const end = begin + body.reduce((sum, bytes) => sum + bytes.length, 0);
  w.u64(0x401000 + d.below(4096), 64, end).u32(0).u16(64, 56, 1, 64, sections.length, 3);
  w.u32(1, 5).u64(0, 0x400000, 0x400000, end, end, 0x1000);
  let at = begin;
  const headers = new Writer();
  let offset = 0;
  sections.forEach((name, n) => {
    headers.u32(offset, n === 0 ? 0 : name === ".shstrtab" ? 3 : 1).u64(n % 3 === 1 ? 6 : 2, n ? 0x400000 + at : 0, at, body[n]?.length ?? 0).u32(0, 0).u64(16, 0);
    at += body[n]?.length ?? 0;
    offset += name.length + 1;
  });
  return w.put(Buffer.concat(body)).put(headers.done()).done();
}

/** @param {Dice} d */
export function macho(d) {
  const commands = new Writer();
  const segments = ["__TEXT", "__DATA", `__${d.pick(WORDS).toUpperCase()}`];
  for (const segment of segments) {
    commands.u32(0x19, 72 + 80).name(segment, 16).u64(0x100000000, 0x4000, 0, 0x4000).u32(7, 5, 1, 0);
    commands.name(`__${d.pick(WORDS)}`, 16).name(segment, 16).u64(0x100001000, 0x100).u32(0x1000, 4, 0, 0, 0, 0, 0, 0);
  }
  const library = `/usr/lib/lib${d.pick(WORDS)}.dylib`;
  const size = Math.ceil((24 + library.length + 1) / 8) * 8;
  commands.u32(0xc, size, 24, 2, 0x10000, 0x10000).name(library, size - 24);
  commands.u32(0x1b, 24).put(d.bytes(16));
  commands.u32(0x80000028, 24).u64(0x1000 + d.below(4096), 0);
  return new Writer()
    .u32(0xfeedfacf, d.pick([0x01000007, 0x0100000c]), 3, d.pick([2, 6]), segments.length + 3, commands.length, 0x85, 0)
    .put(commands.done()).put(text(d, 100)).put(d.bytes(1000 + d.below(4000))).done();
}

/** @param {Dice} d */
export function lnk(d) {
  const w = new Writer().u32(0x4c).put(Buffer.from("0114020000000000c000000000000046", "hex")).u32(0x80 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40, 0x20);
  w.u64(132_000_000_000_000_000, 132_000_000_000_000_000, 132_000_000_000_000_000).u32(d.below(100_000), d.below(5), d.pick([1, 3, 7])).u16(0, 0).u32(0, 0);
  for (const value of [text(d, 3), `..\\${d.pick(WORDS)}.exe`, `C:\\${d.pick(WORDS)}`, `-${d.pick(WORDS)} ${d.pick(WORDS)}`, "C:\\icon.ico"]) w.u16(value.length).put(Buffer.from(value, "utf16le"));
  return w.u32(0).put(d.bytes(d.below(500))).done();
}

/** @param {Dice} d */
export function dex(d) {
  const names = [...new Set([`L${d.pick(WORDS)}/${d.pick(WORDS)};`, "V", `on${d.pick(WORDS)}`, d.pick(WORDS), "()V"])].sort();
  const header = 0x70;
  const ids = header;
  const types = ids + 4 * names.length;
  const data = types + 4;
  const strings = new Writer();
  const places = names.map((name) => { const at = data + strings.length; strings.u8(name.length).put(name).u8(0); return at; });
  const size = data + strings.length + 12;
  const w = new Writer().put("dex\n").put(`03${d.pick(["5", "7", "8", "9"])}\0`).u32(d.below(1 << 30)).put(d.bytes(20)).u32(size, header, 0x12345678, 0, 0, 0, names.length, ids, 1, types, 0, 0, 0, 0, 0, 0, 0, 0, size - data, data);
  return w.u32(...places).u32(0).put(strings.done()).pad(size).done();
}

/** @param {Dice} d @param {number} words */
export function text(d, words) {
  return Array.from({ length: words }, () => (d.below(12) === 0 ? `${d.pick(WORDS)}-${d.below(1000)}` : d.pick(WORDS))).join(" ");
}

/** @param {Dice} d */
function script(d) {
  const lines = Array.from({ length: 20 + d.below(400) }, () => {
    const word = d.pick(WORDS);
    return d.pick([
      `$${word} = "${text(d, 4)}"`,
      `powershell -enc ${Buffer.from(text(d, 3), "utf16le").toString("base64")}`,
      `http://${word}.example/${d.pick(WORDS)}?id=${d.below(100000)}`,
      `<script>document.${word}("${text(d, 2)}")</script>`,
      `${d.below(256)}.${d.below(256)}.${d.below(256)}.${d.below(256)}`,
    ]);
  });
  return Buffer.from(lines.join("\n"));
}

/** Kinds of files, in the order they take turns. @type {[string, (d: Dice) => Buffer][]} */
const KINDS = [
  ["pe32", (d) => pe(d)],
  ["pe64", (d) => pe(d, { wide: true })],
  ["dotnet", (d) => pe(d, { dotnet: true })],
  ["elf", elf],
  ["macho", macho],
  ["lnk", lnk],
  ["dex", dex],
  ["text", (d) => Buffer.from(text(d, 50 + d.below(2000)))],
  ["script", script],
  ["random", (d) => d.bytes(100 + d.below(30_000))],
  // Cut anywhere: what a parser meets in a broken download.
  ["cut", (d) => { const whole = d.pick(KINDS.slice(0, 7))[1](d); return whole.subarray(0, d.below(whole.length)); }],
  ["mixed", (d) => Buffer.concat([d.bytes(d.below(4000)), pe(d), Buffer.from(text(d, 100)), elf(d)])],
];

/** So many bytes of words that no rule looks for, as most of what is in a file. @param {Dice} d @param {number} size */
function prose(d, size) {
  const syllables = ["ka", "to", "mi", "re", "su", "lon", "ber", "ti", "qua", "den", "fo", "ris"];
  const words = [];
  for (let length = 0; length < size; ) {
    const word = Array.from({ length: 1 + d.below(4) }, () => d.pick(syllables)).join("");
    words.push(word);
    length += word.length + 1;
  }
  return Buffer.from(words.join(" "));
}

/**
 * @param {number} count @param {number} [seed] @param {number} [more] bytes that each gets on top, for measuring
 * @returns {{name: string, bytes: Buffer<ArrayBuffer>}[]}
 */
export function files(count, seed = 1, more = 0) {
  return Array.from({ length: count }, (_, n) => {
    const d = dice(seed * 7919 + n);
    const [kind, make] = /** @type {[string, (d: Dice) => Buffer]} */ (KINDS[n % KINDS.length]);
    const bytes = /** @type {Buffer<ArrayBuffer>} */ (make(d));
    return { name: `${String(n).padStart(4, "0")}-${kind}`, bytes: more ? Buffer.concat([bytes, d.below(2) ? prose(d, more) : d.bytes(more)]) : bytes };
  });
}

/** Numbers that a JavaScript number would round. */
const LARGE = ["9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775807", "4611686018427387905"];

/** What a rule may say: strings and a condition. @type {((d: Dice) => [string, string])[]} */
const SHAPES = [
  (d) => [`$a = "${d.pick(WORDS)}"`, "$a"],
  (d) => [`$a = "${d.pick(WORDS).toUpperCase()}" nocase fullword`, `#a > ${d.below(9)}`],
  (d) => [`$a = "${d.pick(WORDS)}" wide ascii`, "$a"],
  (d) => [`$a = "${d.pick(WORDS)} ${d.pick(WORDS)}" base64`, "$a"],
  (d) => [`$a = "${d.pick(WORDS)}" xor(1-9)`, "$a"],
  (d) => [`$a = /${d.pick(WORDS)}-[0-9]{1,3}/`, "$a"],
  (d) => [`$a = /https?:\\/\\/${d.pick(WORDS)}\\.example\\/[a-z]{3,9}\\?id=\\d+/`, "$a"],
  (d) => [`$a = { 4D 5A [${d.below(4)}-${60 + d.below(100)}] 50 45 00 00 }`, "$a at 0 or @a > 16"],
  (d) => [`$a = { ${d.bytes(2).toString("hex")} ?? ${d.bytes(1).toString("hex")} }`, "$a"],
  (d) => [`$a = "${d.pick(WORDS)}" $b = "${d.pick(WORDS)}x" $c = "${d.pick(FUNCTIONS)}"`, `${1 + d.below(2)} of them`],
  (d) => [`$a = "${d.pick(WORDS)}"`, `for any i in (1..#a) : (@a[i] > ${d.below(5000)} and @a[i] < 20000)`],
  (d) => [`$a = "${d.pick(WORDS)}" $b = "${d.pick(WORDS)}"`, "for all of them : (# > 1)"],
  () => ["", "uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550"],
  (d) => ["", `filesize > ${d.below(20_000)} and uint32be(0) == 0x7f454c46`],
  (d) => ["", `pe.is_pe and pe.number_of_sections == ${2 + d.below(4)}`],
  (d) => ["", `pe.imports("${d.pick(LIBRARIES)}", "${d.pick(FUNCTIONS)}")`],
  (d) => ["", `pe.exports("Run_${d.pick(WORDS)}")`],
  (d) => ["", `pe.timestamp > ${1_500_000_000 + d.below(200_000_000)}`],
  (d) => ["", `for any s in pe.sections : (s.name == ".${d.pick(WORDS).slice(0, 6)}" and s.raw_data_size > ${d.below(1000)})`],
  () => ["", 'pe.imphash() != "" and pe.machine == pe.MACHINE_AMD64'],
  (d) => ["", `pe.checksum > ${d.below(1 << 30)} and pe.subsystem == ${d.pick([2, 3])}`],
  () => ["", "dotnet.is_dotnet and dotnet.number_of_streams >= 5"],
  (d) => ["", `dotnet.version == "v4.0.30319" and for any s in dotnet.streams : (s.name == "${d.pick(["#US", "#Blob", "#GUID"])}" and s.size > ${d.below(40)})`],
  (d) => ["", `dotnet.module_name == "${d.pick(WORDS)}.exe"`],
  (d) => ["", `dotnet.assembly.version.major > ${d.below(9)}`],
  (d) => ["", `elf.type == elf.ET_${d.pick(["EXEC", "DYN"])} and elf.number_of_sections > ${4 + d.below(5)}`],
  (d) => ["", `for any s in elf.sections : (s.name == ".${d.pick(WORDS)}")`],
  (d) => ["", `elf.entry_point > ${d.below(5000)} and elf.machine == elf.EM_${d.pick(["X86_64", "AARCH64"])}`],
  (d) => ["", `macho.number_of_segments == 3 and for any s in macho.segments : (s.segname == "__${d.pick(WORDS).toUpperCase()}")`],
  (d) => ["", `macho.cputype == macho.CPU_TYPE_${d.pick(["X86_64", "ARM64"])}`],
  (d) => ["", `lnk.is_lnk and lnk.relative_path icontains "${d.pick(WORDS)}"`],
  (d) => ["", `lnk.file_size > ${d.below(100_000)} and lnk.creation_time > ${1_500_000_000 + d.below(200_000_000)}`],
  (d) => ["", `dex.is_dex and dex.contains_string("${d.pick(WORDS)}")`],
  (d) => ["", `dex.header.data_size > ${80 + d.below(40)}`],
  (d) => ["", `math.entropy(0, filesize) > ${d.below(8)}.${d.below(10)}`],
  (d) => ["", `math.mean(0, ${16 + d.below(1000)}) > ${40 + d.below(90)}.5`],
  (d) => ["", `hash.md5(0, ${1 + d.below(64)}) startswith "${d.below(16).toString(16)}"`],
  (d) => ["", `hash.crc32(0, filesize) > ${d.below(0x7fffffff)}`],
  // Numbers that go to the host and back, above 2^53.
  (d) => ["", `math.max(9007199254740993, 9007199254740992) == 9007199254740993 and filesize % ${2 + d.below(9)} == 0`],
  (d) => ["", `string.to_int("${d.pick(LARGE)}") == ${d.pick(LARGE)} or filesize % ${2 + d.below(5)} == 0`],
  (d) => ["", `math.abs(-9007199254740993) == 9007199254740993 and uint8(0) % ${2 + d.below(5)} == 0`],
  (d) => ["", `math.in_range(math.entropy(0, 256), 0.0, ${d.below(8)}.${d.below(10)}) and string.length("${d.pick(WORDS)}") > ${d.below(9)}`],
];

/**
 * One text with so many rules.
 * @param {number} count @param {number} [seed] @param {(source: [string, string]) => boolean} [fits] takes only some
 */
export function rules(count, seed = 1, fits = () => true) {
  const modules = ["pe", "dotnet", "elf", "macho", "lnk", "dex", "math", "hash", "string"];
  const out = modules.map((name) => `import "${name}"`);
  for (let n = 0, made = 0; made < count; n++) {
    const d = dice(seed * 104729 + n);
    const source = /** @type {(d: Dice) => [string, string]} */ (SHAPES[n % SHAPES.length])(d);
    if (!fits(source)) continue;
    const [strings, condition] = source;
    out.push(`rule made_${made} : ${d.pick(WORDS)} t${made % 7} {
  meta:
    author = "Quorum's tests"
    license = "Apache-2.0"
    large = ${LARGE[n % LARGE.length]}
    small = ${d.below(1000)}
    yes = ${d.below(2) ? "true" : "false"}
    share = ${d.below(100)}.25
${strings ? `  strings:\n    ${strings.replaceAll(" $", "\n    $")}\n` : ""}  condition:
    ${condition}
}`);
    made += 1;
  }
  return out.join("\n");
}

/** As `rules`, of those alone that look for patterns: no module reads the files. @param {number} count @param {number} [seed] */
export function patterns(count, seed = 1) {
  const fits = (/** @type {[string, string]} */ [strings, condition]) => strings !== "" && !/\b(pe|dotnet|elf|macho|lnk|dex|math|hash|string)\./.test(condition);
  return rules(count, seed, fits).replace(/^import .*\n/gm, "");
}

/** The same rules, but none matches any of the made files: each looks for one thing more that no file has. @param {string} text */
export function withoutMatches(text) {
  return text.replace(/(\n {2}condition:\n {4})(.*)\n/g, "$1($2) and uint32(0) == 0x51554f52\n");
}

/**
 * The same rules as the collections write them that are about programs: each looks at the file's first bytes and its
 * size before it looks for anything. @param {string} text
 */
export function headed(text) {
  return text.replace(/(\n {2}condition:\n {4})(.*)\n/g, "$1uint16(0) == 0x5A4D and filesize < 900KB and ($2)\n");
}
