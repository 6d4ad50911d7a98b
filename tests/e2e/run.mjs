// `./build.sh run`: the main job, to be tried by hand or done by itself.
//
// With a display it opens Chromium, connected to a fresh server, on a page with three things to try, and
// ends when the browser is closed. Without one it does the three itself on a screen of its own, with the
// same steps as the tests, prints what it saw, and ends with status 0 only if all three went right.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CLEAN, EICAR, sha256 } from "./harness/files.mjs";
import { Chromium } from "./harness/chromium.mjs";
import { Display } from "./harness/display.mjs";
import { record, text } from "./harness/pages.mjs";
import { card, readCard, rightClick } from "./harness/right-click.mjs";
import { BAD_LINK, COMMENT_ON_LINK, connect, startWorld } from "./harness/stage.mjs";
import { ROOT, picture } from "./harness/tree.mjs";

process.env.QUORUM_PICTURES = "target/run";

const START = `
<style>
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark; }
  li { margin: 1rem 0; }
  code { font-size: .9em; }
</style>
<h1>Three things to try</h1>
<ol>
  <li>Right-click this link and choose <b>Check with Quorum</b>: <a id="link" href="${BAD_LINK}">your parcel is waiting</a>.</li>
  <li>Download a file that scanners object to: <a id="eicar" href="/d/attachment/eicar.com">eicar.com</a>.
    It is harmless, a text that all of them know. Quorum holds it back and tells so.
    Its popup, behind the puzzle piece beside the address bar, says why and still lets you have it.</li>
  <li>Download a file that they don't object to: <a id="letter" href="/d/attachment/letter.bin">letter.bin</a>.</li>
</ol>
<p>The extension asks the server that this command started. Close the browser to end both.</p>`;

/** @param {string} text @param {string} [before] */
const indented = (text, before = "    ") => text.split("\n").map((line) => line.trim()).filter(Boolean).map((line) => before + line).join("\n");

/**
 * What the server's report says: the engines, the votes and the comments behind a verdict.
 * @param {import("./harness/server.mjs").Person} person
 * @param {string} path
 */
async function report(person, path) {
  const { attributes } = await person.ask(path);
  const comments = await person.ask(`${path}/comments`);
  for (const [engine, result] of Object.entries(attributes.last_analysis_results)) {
    console.log(`    ${engine}: ${result.category}${result.result ? ` (${result.result})` : ""}`);
  }
  console.log(`    votes: ${attributes.total_votes.malicious} malicious, ${attributes.total_votes.harmless} harmless`);
  for (const { attributes } of comments) console.log(`    comment: ${attributes.text}`);
}

/**
 * @param {Chromium} chromium
 * @param {import("./harness/stage.mjs").World} world
 * @param {string} start the address of the start page
 * @param {Display} display
 */
async function doIt(chromium, world, start, display) {
  let right = 0;
  /** @param {string} title @param {() => Promise<void>} job */
  const job = async (title, job) => {
    console.log(`\n${title}`);
    try {
      await job();
      right++;
      console.log("  right");
    } catch (error) {
      console.log(`  WRONG: ${error instanceof Error ? error.message : error}`);
    }
  };
  /** @param {boolean} fact @param {string} otherwise */
  const must = (fact, otherwise) => {
    if (!fact) throw new Error(otherwise);
  };

  await job("1. Right click on a link, Check with Quorum", async () => {
    const page = await chromium.visit(start);
    await rightClick(display, page, "#link");
    const frame = await card(page);
    await text(frame, "body", COMMENT_ON_LINK);
    const { verdict, engines, all } = await readCard(frame, /Malicious|Phishing/);
    await page.screenshot({ path: picture("1-right-click") });
    console.log(`  the card says: ${verdict} · ${engines}\n${indented(all)}\n  the server says:`);
    await report(world.alice, `/urls/${Buffer.from(BAD_LINK).toString("base64url")}`);
    must(engines !== "", "the card counts no engines");
    await page.close();
  });

  await job("2. Download of a malicious file", async () => {
    const page = await chromium.visit(start);
    const item = await chromium.downloads.of(() => page.click("#eicar"));
    must(item.state === "interrupted", `the download is ${item.state}`);
    const popup = await chromium.open("popup.html");
    await popup.setViewport({ width: 380, height: 600 });
    const words = await record(popup, "eicar.com", "Malicious", "Keep anyway");
    await popup.screenshot({ path: picture("2-malicious-download") });
    console.log(`  held back; the popup says:\n${indented(words)}\n  the server says:`);
    await report(world.alice, `/files/${sha256(EICAR)}`);
    await popup.close();
    await page.close();
  });

  await job("3. Download of a clean file", async () => {
    const page = await chromium.visit(start);
    const item = await chromium.downloads.of(() => page.click("#letter"));
    must(item.state === "complete", `the download is ${item.state}`);
    must(readFileSync(item.filename).equals(CLEAN), "the file has other bytes");
    const popup = await chromium.open("popup.html");
    await popup.setViewport({ width: 380, height: 600 });
    const words = await record(popup, "letter.bin", "Nothing found");
    await popup.screenshot({ path: picture("3-clean-download") });
    console.log(`  landed; the popup says:\n${indented(words)}\n  the server says:`);
    await report(world.alice, `/files/${sha256(CLEAN)}`);
    await popup.close();
    await page.close();
  });

  console.log(`\n${right} of 3 went right. Pictures: target/run`);
  return right === 3;
}

rmSync(join(ROOT, "target/run"), { recursive: true, force: true });
const byHand = Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const display = new Display();
if (byHand) display.name = process.env.DISPLAY ?? "";
else await display.start();
const world = await startWorld();
const chromium = await Chromium.launch({ display, byHand });
const options = await connect(chromium, { address: world.server.origin, key: world.erin.key, name: "erin" });
const start = world.site.page("start", START);
let ok = true;
if (byHand) {
  await options.goto(start);
  for (const page of await chromium.browser.pages()) if (page !== options) await page.close();
  console.log(`Chromium is open, and the server answers at ${world.server.origin}. Close the browser to end.`);
  await new Promise((resolve) => chromium.browser.once("disconnected", resolve));
} else {
  await options.screenshot({ path: picture("0-options") });
  await options.close();
  ok = await doIt(chromium, world, start, display);
  await chromium.close();
  await display.close();
}
chromium.remove();
await world.close();
process.exitCode = ok ? 0 : 1;
