// Where things lie: the builds under test, the server's binary, the folder for pictures and logs.

import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** @param {string} name a build of tools/manifest.mjs, or the path of a folder that a test made from one */
export function build(name) {
  const folder = resolve(ROOT, "dist", name);
  if (!existsSync(join(folder, "manifest.json"))) throw new Error(`${folder} is missing: run ./build.sh build`);
  return folder;
}

/** @returns {string} the server's binary */
export function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "quorum/target");
  const path = process.env.QUORUM_BIN ?? join(target, "debug/quorum");
  if (!existsSync(path)) throw new Error(`${path} is missing: run ./build.sh build`);
  return path;
}

/**
 * Where a picture of a journey goes; the folder is made.
 * @param {string} name
 */
export function picture(name) {
  const folder = join(ROOT, process.env.QUORUM_PICTURES ?? "target/e2e");
  mkdirSync(folder, { recursive: true });
  return /** @type {`${string}.png`} */ (join(folder, `${name}.png`));
}

/**
 * A folder of its own, removed by the function that comes with it.
 * @param {string} name
 */
export function temporaryFolder(name) {
  const path = mkdtempSync(join(tmpdir(), `quorum-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Takes the room that there is on the disk of a folder, until it is removed.
 * @param {string} folder
 * @returns {string} the path of what takes it
 */
export function ballast(folder) {
  const path = join(folder, "ballast");
  for (;;) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail === 0) return path;
    try {
      writeFileSync(path, Buffer.alloc(bavail * bsize), { flag: "a" });
    } catch (error) {
      // Who else writes there was quicker.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ENOSPC") throw error;
    }
  }
}

/**
 * Goes on with a browser that was just started. If that fails, nobody else can close it, and the test's process would
 * wait for its end for ever.
 * @param {{close: () => Promise<void>, remove: () => void}} browser
 * @param {() => Promise<void>} go
 */
export async function orGone(browser, go) {
  try {
    await go();
  } catch (error) {
    await browser.close();
    browser.remove();
    throw error;
  }
}
