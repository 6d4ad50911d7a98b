// States of the interface, as the background would describe them: one function a thing, each with what is
// usual, so that a test says only what it is about.

/** @param {any} reply */
export const ok = (reply) => ({ ok: true, reply });
/**
 * As the core writes what has variants: the variant's name outside, `{never_seen}` alone or around what it
 * holds. Here and in the tests the name stands inside, which reads better: `{reason: "votes", malicious: 3}`.
 * @param {any} value
 * @returns {any}
 */
export function outside(value) {
  if (Array.isArray(value)) return value.map(outside);
  if (!value || typeof value !== "object") return value;
  const tag = ["problem", "reason", "upload", "of", "failure"].find((tag) => typeof value[tag] === "string");
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => key !== tag).map(([key, item]) => [key, outside(item)]));
  if (!tag) return rest;
  return Object.keys(rest).length ? { [value[tag]]: rest } : value[tag];
}

/** @param {any} problem */
export const refused = (problem) => ({ ok: false, problem: outside(problem) });
/** @param {string} failure @param {any} [more] */
export const failed = (failure, more = {}) => refused({ problem: "backend", failure: { failure, ...more } });

/**
 * What was pointed at: indicators, or each with how it was written.
 * @param {any[]} picks
 * @param {any[]} [told] of what is no web address
 */
export const pointed = (picks, told = []) => ok({ pointed: { picks: picks.map((pick) => (typeof pick === "string" ? { indicator: pick } : pick)), told } });
/** What was noticed. @param {string} what @param {string[]} texts @param {string} [severity] */
export const told = (what, texts, severity = "warning") => ({ severity, what, parts: texts.map((text) => (/^(trick|form|effect|place)_/.test(text) ? { word: text } : { text })) });

const MINUTE = 60_000;
export const HASH = "2546dcffc5ad854d4ddc64fbf056871cd5a00f2471cb7a5bfd4ac23b6e9eedad";
export const PAGE = "https://login-examp1e.com/verify";

/** @param {any} [change] */
export const state = (change = {}) => ({
  address: "https://quorum.example",
  backend: "quorum.example",
  has_key: true,
  remember: false,
  account: { name: "erin", hourly: null, daily: { allowed: 500, used: 88 }, monthly: null },
  remaining: { minute: [1, 4], daily: [88, 500] },
  downloads: true,
  all_sites: true,
  can_hold: true,
  saved_files: false,
  dry_run: false,
  policy: { keep_back: ["malicious"], skip_hosts: [], skip_endings: [], skip_above: null, send_documents: false, ask_intranet: false, recheck: true, protect: [] },
  managed: [],
  managed_bad: [],
  newer_data: false,
  ...change,
});

/** @param {any} [counts] */
export const stats = (counts = {}) => ({
  harmless: 0,
  malicious: 0,
  suspicious: 0,
  undetected: 0,
  timeout: 0,
  "confirmed-timeout": 0,
  failure: 0,
  "type-unsupported": 0,
  ...counts,
});

const FAMILIES = ["Trojan.Generic.3009", "W32.ML.Detect", "HEUR:Trojan.Win32.Agent.gen", "Mal/Generic-S", "Win.Malware.Agent"];

/** Engines that fit the numbers. @param {any} counts @returns {any[]} */
export function engines(counts) {
  /** @type {any[]} */
  const made = [];
  for (const [category, many] of Object.entries(counts)) {
    for (let at = 0; at < Number(many); at++) {
      const objects = category === "malicious" || category === "suspicious";
      made.push({
        category,
        engine_name: `Engine ${String.fromCharCode(65 + (made.length % 26))}${made.length >= 26 ? Math.floor(made.length / 26) : ""}`,
        engine_version: `${1 + (made.length % 9)}.${made.length % 7}.${made.length}`,
        engine_update: "20261120",
        method: "blacklist",
        result: objects ? FAMILIES[at % FAMILIES.length] : null,
      });
    }
  }
  return made;
}

/**
 * @param {string} verdict
 * @param {any} counts of the engines by category
 * @param {any} [change]
 */
export function view(verdict, counts, { indicator = HASH, kind = "file", name = "archiver-24.9-x64.exe", klass = null, evidence = "given", reasons = [], ...change } = {}) {
  return {
    indicator,
    kind,
    name,
    defanged: indicator.replace("http", "hxxp").replaceAll(".", "[.]"),
    assessment: { verdict, class: klass, evidence, reasons: outside(reasons), stats: stats(counts) },
    labels: [],
    engines: engines(counts),
    votes: { harmless: 0, malicious: 0 },
    facts: [],
    asked_at: Date.now() - 2 * MINUTE,
    can_submit: false,
    backend: "quorum.example",
    remaining: { minute: [1, 4], daily: [88, 500] },
    ...change,
  };
}

export const falseAlarm = () =>
  view("suspicious", { malicious: 2, undetected: 66, timeout: 1, "type-unsupported": 3 }, {
    klass: "false_alarm",
    evidence: "saved_file",
    reasons: [
      { reason: "engines_object", objecting: 2, answered: 68 },
      { reason: "generic_labels", objecting: 2 },
      { reason: "known_since", first_seen: 1732924800, times: 18204 },
    ],
    facts: [
      { type: "Windows program" },
      { size: 1_640_331 },
      { sha256: HASH },
      { sha1: "3395856ce81f2b7382dee72602f798b642f14140" },
      { md5: "44d88612fea8a8f36de82e1278abb02f" },
      { names: ["archiver-24.9-x64.exe", "setup.exe"] },
      { first_seen: 1732924800 },
      { analysed: 1795500000 },
      { times_submitted: 18204 },
      { reputation: -3 },
      { tags: ["peexe", "signed", "overlay"] },
    ],
    votes: { harmless: 11, malicious: 2 },
  });

export const phishing = () =>
  view("malicious", { malicious: 19, suspicious: 3, harmless: 55, undetected: 7, timeout: 10 }, {
    indicator: PAGE,
    kind: "url",
    name: PAGE,
    klass: "phishing",
    evidence: "address",
    reasons: [
      { reason: "engines_object", objecting: 22, answered: 84 },
      { reason: "family", label: "phishing" },
      { reason: "votes", malicious: 31, harmless: 1 },
    ],
    labels: ["phishing", "malware site", "suspicious host"],
    votes: { harmless: 1, malicious: 31 },
    facts: [{ address: PAGE }, { title: "Sign in" }, { first_seen: 1795300000 }, { categories: ["phishing", "newly registered"] }],
  });

export const clean = () =>
  view("clean", { undetected: 62, harmless: 8, timeout: 2 }, {
    name: "letter.pdf",
    reasons: [{ reason: "nobody_objects", answered: 70 }, { reason: "known_since", first_seen: 1732924800, times: 1 }],
    votes: { harmless: 40, malicious: 0 },
    facts: [{ type: "PDF document" }, { size: 48_201 }, { sha256: HASH }],
  });

export const knownGood = () =>
  view("known_good", { undetected: 72 }, {
    name: "rustup-init.exe",
    reasons: [{ reason: "known_on", list: "our releases", by: "Rust project" }, { reason: "nobody_objects", answered: 72 }],
  });

export const unknown = () =>
  view("unknown", {}, {
    indicator: "https://new-shop.example/",
    kind: "url",
    name: "https://new-shop.example/",
    evidence: "address",
    reasons: [{ reason: "never_seen" }],
    can_submit: true,
  });

export const LOOK_ALIKE = "https://paypa1.com/login";
/** Nobody has seen it, and its name imitates another. */
export const lookAlike = () =>
  view("suspicious", {}, {
    indicator: LOOK_ALIKE,
    kind: "url",
    name: LOOK_ALIKE,
    evidence: "address",
    reasons: [{ reason: "noticed", told: told("look_alike", ["paypa1.com", "paypal.com", "trick_homoglyph"]) }, { reason: "never_seen" }],
  });

/** A link of its own script, whose text names somebody else. */
export const otherText = () =>
  view("suspicious", { harmless: 70 }, {
    indicator: "https://xn--bcher-kva.example/",
    kind: "url",
    name: "https://xn--bcher-kva.example/",
    unicode: "bücher.example",
    evidence: "address",
    reasons: [{ reason: "noticed", told: told("link_text_names_other_host", ["bank.example", "bücher.example (xn--bcher-kva.example)"]) }, { reason: "nobody_objects", answered: 70 }],
  });

/** An unknown address with what is about a person. */
export const personal = () =>
  view("unknown", {}, {
    indicator: "https://shop.example/reset?lang=de&token=k3y",
    kind: "url",
    name: "https://shop.example/reset?lang=de&token=k3y",
    evidence: "address",
    reasons: [{ reason: "never_seen" }],
    can_submit: true,
    shorter: { indicator: "https://shop.example/reset?lang=de&token=REMOVED", taken: [{ what: "token", text: "k3y" }, { what: "fragment", text: "#top" }] },
  });

export const unchecked = () =>
  view("unchecked", {}, { reasons: [{ reason: "failed", failure: { failure: "unreachable" } }], evidence: "second_copy" });

/** The two engines of a fresh server of our own. */
export const small = () =>
  view("malicious", { malicious: 2 }, {
    name: "eicar.com",
    reasons: [{ reason: "engines_object", objecting: 2, answered: 2 }, { reason: "family", label: "EICAR test file" }],
    engines: [
      { category: "malicious", engine_name: "Quorum YARA", engine_version: "1.22", engine_update: "20261124", method: "blacklist", result: "eicar_test_file" },
      { category: "malicious", engine_name: "Hash list", method: "blacklist", result: "EICAR test file" },
    ],
    facts: [{ type: "Text" }, { size: 68 }, { sha256: HASH }],
    votes: { harmless: 0, malicious: 2 },
  });

/** @param {number} at @param {string} text @param {any} [change] */
export const comment = (at, text, change = {}) => ({
  id: `c-${at}`,
  date: Math.floor(Date.now() / 1000) - at * 86_400,
  text,
  tags: [...text.matchAll(/#(\w+)/g)].map((match) => match[1]),
  votes: { positive: 0, negative: 0, abuse: 0 },
  author: "analyst-7",
  ...change,
});

/** @param {any[]} items @param {string | null} [cursor] @param {number | null} [total] */
export const comments = (items, cursor = null, total = items.length) => ok({ comments: { items, cursor, total } });

let number = -1;
/** One moment for all records: they are shown in the order of their times, and here in the order in which they are given. */
const NOW = Date.now();
/**
 * @param {string} name
 * @param {any} assessment null while the check goes on
 * @param {any} [change]
 */
export const record = (name, assessment, change = {}) => ({
  id: `r-${++number}`,
  download: number,
  name,
  url: `https://files.example/${name}`,
  mime: "application/octet-stream",
  started: NOW,
  checked_at: assessment ? NOW : null,
  private: false,
  phase: assessment ? "done" : "checking",
  disposition: "released",
  assessment: assessment && { class: null, evidence: "second_copy", stats: stats(), ...assessment, reasons: outside(assessment.reasons ?? []) },
  labels: [],
  digests: { md5: "44d88612fea8a8f36de82e1278abb02f", sha1: "3395856ce81f2b7382dee72602f798b642f14140", sha256: HASH, size: 68 },
  copy_failure: null,
  landed_size: 68,
  path: null,
  upload: "no",
  open: 0,
  terms: { keep_back: ["malicious"], ask: true, send_documents: true },
  read: "second_copy",
  inspection: { told: [], type_tag: "", members: [], files: 0 },
  members_asked: 0,
  archive: null,
  copy_differs: null,
  ...outside(change),
});

/** Seven downloads, seven minutes apart. */
export const history = () => [
  record("invoice_2026-11.pdf.exe", { verdict: "malicious", reasons: [{ reason: "engines_object", objecting: 48, answered: 72 }] }, { disposition: "kept_back", labels: ["Trojan.AgentTesla"] }),
  record("setup-helper.msi", null, { disposition: "held", digests: null, landed_size: null }),
  record("quarterly.xlsx", { verdict: "unknown", reasons: [{ reason: "never_seen" }] }),
  record("rustup-init.exe", { verdict: "known_good", reasons: [{ reason: "known_on", list: "our releases", by: "Rust project" }] }),
  record("driver.zip", { verdict: "unknown", reasons: [{ reason: "never_seen" }] }, { upload: { upload: "analysing", analysis: "x", since: Date.now() } }),
  record("photo.zip", { verdict: "unchecked", reasons: [{ reason: "failed", failure: { failure: "unreachable" } }] }),
  record("from-a-blob.bin", { verdict: "unknown", evidence: "address", reasons: [{ reason: "never_seen" }, { reason: "bytes_not_read", failure: "scheme" }] }, { digests: null, copy_failure: "scheme" }),
].map((record, at) => ({ ...record, started: record.started - at * 7 * MINUTE, checked_at: record.checked_at && record.checked_at - at * 7 * MINUTE }));

/**
 * A whole scenario of the popup or a report.
 * @param {any} report a view, or an answer
 * @param {any} [answers]
 * @returns {import("./interface.mjs").Scenario}
 */
export function scenario(report, answers = {}) {
  const view = report?.assessment ? report : undefined;
  const indicator = view?.indicator ?? PAGE;
  return {
    answers: {
      state: ok({ state: state() }),
      current_page: pointed(report === null ? [] : [indicator]),
      card: pointed([indicator]),
      report: view ? ok({ report: view }) : report,
      comments: comments([
        comment(0, "Same kit as login-examp1e.net; posts to /gate.php. #phishing #examp1e", { votes: { positive: 6, negative: 0, abuse: 0 } }),
        comment(2, "Live, served from AS64500.", { author: "urlwatch" }),
      ], "next", 14),
      downloads: ok({ downloads: { records: history(), unseen: false } }),
      ...answers,
    },
  };
}
