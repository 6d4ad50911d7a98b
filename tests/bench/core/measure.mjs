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
 * How much longer than prose hostile texts take us, and ten times the text than once.
 * @param {string} where @param {any} quorum @param {Record<string, string>} texts
 * @param {[string, string][]} hostile
 */
export async function linearity(where, quorum, texts, hostile) {
  const time = (/** @type {string} */ text) => {
    const times = [];
    for (let round = 0; round < 7; round++) {
      const start = performance.now();
      quorum.extract(text);
      times.push(performance.now() - start);
    }
    return median(times);
  };
  const prose = time(texts["prose 1 MB"] ?? "");
  const rows = [];
  for (const kind of ["prose", "mixed"]) {
    const factor = time(texts[`${kind} 10 MB`] ?? "") / time(texts[`${kind} 1 MB`] ?? "");
    rows.push({ where, name: `${kind}: 10 MB to 1 MB`, factor, most: 11 });
  }
  for (const [piece, text] of hostile) rows.push({ where, name: `1 MB of ${piece} to prose`, factor: time(text) / prose, most: 3 });
  return rows;
}
