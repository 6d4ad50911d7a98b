// Chance that can be had again: a test that fails says its seed.

/**
 * Numbers below 1, by the generator "mulberry32" of Tommy Ettinger.
 * @param {number} seed
 * @returns {() => number}
 */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A list in another order.
 * @template T
 * @param {T[]} list
 * @param {() => number} next
 * @returns {T[]}
 */
export function shuffled(list, next) {
  return list.map((item) => ({ item, by: next() })).sort((a, b) => a.by - b.by).map(({ item }) => item);
}
