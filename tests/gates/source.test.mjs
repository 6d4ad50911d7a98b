// Rules about the sources that no compiler checks. Each failure names the file and the line, and each rule
// says why it is one.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { EICAR } from "../e2e/harness/files.mjs";
import { ROOT } from "../e2e/harness/tree.mjs";

/** Every file that git knows or would take in. */
const FILES = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter(Boolean);

/** @param {RegExp} path @returns {{file: string, text: string}[]} */
const sources = (path) =>
  FILES.filter((file) => path.test(file)).map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));

const JS = /^extension\/js\/.*\.js$/;
const RUST = /^(extension|www)(\/[a-z]+)?\/src\/.*\.rs$/;
const HTML = /^www\/.*\.html$/;

/**
 * Blanks comments and what stands in quotes, keeping every line where it is.
 * @param {string} text
 */
const code = (text) =>
  text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (match) => match.replace(/[^\n]/g, " "));

/**
 * @param {{file: string, text: string}[]} from
 * @param {RegExp} forbidden global
 */
const found = (from, forbidden) =>
  from.flatMap(({ file, text }) =>
    [...text.matchAll(forbidden)].map((match) => `${file}:${text.slice(0, match.index).split("\n").length}: ${match[0]}`),
  );

test("there are sources to look at", () => {
  for (const path of [JS, RUST, HTML]) assert.ok(sources(path).length > 0, String(path));
});

test("platform.js alone names the browser's API", () => {
  // A content script is no module and cannot import platform.js.
  const allowed = ["extension/js/platform.js", "extension/js/content.js"];
  const others = sources(JS)
    .filter(({ file }) => !allowed.includes(file))
    .map(({ file, text }) => ({ file, text: code(text) }));
  assert.deepEqual(found(others, /\b(?:chrome|browser)\b/g), []);
  assert.deepEqual(found(sources(RUST), /js_namespace\s*=\s*\[?"?(chrome|browser)\b/g), []);
});

test("every fetch refuses redirects: a redirect to another origin would carry the key along", () => {
  const bare = sources(JS).flatMap(({ file, text }) => {
    const plain = code(text);
    return [...plain.matchAll(/(?<![.\w])(?:globalThis\.|self\.)?fetch\s*\(/g)]
      .filter(({ index }) => !/redirect:\s*"error"/.test(text.slice(index, closing(plain, index))))
      .map(({ index }) => `${file}:${text.slice(0, index).split("\n").length}`);
  });
  assert.deepEqual(bare, []);
  assert.deepEqual(found(sources(RUST), /RequestRedirect::Follow\b/g), []);
  for (const { file, text } of sources(RUST)) {
    const asked = code(text).match(/\.send\(\)|fetch_with_\w+\(/g)?.length ?? 0;
    const refusing = text.match(/RequestRedirect::Error/g)?.length ?? 0;
    assert.ok(asked <= refusing, `${file}: ${asked} requests, ${refusing} of them with RequestRedirect::Error`);
    // A redirect may be shown, not followed, to a request that carries nothing.
    for (const [request] of text.matchAll(/Outgoing \{[^}]*Redirects::Shown[^}]*\}/g)) {
      assert.match(request, /key: None,[^]*payload: Payload::Empty/, file);
    }
  }
});

/** @param {string} text @param {number} from @returns {number} where the parenthesis that opens after `from` closes */
function closing(text, from) {
  let depth = 0;
  for (let at = text.indexOf("(", from); at < text.length; at++) {
    if (text[at] === "(") depth++;
    if (text[at] === ")" && --depth === 0) return at;
  }
  return text.length;
}

test("nothing turns text into markup or code", () => {
  const forbidden = /\b(innerHTML|outerHTML|insertAdjacentHTML|set_inner_html|set_outer_html|from_html_unchecked|createContextualFragment|document\.write)\b|\beval\(|new Function\(/g;
  assert.deepEqual(found(sources(JS).concat(sources(RUST)).map(({ file, text }) => ({ file, text: code(text) })), forbidden), []);
});

test("pages bring no script or style of their own: the policy would block it", () => {
  assert.deepEqual(found(sources(HTML), /<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+=/g), []);
});

test("no message of a page or of another extension is listened to", () => {
  // These hear a Worker of ours, the one who started it, and a BroadcastChannel: all of our own origin.
  const own = /^extension\/js\/scanner(-worker|-host)?\.js$/;
  const all = sources(JS).filter(({ file }) => !own.test(file));
  const others = sources(JS).filter(({ file }) => own.test(file));
  assert.deepEqual(found(others, /addEventListener\(\s*["']message["']|(?:window|self|globalThis)\.onmessage|onMessageExternal|onConnectExternal/g), []);
  assert.deepEqual(found(all, /addEventListener\(\s*["']message["']|\bonmessage\s*=|onMessageExternal|onConnectExternal/g), []);
});

test("a danger that the browser sees is never waved through by us", () => {
  assert.deepEqual(found(sources(JS), /acceptDanger/g), []);
});

test("the test virus lies in no file", () => {
  const holding = FILES.filter((file) => readFileSync(join(ROOT, file)).includes(EICAR));
  assert.deepEqual(holding, []);
});
