// A backup with as many reports as are wanted: that of a small server, its one analysed address told over and over
// under other names. `quorum restore` fills a store from it, as from any other.

import { createHash } from "node:crypto";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";

/** @param {string} text */
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** Puts rows into a table's file, in place of what is there. @param {string} folder @param {string} table @param {Iterable<unknown[]>} rows */
async function write(folder, table, rows) {
  const file = createWriteStream(join(folder, "tables", `${table}.jsonl`));
  const digest = createHash("sha256");
  let count = 0;
  for (const row of rows) {
    const line = `${JSON.stringify(row)}\n`;
    digest.update(line);
    count += 1;
    if (!file.write(line)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
  return { rows: count, sha256: digest.digest("hex") };
}

/**
 * Multiplies the one address of a backup, in its place.
 * @param {string} folder the backup
 * @param {number} count
 * @returns {Promise<string[]>} ids of some of the addresses, spread evenly
 */
export async function multiply(folder, count) {
  /** @param {string} table @returns {any[]} its one row */
  const only = (table) => {
    const rows = readFileSync(join(folder, "tables", `${table}.jsonl`), "utf8").trim().split("\n");
    if (rows.length !== 1) throw new Error(`${table} has ${rows.length} rows`);
    return JSON.parse(/** @type {string} */ (rows[0]));
  };
  const [item, url, analysis] = [only("item"), only("url"), only("analysis")];
  const known = item[1];
  const addresses = Array.from({ length: count }, (_, n) => `http://host-${n}.example/path`).map((address) => ({ address, id: sha256(address) }));
  // In the order of the tables' keys, as a backup has its rows.
  addresses.sort((a, b) => (a.id < b.id ? -1 : 1));
  const renamed = (/** @type {any[]} */ row, /** @type {string} */ id) => row.map((cell) => (typeof cell === "string" ? cell.replaceAll(known, id) : cell));
  const tables = {
    item: await write(folder, "item", (function* () { for (const { id } of addresses) yield renamed(item, id); })()),
    url: await write(folder, "url", (function* () { for (const { id, address } of addresses) yield [id, address, ...url.slice(2)]; })()),
    analysis: await write(folder, "analysis", (function* () {
      let seq = 0;
      for (const { id } of addresses) yield [++seq, ...renamed(analysis.slice(1), id)];
    })()),
  };
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
  Object.assign(manifest.tables, tables);
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  const step = Math.max(1, Math.floor(count / 1000));
  return addresses.filter((_, n) => n % step === 0).slice(0, 1000).map(({ id }) => id);
}
