// The manifests of the builds, as they lie in dist/: what the tests run differs from what users load in
// the granted access to sites and in nothing else, and the store builds ask for no site at install.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BUILDS, version } from "../../tools/manifest.mjs";
import { build } from "../e2e/harness/tree.mjs";

/** @param {string} name @returns {Record<string, any>} */
const manifest = (name) => JSON.parse(readFileSync(join(build(name), "manifest.json"), "utf8"));

/** @param {string} folder @returns {string[]} the files below it, by their relative paths */
const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: the test build differs in the granted access to sites and in nothing else`, () => {
    const { optional_host_permissions: optional, ...store } = manifest(browser);
    const { host_permissions: granted, ...tested } = manifest(`${browser}-test`);
    assert.deepEqual(tested, store);
    assert.deepEqual(optional, ["https://*/*", "http://*/*", ...(browser === "chromium" ? ["file:///*"] : [])]);
    assert.deepEqual(granted, ["<all_urls>"]);
    const same = files(build(browser)).filter((file) => file !== "manifest.json");
    assert.deepEqual(files(build(`${browser}-test`)).filter((file) => file !== "manifest.json"), same);
    for (const file of same) {
      assert.ok(readFileSync(join(build(browser), file)).equals(readFileSync(join(build(`${browser}-test`), file))), file);
    }
  });

  test(`${browser}: the store build asks for no site at install`, () => {
    assert.equal(manifest(browser).host_permissions, undefined);
    assert.equal(manifest(browser).content_scripts, undefined);
  });
}

for (const name of BUILDS) {
  test(`${name}: every file that the manifest names is in the build`, () => {
    const made = manifest(name);
    const named = [
      ...Object.values(made.icons),
      ...Object.values(made.action.default_icon),
      made.action.default_popup,
      made.options_ui.page,
      made.background.service_worker ?? made.background.scripts[0],
      ...made.web_accessible_resources.flatMap((/** @type {any} */ entry) => entry.resources),
      `_locales/${made.default_locale}/messages.json`,
    ];
    assert.deepEqual(named.filter((file) => !existsSync(join(build(name), file))), []);
  });

  test(`${name}: the version is the workspace's`, () => assert.equal(manifest(name).version, version()));
}

test("a page can reach the card alone, and only under an address that changes", () => {
  for (const name of BUILDS) {
    assert.deepEqual(manifest(name).web_accessible_resources, [
      { resources: ["card.html"], matches: ["<all_urls>"], use_dynamic_url: true },
    ]);
    assert.equal(manifest(name).externally_connectable, undefined);
  }
});

test("each browser gets only the keys that it knows", () => {
  const chromium = manifest("chromium");
  assert.equal(chromium.browser_specific_settings, undefined);
  assert.equal(chromium.background.scripts, undefined);
  const firefox = manifest("firefox");
  assert.equal(firefox.minimum_chrome_version, undefined);
  assert.equal(firefox.background.service_worker, undefined);
  assert.equal(firefox.incognito, undefined);
});
