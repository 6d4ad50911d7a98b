// The browser, translated: the only file that names its API. Each function does one thing, decides
// nothing, and gives promises and plain values, which is what Rust can take. Chromium and Firefox differ
// in two places, and both are bridged here: the name of the API, and what is missing in one of them.

/** @type {typeof chrome} Firefox's own name first: only under that name all of its API gives promises. */
const api = /** @type {any} */ (globalThis).browser ?? globalThis.chrome;

// --- Who we are -----------------------------------------------------------------------------------------

/** @param {string} path @returns {string} the address of one of our files */
export const fileUrl = (path) => api.runtime.getURL(path);
export const ownId = () => api.runtime.id;
/** Whether this context belongs to private windows alone (Chromium; Firefox has one for all windows). */
export const inPrivate = () => Boolean(api.extension?.inIncognitoContext);
/** Whether downloads can be held until they have been looked at: Chromium only. */
export const canHold = () => Boolean(api.downloads?.onDeterminingFilename);
/** @param {string} key of www/locales @param {string[]} parts @returns {string} */
export const message = (key, parts) => api.i18n.getMessage(key, parts);

// --- Events ---------------------------------------------------------------------------------------------

/** What background.js listens to. All of it is registered in the first turn, so nothing here may wait. */
export const events = {
  installed: api.runtime.onInstalled,
  startup: api.runtime.onStartup,
  message: api.runtime.onMessage,
  connect: api.runtime.onConnect,
  menuClicked: api.contextMenus?.onClicked,
  /** Not in Firefox. @type {typeof chrome.downloads.onDeterminingFilename | undefined} */
  determining: api.downloads?.onDeterminingFilename,
  downloadCreated: api.downloads?.onCreated,
  downloadChanged: api.downloads?.onChanged,
  downloadErased: api.downloads?.onErased,
  notificationClicked: api.notifications?.onClicked,
  alarm: api.alarms?.onAlarm,
  storageChanged: api.storage?.onChanged,
  permissionsAdded: api.permissions?.onAdded,
  permissionsRemoved: api.permissions?.onRemoved,
  tabRemoved: api.tabs?.onRemoved,
};

// --- Storage --------------------------------------------------------------------------------------------

/** Closes local storage to content scripts, where the browser can (Chromium). */
export const closeStorage = async () => {
  await api.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });
};
/** @param {"local" | "session"} area @returns {Promise<Record<string, unknown>>} all of it */
export const readStorage = (area) => api.storage[area].get(null);
/** What an organisation has set, nothing where there is none or the browser knows no such thing. @returns {Promise<Record<string, unknown>>} */
export async function readManaged() {
  try {
    return (await api.storage.managed?.get(null)) ?? {};
  } catch {
    return {}; // Firefox, where no manifest of an administrator's is installed
  }
}
/** @param {"local" | "session"} area @param {string} key @param {unknown} value */
export const writeStorage = (area, key, value) => api.storage[area].set({ [key]: value });
/** @param {"local" | "session"} area @param {string} key */
export const removeFromStorage = (area, key) => api.storage[area].remove(key);

// --- Permissions ----------------------------------------------------------------------------------------

/** @param {string[]} origins match patterns @returns {Promise<boolean>} */
export const mayRead = (origins) => api.permissions.contains({ origins });
/** Whether saved files may be read: Chromium, with the user's switch and the permission. @returns {Promise<boolean>} */
export const mayReadFiles = async () =>
  Boolean(await api.extension?.isAllowedFileSchemeAccess?.()) && canHold() && api.permissions.contains({ origins: ["file:///*"] });
/** Must be called within a click. @param {string[]} origins @returns {Promise<boolean>} */
export const requestOrigins = (origins) => api.permissions.request({ origins });

// --- Downloads ------------------------------------------------------------------------------------------

/** @param {number} id @returns {Promise<chrome.downloads.DownloadItem | undefined>} */
export const download = async (id) => (await api.downloads.search({ id }))[0];
/** @param {number} id @returns {Promise<void>} */
export const cancelDownload = (id) => api.downloads.cancel(id);
/** @param {number} since in milliseconds since the Unix epoch @returns {Promise<chrome.downloads.DownloadItem[]>} those that began since then, newest first */
export const downloadsSince = (since) => api.downloads.search({ startedAfter: new Date(since - 1).toISOString(), orderBy: ["-startTime"] });
/** Shows a saved file in its folder. @param {number} id */
export async function showDownload(id) {
  await api.downloads.show(id);
}
/** @param {string} url @returns {Promise<number>} its id */
export const startDownload = (url) => api.downloads.download({ url });

// --- What the user sees of us outside of our pages ------------------------------------------------------

/** @param {string} id @param {string} title */
export async function setMenu(id, title) {
  await api.contextMenus.removeAll();
  api.contextMenus.create({ id, title, contexts: ["page", "frame", "selection", "link", "image"] });
}
/** @param {string} id @param {string} title @param {string} message */
export async function notify(id, title, message) {
  await api.notifications.create(id, { type: "basic", iconUrl: fileUrl("icons/128.png"), title, message });
}
/** @param {string} id */
export async function clearNotification(id) {
  await api.notifications.clear(id);
}
/** @param {string} text @param {string} colour */
export async function setBadge(text, colour) {
  await api.action.setBadgeBackgroundColor({ color: colour });
  await api.action.setBadgeTextColor?.({ color: "#ffffff" });
  await api.action.setBadgeText({ text });
}
/** @param {string} title of the toolbar's button */
export const setTitle = (title) => api.action.setTitle({ title });
/** @returns {Promise<string>} the text on the badge, empty if there is none */
export const badge = () => api.action.getBadgeText({});
/** @param {string} path of one of our pages */
export async function openPage(path) {
  await api.tabs.create({ url: fileUrl(path) });
}
/** The browser's own page about us (Chromium). */
export async function openDetails() {
  await api.tabs.create({ url: `chrome://extensions/?id=${api.runtime.id}` });
}
export const openOptions = () => api.runtime.openOptionsPage();

// --- Tabs -----------------------------------------------------------------------------------------------

/** The tab in front, with its address if we may know it. @returns {Promise<chrome.tabs.Tab | undefined>} */
export const frontTab = async () => (await api.tabs.query({ active: true, lastFocusedWindow: true }))[0];
/**
 * Puts the card on a tab's page; needs the grant of a user's action.
 * @param {number} tabId
 * @returns {Promise<boolean>} whether it is there: a script that throws is no failure to the browser
 */
export async function injectCard(tabId) {
  const [injected] = await api.scripting.executeScript({ target: { tabId }, files: ["content.js"] });
  return injected?.result === true;
}

/**
 * The link in the document that this runs in, as it is written and reads there: the one that has the focus,
 * as what was clicked has, or else the first. As with `aroundLink`, nothing is changed.
 * @param {string} address of the link, as the browser has it
 */
function linkTo(address) {
  const links = [...Document.prototype.querySelectorAll.call(document, "a[href]")].filter((link) => link instanceof HTMLAnchorElement && link.href === address);
  const focus = Reflect.get(Document.prototype, "activeElement", document);
  const link = /** @type {HTMLAnchorElement | undefined} */ (links.find((link) => link === focus) ?? links[0]);
  return link && { written: String(link.getAttribute("href")).slice(0, 4000), text: link.innerText.slice(0, 4000) };
}

/**
 * How a link that was clicked is written and reads; needs the grant of a user's action.
 * @param {number} tabId
 * @param {number} frameId
 * @param {string} address
 * @returns {Promise<unknown>} undefined if the document has no such link
 */
export async function readLink(tabId, frameId, address) {
  const [injected] = await api.scripting.executeScript({ target: { tabId, frameIds: [frameId] }, func: linkTo, args: [address] });
  return injected?.result ?? undefined;
}

/**
 * What stands around a link in the document that this runs in. It goes to the page as it is written here, and
 * changes nothing there. The prototype's methods are called: a page can put anything else in their place.
 * @param {string[]} addresses of the link, as the browser has them
 */
function aroundLink(addresses) {
  const all = (/** @type {Document | Element} */ root) => {
    const { querySelectorAll } = root instanceof Document ? Document.prototype : Element.prototype;
    return [...querySelectorAll.call(root, "a[href]")].filter((link) => link instanceof HTMLAnchorElement);
  };
  const targets = (/** @type {HTMLAnchorElement[]} */ links) => links.slice(0, 500).map((link) => link.href);
  const links = /** @type {HTMLAnchorElement[]} */ (all(document));
  const link = links.find((link) => addresses.includes(link.href));
  if (!link) return undefined;
  const levels = [];
  /** @type {Element | null} */
  let at = link;
  for (; at && levels.length < 6; at = at.parentElement)
    levels.push({ text: String(/** @type {HTMLElement} */ (at).innerText).slice(0, 4000), links: [link.href, ...targets(/** @type {HTMLAnchorElement[]} */ (all(at)))] });
  return { address: location.href, levels, links: targets(links) };
}

/** The tabs with a page of an address's site; a pattern has no port. @param {string} address */
function tabsOf(address) {
  const { protocol, hostname } = new URL(address);
  return api.tabs.query({ url: `${protocol}//${hostname}/*` });
}

/**
 * What stands around a link on the page that a download came from: on an open one of the referrer's site, or
 * else in the tab in front, which a click may have opened to us.
 * @param {string} referrer empty if the browser names none
 * @param {string[]} addresses of the link
 * @returns {Promise<unknown>} undefined if no such page has it
 * @throws if no such page may be read
 */
export async function readPage(referrer, addresses) {
  /** @type {chrome.tabs.Tab[]} */
  let tabs = [];
  if (/^https?:/.test(referrer)) tabs = await tabsOf(referrer);
  if (tabs.length === 0) tabs = await api.tabs.query({ active: true, lastFocusedWindow: true });
  // The one that was looked at last is the likeliest.
  tabs.sort((a, b) => (b.lastAccessed ?? 0) - (a.lastAccessed ?? 0));
  let refused;
  for (const { id } of tabs.slice(0, 5)) {
    try {
      const [injected] = await api.scripting.executeScript({ target: { tabId: /** @type {number} */ (id) }, func: aroundLink, args: [addresses] });
      if (injected?.result) return injected.result;
    } catch (error) {
      refused = error;
    }
  }
  if (refused) throw refused;
  return undefined;
}

/**
 * A piece of what a page gives out under a `blob:` address, in the frame that this runs in; the only one that has
 * it is the frame that made it. The page may withdraw the address as soon as the download began, so what stands
 * behind it is kept, out of the page's sight, until it is read or a minute has passed.
 * @param {string} address
 * @param {number} from in bytes
 * @param {number} most bytes
 */
async function blobPiece(address, from, most) {
  // A name that no element of the page can have.
  const key = Symbol.for("quorum-blobs");
  /** @type {Map<string, Blob>} */
  const blobs = (/** @type {any} */ (globalThis)[key] ??= new Map());
  let blob = blobs.get(address);
  if (!blob) {
    try {
      blob = await (await fetch(address, { redirect: "error" })).blob();
    } catch {
      return undefined;
    }
    blobs.set(address, blob);
    setTimeout(() => blobs.delete(address), 60_000);
  }
  const reader = new FileReader();
  await new Promise((resolve) => {
    reader.onloadend = resolve;
    reader.readAsDataURL(blob.slice(from, from + most));
  });
  if (from + most >= blob.size) blobs.delete(address);
  // What is told between contexts is text.
  return reader.error ? undefined : { size: blob.size, type: blob.type, piece: String(reader.result).split(",")[1] ?? "" };
}

/** @param {string} base64 */
const decoded = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * What a page gives out under a `blob:` address, read by the page that made it as it is wanted.
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<Response>}
 * @throws if no page that may be read has it any more
 */
export async function readBlob(address, signal) {
  const PIECE = 4 << 20;
  const tabs = await tabsOf(new URL(address).origin);
  // A frame of another site's page is not found by its own address.
  tabs.push(...(await api.tabs.query({ active: true })).filter(({ id }) => !tabs.some((tab) => tab.id === id)));
  /** @param {chrome.scripting.InjectionTarget} target @param {number} from @returns {Promise<{frameId: number, result?: {size: number, type: string, piece: string}}[]>} */
  const ask = (target, from) => api.scripting.executeScript({ target, func: blobPiece, args: [address, from, PIECE] }).catch(() => []);
  for (const { id } of tabs) {
    const tabId = /** @type {number} */ (id);
    const found = (await ask({ tabId, allFrames: true }, 0)).find(({ result }) => result);
    if (!found?.result) continue;
    const { size, type, piece } = found.result;
    let read = 0;
    /** @type {string | undefined} */
    let first = piece;
    const stream = new ReadableStream({
      type: "bytes",
      async pull(controller) {
        signal.throwIfAborted();
        const next = first ?? (await ask({ tabId, frameIds: [found.frameId] }, read))[0]?.result?.piece;
        first = undefined;
        if (next === undefined || (!next && size)) throw new Error("the page is gone");
        const bytes = decoded(next);
        read += bytes.length;
        if (bytes.length) controller.enqueue(bytes);
        if (read < size) return;
        controller.close();
        // Whoever waits for bytes is told that there are none.
        controller.byobRequest?.respond(0);
      },
    });
    return new Response(stream, { headers: { "content-length": String(size), ...(type && { "content-type": type }) } });
  }
  throw new Error("no page has it");
}

// --- Staying alive --------------------------------------------------------------------------------------

/** @param {string} name @param {number} minutes until it rings, and between two rings */
export async function setAlarm(name, minutes) {
  await api.alarms.create(name, { delayInMinutes: minutes, periodInMinutes: minutes });
}
/** The same, unless there is one of this name: each call of the other one begins to count anew. @param {string} name @param {number} minutes */
export async function setAlarmOnce(name, minutes) {
  if (!(await api.alarms.get(name))) await setAlarm(name, minutes);
}
/** @param {string} name */
export async function clearAlarm(name) {
  await api.alarms.clear(name);
}
/** Any call of the API starts the idle timer of a service worker anew; this one costs least. */
export async function stirWorker() {
  await api.runtime.getPlatformInfo();
}

// --- The hidden page ------------------------------------------------------------------------------------

/** @type {Promise<void> | undefined} */
let opening;
/**
 * Opens a hidden page of ours, which can have Workers, unless it is open (Chromium only).
 * @param {string} path
 */
export async function openHidden(path) {
  const open = await api.runtime.getContexts({ contextTypes: [api.runtime.ContextType.OFFSCREEN_DOCUMENT] });
  if (open.length > 0) return;
  opening ??= api.offscreen
    .createDocument({ url: path, reasons: [api.offscreen.Reason.WORKERS], justification: "Scans downloaded files with YARA rules" })
    .finally(() => (opening = undefined));
  await opening;
}

// --- Between our contexts -------------------------------------------------------------------------------

/** @param {unknown} message @returns {Promise<any>} */
export const send = (message) => api.runtime.sendMessage(message);
/** @param {string} name @returns {chrome.runtime.Port} */
export const connect = (name) => api.runtime.connect({ name });
