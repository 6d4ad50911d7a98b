// The scene of most journeys: a real server that knows a few things, people who said something about them,
// a web site with files and links, and a browser that is connected as a user would connect it.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Chromium } from "./chromium.mjs";
import { CLEAN, EICAR, sha256 } from "./files.mjs";
import { checkDownloads, saveAndCheck, status } from "./pages.mjs";
import { Proxy } from "./proxy.mjs";
import { Server } from "./server.mjs";
import { startSite } from "./site.mjs";

/** An address on the server's list. Nothing is there: nobody may ever visit it. */
export const BAD_LINK = "http://parcel-service.example/track/invoice.exe";
export const COMMENT_ON_LINK = "Came in a mail that pretended to be a parcel service #phishing";
export const COMMENT_ON_EICAR = "The usual test file, harmless in itself #eicar";

/**
 * Builds the scene without a browser.
 */
export async function startWorld() {
  const server = new Server();
  await server.start();
  writeFileSync(join(server.data, "packs", "urls", "e2e.txt"), `# Addresses of the tests\n${BAD_LINK}\tPhishing.Parcel\n`);
  const proxy = new Proxy(server.origin);
  await proxy.start();
  const site = await startSite();
  const [alice, bob, erin] = [await server.person("alice"), await server.person("bob"), await server.person("erin")];

  await alice.upload(EICAR, "eicar.com");
  await alice.upload(CLEAN, "letter.bin");
  const eicar = `/files/${sha256(EICAR)}`;
  await alice.vote(eicar, "malicious");
  await bob.vote(eicar, "malicious");
  await alice.comment(eicar, "First seen at the door.");
  await bob.comment(eicar, COMMENT_ON_EICAR);
  const link = `/urls/${(await alice.submit(BAD_LINK)).id.split("-")[1]}`;
  await alice.vote(link, "malicious");
  await bob.vote(link, "malicious");
  await bob.comment(link, COMMENT_ON_LINK);

  return {
    server,
    proxy,
    site,
    alice,
    bob,
    /** The user of the extension. */
    erin,
    async close() {
      await Promise.all([proxy.close(), site.close(), server.close()]);
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startWorld>>} World */

/**
 * Connects the extension by hand, in its options page.
 * @param {Chromium} chromium
 * @param {{address: string, key: string, name: string}} to
 */
export async function connect(chromium, { address, key, name }) {
  const options = await chromium.open("options.html");
  await saveAndCheck(options, { address, key });
  await status(options, name);
  await checkDownloads(options, true);
  return options;
}

/**
 * Downloads a file that comes as an attachment, as far as the browser goes.
 * @param {{chromium: Chromium, site: import("./site.mjs").Site}} scene
 * @param {string} name
 * @param {Buffer} bytes
 */
export async function attachment({ chromium, site }, name, bytes) {
  site.put(name, bytes);
  const page = await chromium.visit(site.link(name, `/d/attachment/${name}`));
  const item = await chromium.downloads.of(() => page.click("#go"));
  await page.close();
  return item;
}

/**
 * The whole scene.
 * @param {import("./chromium.mjs").Options} [options]
 */
export async function startScene(options) {
  const world = await startWorld();
  const chromium = await Chromium.launch(options);
  const page = await connect(chromium, { address: world.proxy.origin, key: world.erin.key, name: "erin" });
  await page.close();
  return {
    ...world,
    chromium,
    async close() {
      await chromium.close();
      chromium.remove();
      await world.close();
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startScene>>} Scene */
