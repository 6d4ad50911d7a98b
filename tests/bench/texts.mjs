// The labelled texts of `texts/`, and long texts made of them. The bulk is made by a generator with a
// fixed seed, so that every run and every library sees the same bytes.

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("texts/", import.meta.url));
const LABEL = /⟦([a-z0-9_]+)\|([^|⟧]*)(?:\|([^⟧]*))?⟧/g;

/** @typedef {{kind: string, value: string}} Label */
/** @typedef {{name: string, text: string, labels: Label[]}} Labelled */

/** @returns {Labelled[]} */
export function labelled() {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => {
      const source = readFileSync(FOLDER + name, "utf8");
      const labels = [...source.matchAll(LABEL)].map(([, kind, value]) => ({ kind: /** @type {string} */ (kind), value: /** @type {string} */ (value) }));
      return { name, text: source.replace(LABEL, (_, __, value, written) => written ?? value), labels };
    });
}

/** A generator of numbers that is the same everywhere (xorshift32). @param {number} seed */
function random(seed) {
  let state = seed;
  return (/** @type {number} */ below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const SYLLABLES = "an be co da el fi go ha in jo ka le mi no or pa qua re so ta un ve wi xe ya zo".split(" ");
const ENDINGS = ["", "", "", "", "", "", "", ",", ",", ".", ".", ";", ":", "?", " (so it is said)", " - or"];

/** Prose of about so many bytes: words of no meaning with the punctuation, names and numbers of a text. @param {number} size */
export function prose(size) {
  const next = random(2463534242);
  const words = [];
  let length = 0;
  while (length < size) {
    let word = "";
    for (let n = 1 + next(4); n > 0; n--) word += SYLLABLES[next(SYLLABLES.length)];
    const what = next(60);
    if (what === 0) word = `${next(40)}.${next(100)}`;
    if (what === 1) word = word[0]?.toUpperCase() + word.slice(1);
    if (what === 2) word = `${1900 + next(130)}`;
    if (what === 3) word = ["e.g.", "i.e.", "node.js", "and/or", "it's", "5:30", "Mr.", "readme.md", "naïve", "“so”"][next(10)] ?? "";
    word += ENDINGS[next(ENDINGS.length)] + (next(90) === 0 ? "\n\n" : " ");
    words.push(word);
    length += word.length;
  }
  return words.join("").slice(0, size);
}

/** Text of about so many bytes, a tenth of them observables in the spellings that are seen. @param {number} size */
export function mixed(size) {
  const next = random(88172645);
  const hex = (/** @type {number} */ digits) => Array.from({ length: digits }, () => next(16).toString(16)).join("");
  const name = () => `${SYLLABLES[next(26)]}${SYLLABLES[next(26)]}${next(1000)}`;
  const host = () => `${name()}.${name()}.${["com", "net", "org", "io", "co.uk", "de"][next(6)]}`;
  const ip = () => `${11 + next(80)}.${next(256)}.${next(256)}.${1 + next(254)}`;
  const makers = [
    () => `https://${host()}/${name()}/${name()}?id=${next(100000)}`,
    () => `hxxp://${host().replaceAll(".", "[.]")}/${name()}.html`,
    () => host(),
    () => host().replaceAll(".", "[.]"),
    ip,
    () => ip().replaceAll(".", "[.]"),
    () => `${name()}@${host()}`,
    () => hex(32),
    () => hex(40),
    () => hex(64),
    () => `CVE-${2000 + next(27)}-${1000 + next(90000)}`,
  ];
  const filler = prose(size);
  const parts = [];
  let [at, length, found] = [0, 0, 0];
  while (length < size) {
    if (found * 10 < length) {
      const value = /** @type {() => string} */ (makers[next(makers.length)])();
      parts.push(value, next(8) === 0 ? ".\n" : " ");
      found += value.length;
      length += value.length + 1;
    } else {
      const space = filler.indexOf(" ", at + 40 + next(200));
      const piece = filler.slice(at, space < 0 ? filler.length : space + 1);
      at = space < 0 ? 0 : space + 1;
      parts.push(piece);
      length += piece.length;
    }
  }
  return parts.join("").slice(0, size);
}

/** Texts that make a careless reader go over them again and again. @param {number} size @returns {[string, string][]} */
export function hostile(size) {
  return ["a.a.a.", "http://", "[.]", "@", "(", "a@", ":", "<", "&", "\\", "/", "f", "1.", "hxxp", "[dot]", "xn--"].map((piece) => [piece, piece.repeat(Math.ceil(size / piece.length)).slice(0, size)]);
}
