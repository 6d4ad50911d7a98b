// The way of texts into WebAssembly, and of hits out of it in one piece: calls, one for each object and each of
// its properties, took longer than finding the hits. `Flat` in package/src/extract.rs says what stands in `numbers`.

const encoder = new TextEncoder();

/**
 * @param {string} text
 * @param {number} from
 * @param {Uint8Array} into
 * @param {Uint32Array} done how many code units were read and bytes written
 */
export function encode(text, from, into, done) {
  const { read, written } = encoder.encodeInto(from ? text.slice(from) : text, into);
  done[0] = read;
  done[1] = written;
}

/**
 * @param {string} kinds the names of the kinds, a space between
 * @param {Uint32Array} numbers
 * @param {string} strings all values and writings, end to end
 */
export function hits(kinds, numbers, strings) {
  const names = kinds.split(" ");
  let at = 0;
  let from = 0;
  const string = () => strings.slice(from, (from = numbers[at++] ?? 0));
  const list = () => {
    const found = new Array(numbers[at++]);
    for (let n = 0; n < found.length; n++) {
      const kind = names[numbers[at++] ?? 0];
      const start = numbers[at++];
      const end = numbers[at++];
      const value = string();
      // Most stand in the text as they are meant.
      const written = string() || value;
      found[n] = { kind, value, written, start, end, inside: list() };
    }
    return found;
  };
  return list();
}
