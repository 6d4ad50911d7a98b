// Makes hits of what WebAssembly writes in one piece: calls out of it, one for each object and each of its
// properties, took longer than finding the hits. `Flat` in src/lib.rs says what stands in `numbers`.

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
