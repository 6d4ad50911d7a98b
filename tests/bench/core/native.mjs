// Extraction natively beside Python's libraries, by turns: each is a process that answers one line for each line
// that it is given.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { median } from "./measure.mjs";

/** A peer that needs longer than this for one text is stopped: the ratio is then at least what it is told as. */
const PATIENCE = 60_000;
/** A peer that needs longer than this is run once and not three times. */
const SLOW = 20_000;

/** A program that is asked line by line. @param {string} program @param {string[]} args */
function asked(program, args) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** @param {string} line @returns {Promise<any>} */
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${program} ended`);
      return JSON.parse(value);
    },
    end: () => child.kill(),
  };
}

/**
 * @param {{speed: string, python: string, peers: string}} programs
 * @param {Record<string, string>} files by what they are called
 * @returns {Promise<import("./measure.mjs").Row[]>}
 */
export async function native({ speed, python, peers }, files) {
  const rows = [];
  const ours = asked(speed, []);
  for (const peer of ["iocextract", "ioc-finder"]) {
    for (const [name, file] of Object.entries(files)) {
      const them = asked(python, [peers]);
      const our = /** @type {number[]} */ ([]);
      const their = /** @type {number[]} */ ([]);
      let [bytes, stopped] = [0, false];
      for (let round = 0; round < 3 && !stopped && (their[0] ?? 0) < SLOW; round++) {
        const one = await ours.ask(`9 ${file}`);
        bytes = one.bytes;
        our.push(...one.ms);
        const timer = new Promise((resolve) => setTimeout(resolve, PATIENCE).unref());
        const answer = await Promise.race([them.ask(JSON.stringify({ library: peer, file })), timer]);
        stopped = !answer;
        their.push(answer ? answer.seconds * 1e3 : PATIENCE);
      }
      them.end();
      const ms = { ours: median(our), theirs: median(their) };
      const rate = (/** @type {number} */ of) => bytes / 1e3 / of;
      rows.push({ where: "native", name: `extract, ${name}`, peer: stopped ? `${peer} (stopped)` : peer, ratio: ms.theirs / ms.ours, ours: rate(ms.ours), theirs: rate(ms.theirs), goal: 100 });
    }
  }
  ours.end();
  return rows;
}

/**
 * What Python's libraries find in the texts.
 * @param {string} python @param {string} peers @param {{name: string, text: string}[]} texts
 * @returns {Promise<Record<string, Map<string, [string, string][]>>>}
 */
export async function pythonReads(python, peers, texts) {
  const them = asked(python, [peers]);
  /** @type {Record<string, Map<string, [string, string][]>>} */
  const found = {};
  for (const library of ["iocextract", "ioc-finder"]) {
    const read = (found[library] = new Map());
    for (const { text } of texts) read.set(text, (await them.ask(JSON.stringify({ library, text }))).found);
  }
  them.end();
  return found;
}
