// The background's own promises: a content script gets nothing out of it, a key that is to be remembered
// is never written down readably, a file goes to the configured backend alone, and what dies in the middle
// costs neither a download nor an answer. Asked by messages, as the pages ask.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { ask, attach, checked } from "../harness/messages.mjs";
import { FaultyBackend } from "../harness/backend.mjs";
import { Chromium, EXECUTABLE } from "../harness/chromium.mjs";
import { Display } from "../harness/display.mjs";
import { Depot, LARGE } from "../harness/depot.mjs";
import { sha256, unknown } from "../harness/files.mjs";
import { listen } from "../harness/listen.mjs";
import { Recorder } from "../harness/record.mjs";
import { rightClick } from "../harness/right-click.mjs";
import { startSite } from "../harness/site.mjs";
import { build } from "../harness/tree.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** @type {import("../harness/site.mjs").Site} */
let site;
before(async () => {
  site = await startSite();
});
after(() => site?.close());

/**
 * A browser that is connected to a backend, with a page of ours to ask from.
 * @param {import("node:test").TestContext} t
 * @param {{origin: string, key: string}} backend
 */
async function connected(t, backend) {
  const chromium = await Chromium.launch();
  t.after(async () => {
    await chromium.close();
    chromium.remove();
  });
  return { chromium, page: await attach(chromium, backend) };
}

test("E19: a content script is refused whatever it asks, and reads no storage", { timeout: 60_000 }, async (t) => {
  const backend = new FaultyBackend();
  await backend.start();
  t.after(() => backend.close());
  const { chromium, page } = await connected(t, backend);
  await chromium.visit(site.page("victim", "<p>A page whose renderer was taken over."));
  const asked = backend.record.requests.length;
  const worker = await chromium.worker();
  const [answers, storage, news] = await worker.evaluate(async () => {
    const [tab] = await chrome.tabs.query({ url: "http://127.0.0.1/p/*" });
    const [run] = await chrome.scripting.executeScript({
      target: { tabId: /** @type {number} */ (tab?.id) },
      func: async () => {
        const evil = "https://evil.example";
        const indicator = "a.example";
        const requests = [
          { ask: "state" },
          { ask: "connect", address: evil, key: null, remember: true },
          { ask: "pattern", address: evil },
          { ask: "set_downloads", enabled: false },
          { ask: "current_page" },
          { ask: "read", text: "a.example" },
          { ask: "card" },
          { ask: "report", indicator, evidence: "given", fresh: false },
          { ask: "comments", indicator, cursor: null },
          { ask: "add_comment", indicator, text: "x" },
          { ask: "vote", indicator, verdict: "harmless" },
          { ask: "submit", indicator: `${evil}/` },
          { ask: "downloads" },
          ...["keep", "upload", "recheck", "forget"].map((ask) => ({ ask, id: "1-1" })),
          { ask: "open_report", indicator },
          { ask: "open_options" },
        ].map(({ ask, ...content }) => (Object.keys(content).length ? { [ask]: content } : ask));
        const answers = [];
        /** @type {any[]} */
        const nonsense = [null, 7, [], {}, { state: {} }, "__proto__", { __proto__: null, constructor: {} }, { state: null, sender: "page" }, { ask: "state" }];
        for (const request of [...requests, ...nonsense]) answers.push(await chrome.runtime.sendMessage(request));
        const storage = await Promise.all(
          [chrome.storage.local, chrome.storage.session].map((area) => area.get(null).then((all) => Object.keys(all), () => "closed")),
        );
        const port = chrome.runtime.connect({ name: "news" });
        const news = await new Promise((resolve) => {
          port.onDisconnect.addListener(() => resolve("closed"));
          port.onMessage.addListener(resolve);
        });
        return [answers, storage, news];
      },
    });
    return /** @type {any} */ (run?.result);
  });
  for (const { ok, reply, problem } of answers) {
    assert.equal(ok, false);
    assert.equal(reply, undefined);
    assert.match(typeof problem === "string" ? problem : Object.keys(problem).join(), /^(not_allowed|malformed)$/);
  }
  assert.deepEqual(storage, ["closed", "closed"]);
  assert.equal(news, "closed");
  assert.equal(backend.record.requests.length, asked, "the backend is asked nothing");
  const { reply } = await ask(page, { ask: "state" });
  assert.equal(reply.state.address, backend.origin);
  assert.equal(reply.state.downloads, true);
});

test("a remembered key outlives the browser, readable nowhere; another one does not", { timeout: 120_000 }, async (t) => {
  const backend = new FaultyBackend();
  await backend.start();
  t.after(() => backend.close());
  const chromium = await Chromium.launch();
  t.after(() => chromium.remove());
  const page = await chromium.open("options.html");
  await ask(page, { ask: "connect", address: backend.origin, key: backend.key, remember: true });
  await chromium.close();
  const needles = [backend.key.slice(0, 32), backend.key.slice(32)].flatMap((half) => [Buffer.from(half), Buffer.from(half, "utf16le")]);
  const holding = readdirSync(chromium.profile.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => needles.some((needle) => readFileSync(file).includes(needle)));
  assert.deepEqual(holding, []);

  /** @param {(page: Page) => Promise<void>} visit in a browser that was started again */
  const later = async (visit) => {
    const browser = await puppeteer.launch({
      executablePath: EXECUTABLE,
      pipe: true,
      enableExtensions: true,
      userDataDir: chromium.profile.path,
      args: ["--no-first-run", "--disable-background-networking", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
    });
    try {
      const id = await browser.installExtension(build("chromium-test"));
      const page = await browser.newPage();
      await page.goto(`chrome-extension://${id}/options.html`);
      await visit(page);
    } finally {
      await browser.close();
    }
  };
  await later(async (page) => {
    assert.equal((await ask(page, { ask: "state" })).reply.state.has_key, true);
    const before = backend.record.requests.length;
    await ask(page, { ask: "report", indicator: "a.example", evidence: "given", fresh: true });
    assert.equal(backend.record.requests.at(before)?.headers["x-apikey"], backend.key);
    assert.equal(backend.record.requests.at(before)?.headers["x-tool"], "quorum-extension");
    assert.ok((await ask(page, { ask: "connect", address: backend.origin, key: null, remember: false })).ok);
  });
  await later(async (page) => {
    const { state } = (await ask(page, { ask: "state" })).reply;
    assert.equal(state.address, backend.origin);
    assert.equal(state.has_key, false);
  });
});

test("a large file goes where the backend says, if that is the backend itself", { timeout: 120_000 }, async (t) => {
  const taker = new Depot();
  await taker.start();
  t.after(() => taker.close());
  let uploads = "";
  taker.instead = (_, { url }, response) => {
    if (!url.endsWith("/files/upload_url")) return false;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data: uploads }));
    return true;
  };
  const canary = new Recorder();
  const elsewhere = await listen(async (request, response) => {
    await canary.add(request);
    response.end("{}");
  });
  t.after(elsewhere.close);
  const { chromium, page } = await connected(t, taker);
  const bytes = Buffer.concat([unknown("large"), Buffer.alloc(32 * 1024 * 1024, 1)]);
  site.put("large.bin", bytes);
  const start = await chromium.visit(site.link("large", "/d/attachment/large.bin"));
  await chromium.downloads.of(() => start.click("#go"));
  const { id } = await checked(page, ({ name, phase }) => name === "large.bin" && phase === "done");

  uploads = `${elsewhere.origin}/upload`;
  await ask(page, { ask: "upload", id });
  const refused = await checked(page, ({ name, upload }) => name === "large.bin" && "failed" in Object(upload));
  assert.deepEqual(refused.upload.failed.error, { backend: { failure: "redirected" } });
  assert.deepEqual(canary.requests, []);

  uploads = `${taker.origin}${LARGE}1`;
  await ask(page, { ask: "upload", id });
  await checked(page, ({ name, upload, phase }) => name === "large.bin" && upload === "done" && phase === "done");
  const sent = taker.record.requests.filter(({ method }) => method === "POST");
  assert.deepEqual(sent.map(({ url }) => url), [`${LARGE}1`]);
  assert.deepEqual([...taker.stored], [[sha256(bytes), 1]]);
});

test("E33: a trap of our module lets the download go, and a fresh one answers", { timeout: 60_000 }, async (t) => {
  const backend = new FaultyBackend();
  await backend.start();
  t.after(() => backend.close());
  const { chromium, page } = await connected(t, backend);
  const worker = await chromium.worker();
  let traps = 0;
  worker.on("console", (message) => (traps += /RuntimeError/.test(message.text()) ? 1 : 0));
  // What a browser never does: a failure that is no Error, which the module takes as impossible.
  await worker.evaluate(() => {
    const fetch = globalThis.fetch;
    globalThis.fetch = (what, ...more) => {
      // Our own files come as ever.
      if (!(what instanceof Request && what.url.startsWith("http"))) return fetch(what, ...more);
      globalThis.fetch = fetch;
      return Promise.reject("not an error");
    };
  });
  const bytes = unknown("trap");
  site.put("trap.bin", bytes);
  const start = await chromium.visit(site.link("trap", "/d/attachment/trap.bin"));
  const began = performance.now();
  const item = await chromium.downloads.of(() => start.click("#go"));
  assert.equal(item.state, "complete");
  assert.ok(readFileSync(item.filename).equals(bytes));
  assert.ok(performance.now() - began < 10_000, "let go at once, not when the time was over");
  const { reply } = await ask(page, { ask: "state" });
  assert.equal(reply.state.address, backend.origin);
  const { assessment } = await checked(page, ({ name, phase }) => name === "trap.bin" && phase === "done");
  assert.equal(assessment.verdict, "unknown", "the fresh one has made the check again");
  assert.equal(traps, 1);
});

test("where no card can stand, the report opens in a tab", { timeout: 60_000 }, async (t) => {
  const display = new Display();
  await display.start();
  const drawing = await listen((_, response) => {
    response.writeHead(200, { "content-type": "image/svg+xml" });
    response.end('<svg xmlns="http://www.w3.org/2000/svg"><a href="https://a.example/x"><rect id="go" width="200" height="100"/></a></svg>');
  });
  t.after(drawing.close);
  const chromium = await Chromium.launch({ display });
  t.after(async () => {
    await chromium.close();
    chromium.remove();
    await display.close();
  });
  const page = await chromium.visit(drawing.origin);
  const opened = chromium.browser.waitForTarget((target) => target.url().includes("report.html"));
  await rightClick(display, page, "#go");
  assert.equal(new URL((await opened).url()).searchParams.get("indicator"), "https://a.example/x");
});
