// What is timed, in node and in Chromium alike: our package beside its peers, interleaved, so that a machine
// that slows down slows both. Medians are compared.

/**
 * @typedef {object} Row
 * @property {string} where node, chromium or native
 * @property {string} name
 * @property {string} peer
 * @property {number} ratio how many times faster we are
 * @property {number} ours MB/s
 * @property {number} theirs MB/s
 * @property {number} [goal] the least ratio; rows without are shown for comparison
 */

/** @param {number[]} values */
export const median = (values) => /** @type {number} */ ([...values].sort((a, b) => a - b)[values.length >> 1]);

/**
 * The medians of both, in milliseconds a run. `often` is how many times ours runs in a round: about as long as the
 * peer's one run, so that whatever else the machine does interrupts both alike.
 * @param {() => unknown} ours @param {() => unknown} theirs @param {number} rounds @param {number} [often]
 */
async function race(ours, theirs, rounds, often = 1) {
  const times = { ours: /** @type {number[]} */ ([]), theirs: /** @type {number[]} */ ([]) };
  for (let round = 0; round < rounds; round++) {
    for (const [name, run, count] of /** @type {const} */ ([["ours", ours, often], ["theirs", theirs, 1]])) {
      const start = performance.now();
      for (let n = 0; n < count; n++) await run();
      times[name].push((performance.now() - start) / count);
    }
  }
  return { ours: median(times.ours), theirs: median(times.theirs) };
}

const CHUNK = 64 * 1024;

/** @param {Uint8Array} bytes @param {(chunk: Uint8Array) => void} take */
function feed(bytes, take) {
  for (let at = 0; at < bytes.length; at += CHUNK) take(bytes.subarray(at, at + CHUNK));
}

/** @param {ArrayLike<number>} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * @param {string} where
 * @param {{quorum: any, hashWasm: any, noble: any, iocExtractor: any, texts: Record<string, string>}} libraries
 * @returns {Promise<Row[]>}
 */
export async function measure(where, { quorum, hashWasm, noble, iocExtractor, texts }) {
  /** @type {Row[]} */
  const rows = [];
  const [md5, sha1, sha256] = [await hashWasm.createMD5(), await hashWasm.createSHA1(), await hashWasm.createSHA256()];

  for (const [label, size] of /** @type {[string, number][]} */ ([["1 MB", 1 << 20], ["32 MB", 32 << 20]])) {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at++) bytes[at] = (at * 2654435761) >>> 13;
    const repeat = Math.max(1, (16 << 20) / size);
    const speed = (/** @type {number} */ ms) => (size * repeat) / 1e3 / ms;
    /** @param {string} name @param {string} peer @param {() => string | Promise<string>} ours @param {() => string | Promise<string>} theirs @param {number} [goal] */
    const compare = async (name, peer, ours, theirs, goal) => {
      const [a, b] = [await ours(), await theirs()];
      if (a !== b) throw new Error(`${name}: ${a} is not ${peer}'s ${b}`);
      const times = (/** @type {() => unknown} */ run) => async () => { for (let n = 0; n < repeat; n++) await run(); };
      const ms = await race(times(ours), times(theirs), 7);
      rows.push({ where, name: `${name}, ${label}`, peer, ratio: ms.theirs / ms.ours, ours: speed(ms.ours), theirs: speed(ms.theirs), ...(goal ? { goal } : {}) });
    };
    const one = () => {
      const hasher = new quorum.Sha256();
      feed(bytes, (chunk) => hasher.update(chunk));
      const digest = hex(hasher.digest());
      hasher.free();
      return digest;
    };
    const wasm = (/** @type {any} */ hasher) => {
      hasher.init();
      feed(bytes, (chunk) => hasher.update(chunk));
      return hasher.digest("hex");
    };
    await compare("SHA-256", "hash-wasm", one, () => wasm(sha256), 1.15);
    await compare("SHA-256", "@noble/hashes", one, () => {
      const hasher = noble.sha256.create();
      feed(bytes, (chunk) => hasher.update(chunk));
      return hex(hasher.digest());
    }, 1.15);
    await compare("SHA-256", "WebCrypto, whole buffer", one, async () => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))));
    await compare("MD5 + SHA-1 + SHA-256", "hash-wasm, three passes", () => {
      const hasher = new quorum.Hasher();
      feed(bytes, (chunk) => hasher.update(chunk));
      const digests = hasher.digests();
      hasher.free();
      return [digests.md5, digests.sha1, digests.sha256].join();
    }, () => [md5, sha1, sha256].map(wasm).join(), 1.1);
  }

  const goals = /** @type {Record<string, number>} */ ({ prose: 20, mixed: 10 });
  for (const [name, text] of Object.entries(texts)) {
    const goal = goals[name.split(" ")[0] ?? ""];
    const speed = (/** @type {number} */ ms) => text.length / 1e3 / ms;
    // The peer takes seconds for a long text: fewer rounds.
    const ms = await race(() => quorum.extract(text), () => iocExtractor.extractIOC(text), text.length > 4e6 ? 3 : 7, goal);
    rows.push({ where, name: `extract, ${name}`, peer: "ioc-extractor", ratio: ms.theirs / ms.ours, ours: speed(ms.ours), theirs: speed(ms.theirs), ...(goal ? { goal } : {}) });
  }
  return rows;
}

/**
 * @typedef {object} Bound something that is to be at most so much
 * @property {string} where
 * @property {string} name
 * @property {number} value
 * @property {number} [most] what it may be; those without are shown
 */

/**
 * How much longer than prose hostile texts take us, and ten times the text than once: all by turns.
 * @param {string} where @param {any} quorum @param {Record<string, string>} texts
 * @param {[string, string][]} hostile
 * @returns {Bound[]}
 */
export function linearity(where, quorum, texts, hostile) {
  const all = new Map([...Object.entries(texts), ...hostile]);
  const times = new Map([...all.keys()].map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < 7; round++) {
    for (const [name, text] of all) {
      const start = performance.now();
      quorum.extract(text);
      times.get(name)?.push(performance.now() - start);
    }
  }
  const time = (/** @type {string} */ name) => median(times.get(name) ?? []);
  return [
    ...["prose", "mixed"].map((kind) => ({ where, name: `${kind}: 10 MB to 1 MB`, value: time(`${kind} 10 MB`) / time(`${kind} 1 MB`), most: 11 })),
    ...hostile.map(([piece]) => ({ where, name: `1 MB of ${piece} to prose`, value: time(piece) / time("prose 1 MB"), most: 3 })),
  ];
}

/** Addresses that are asked about; `#` is a number. The last has all 30 expressions that there can be. */
const ADDRESSES = ["https://host-#.example/", "https://www.stranger-#.example/a/page.html?id=7", "https://a.b.c.d.stranger-#.example/1/2/3/4/5.html?id=7"];

/**
 * Two local lists of a million hosts: their size, and the time from an address to the answer. The one was told the
 * hosts, and knows that none of its entries has a path; the other got digests, which may be anything's.
 * @param {string} where @param {any} quorum @param {number} [entries]
 * @returns {Bound[]}
 */
export function lists(where, quorum, entries = 1_000_000) {
  const encoder = new TextEncoder();
  /** @type {[string, (builder: any, host: string) => void][]} */
  const ways = [
    ["hosts", (builder, host) => builder.addExpression(host)],
    ["digests", (builder, host) => {
      const sha256 = new quorum.Sha256();
      sha256.update(encoder.encode(host));
      builder.addDigest(sha256.digest());
      sha256.free();
    }],
  ];
  return ways.flatMap(([of, add]) => {
    const builder = new quorum.BlocklistBuilder("url", 4);
    for (let index = 0; index < entries; index++) add(builder, `host-${index}.example/`);
    const bytes = builder.build({ name: "bench", sequence: 1, createdAt: new Date(0) });
    builder.free();
    const list = quorum.Blocklist.open(bytes);
    const rows = ADDRESSES.map((form) => ({ where, name: `µs for ${form} in a list of ${of}`, value: lookup(list, form, entries), most: 2 }));
    list.free();
    return [{ where, name: `bytes an entry, ${entries} ${of}`, value: bytes.length / entries, most: 2 }, ...rows];
  });
}

/**
 * Microseconds from an address to the answer.
 * @param {any} list @param {string} form of the addresses @param {number} entries
 */
function lookup(list, form, entries) {
  // A browser tells the time in steps of 0.1 ms: a sample takes many of them.
  const [samples, sample] = [51, 1000];
  const urls = Array.from({ length: samples * sample }, (_, index) => form.replace("#", String((index * 7919) % entries)));
  const times = [];
  let found = 0;
  for (let at = 0; at < urls.length; at += sample) {
    const start = performance.now();
    for (let n = at; n < at + sample; n++) found += list.lookupUrl(urls[n]).length;
    times.push(((performance.now() - start) * 1e3) / sample);
  }
  // A prefix of four bytes meets another host's by chance now and then.
  if (form.includes("stranger") ? found > urls.length / 50 : found < urls.length) throw new Error(`${form}: ${found} found`);
  return median(times);
}
