// Searches a profile folder, as bytes, for a text that must not be there.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * @param {string} folder
 * @param {string} secret
 * @returns {string[]} the files that hold it: as text, as UTF-16, or a half of it, as a compressed file may have it
 */
export function holding(folder, secret) {
  const half = secret.length >> 1;
  const needles = [secret.slice(0, half), secret.slice(half)].flatMap((part) => [Buffer.from(part), Buffer.from(part, "utf16le")]);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => {
      const bytes = readFileSync(file);
      return needles.some((needle) => bytes.includes(needle));
    });
}
