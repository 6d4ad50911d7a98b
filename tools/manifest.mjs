// Makes the manifest of one build from the one manifest.json.
//
// The repository keeps a single manifest for both browsers, without a version: here it gets the version
// of Cargo.toml and loses the keys that the other browser would warn about. The `-test` builds differ in
// one thing only: they hold the access to sites that a user grants by a click, because no test can click
// the browser's own permission dialog. tests/gates/manifests.test.mjs fails if they come to differ in more.
//
//   node tools/manifest.mjs chromium|firefox|chromium-test|firefox-test > manifest.json

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** The builds that exist. */
export const BUILDS = /** @type {const} */ (["chromium", "firefox", "chromium-test", "firefox-test"]);

/** @returns {string} the workspace's version, the only place where it is written */
export function version() {
  const cargo = readFileSync(new URL("Cargo.toml", ROOT), "utf8");
  const found = /^\[workspace\.package\][^[]*?^version = "([^"]+)"/ms.exec(cargo);
  if (!found) throw new Error("Cargo.toml has no [workspace.package] version");
  return /** @type {string} */ (found[1]);
}

/**
 * @param {string} build one of {@link BUILDS}
 * @returns {Record<string, any>} the manifest of that build
 */
export function manifest(build) {
  if (!BUILDS.includes(/** @type {any} */ (build))) throw new Error(`no such build: ${build}`);
  const made = JSON.parse(readFileSync(new URL("manifest.json", ROOT), "utf8"));
  made.version = version();

  if (build.startsWith("chromium")) {
    delete made.browser_specific_settings;
    delete made.background.scripts;
  } else {
    delete made.minimum_chrome_version;
    delete made.background.service_worker;
    // Firefox's background can start a Worker by itself.
    made.permissions = made.permissions.filter((/** @type {string} */ name) => name !== "offscreen");
    // Firefox knows no "split": one background serves both kinds of window there, and the
    // background itself keeps nothing of a private one.
    delete made.incognito;
    // There an administrator's manifest is taken without a schema.
    delete made.storage;
    // No extension may read saved files there.
    made.optional_host_permissions = made.optional_host_permissions.filter((/** @type {string} */ pattern) => !pattern.startsWith("file:"));
    const policy = made.content_security_policy;
    policy.extension_pages = policy.extension_pages.replace(" file:", "");
  }

  if (build.endsWith("-test")) {
    delete made.optional_host_permissions;
    made.host_permissions = ["<all_urls>"];
  }
  return made;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(manifest(process.argv[2] ?? ""), null, 2)}\n`);
}
