// Cargo's runner for the data cases in a real browser: serves a test module with wasm-bindgen's own test
// page and opens that in Chromium. `node browser.mjs WASM_BINDGEN_TEST_RUNNER MODULE.wasm …`; cargo gives
// what follows the first. Prints what the page prints.

import { spawn } from "node:child_process";
import puppeteer from "puppeteer-core";
import { EXECUTABLE } from "../e2e/harness/chromium.mjs";

const [runner, ...rest] = /** @type {[string, ...string[]]} */ (process.argv.slice(2));
const server = spawn(runner, rest, {
  env: { ...process.env, NO_HEADLESS: "1", WASM_BINDGEN_USE_BROWSER: "1", WASM_BINDGEN_TEST_ADDRESS: "127.0.0.1:0" },
  stdio: ["ignore", "pipe", "inherit"],
});

/** @type {string} */
const address = await new Promise((resolve, reject) => {
  let told = "";
  server.stdout.setEncoding("utf8").on("data", (text) => {
    told += text;
    const found = /http:\/\/[0-9.]+:[1-9][0-9]*/.exec(told);
    if (found) resolve(found[0]);
  });
  server.on("exit", (code) => reject(new Error(`the test runner ended with ${code}: ${told}`)));
});

const browser = await puppeteer.launch({ executablePath: EXECUTABLE, pipe: true, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
try {
  const page = await browser.newPage();
  await page.goto(address);
  await page.waitForFunction(() => document.querySelector("#output")?.textContent?.includes("test result:"), { timeout: 300_000 });
  const output = await page.$eval("#output", (element) => element.textContent ?? "");
  console.log(output);
  process.exitCode = /test result: ok/.test(output) ? 0 : 1;
} finally {
  await browser.close();
  server.kill();
}
