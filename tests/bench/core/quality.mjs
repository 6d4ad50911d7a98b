// Precision and recall on the labelled texts, for the kinds that all readers know. A host that stands in a
// labelled address is nobody's mistake: some readers list it, some do not.

import { labelled } from "../texts.mjs";

const KINDS = ["url", "domain", "ipv4", "ipv6", "md5", "sha1", "sha256", "sha512", "email", "cve"];

/** @param {string} kind @param {string} value */
function same(kind, value) {
  const text = value.trim().toLowerCase();
  return `${kind} ${kind === "url" ? text.replace(/#.*/, "").replace(/\/$/, "") : text}`;
}

/**
 * @param {(text: string) => [string, string][]} read `[kind, value]` of everything in a text
 * @returns {{precision: number, recall: number, found: number, labels: number}}
 */
export function quality(read) {
  let [right, wrong, labels] = [0, 0, 0];
  for (const { text, labels: all } of labelled()) {
    const expected = new Set(all.filter(({ kind }) => KINDS.includes(kind)).map(({ kind, value }) => same(kind, value)));
    const inside = all.filter(({ kind }) => kind === "url" || kind === "email" || kind === "cidr").map(({ value }) => value.toLowerCase());
    const found = new Set(read(text).filter(([kind]) => KINDS.includes(kind)).map(([kind, value]) => same(kind, value)));
    labels += expected.size;
    for (const one of found) {
      if (expected.has(one)) right++;
      else if (!inside.some((value) => value.includes(one.slice(one.indexOf(" ") + 1)))) wrong++;
    }
  }
  return { precision: right / Math.max(1, right + wrong), recall: right / labels, found: right + wrong, labels };
}

/** The names of ioc-extractor's fields. */
const FIELDS = { urls: "url", domains: "domain", ipv4s: "ipv4", ipv6s: "ipv6", md5s: "md5", sha1s: "sha1", sha256s: "sha256", sha512s: "sha512", emails: "email", cves: "cve" };

/** @param {any} quorum @param {any} iocExtractor @returns {Record<string, (text: string) => [string, string][]>} */
export function readers(quorum, iocExtractor) {
  return {
    "@quorum/core": (text) => quorum.extract(text).map((/** @type {any} */ { kind, value }) => [kind, value]),
    "ioc-extractor": (text) => {
      const found = iocExtractor.extractIOC(text);
      return Object.entries(FIELDS).flatMap(([field, kind]) => (found[field] ?? []).map((/** @type {string} */ value) => /** @type {[string, string]} */ ([kind, value])));
    },
  };
}
