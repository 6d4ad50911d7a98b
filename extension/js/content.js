// The frame of the overlay card on somebody else's page; injected after the user asked for it, and never
// before. It holds no word and no colour: what the card shows lies in an iframe of the extension's own
// origin, which the page cannot read. It hears the background alone, through a port, and the page not at
// all. Everything is in one scope without globals, and what could be shadowed by an element's name or id
// (`document.documentElement`, say) is asked of the prototype.

{
  // This file cannot import platform.js: a content script is no module. `chrome` exists in both browsers
  // and, other than a name that a browser lacks, cannot be an element of the page.
  const { runtime } = chrome;
  /** Changes that the page may make to our element before we leave. */
  const PATIENCE = 10;
  const WIDTH = 340;

  /** @param {"div" | "iframe"} name */
  const make = (name) => /** @type {HTMLElement} */ (Document.prototype.createElement.call(document, name));
  const root = /** @type {HTMLElement} */ (Reflect.get(Document.prototype, "documentElement", document));

  // A plain div: of a custom element the page could get at the closed root by defining it afterwards.
  const host = make("div");
  const frame = /** @type {HTMLIFrameElement} */ (make("iframe"));
  let height = 160;
  let foreign = 0;

  function style() {
    host.style.cssText = `all: initial !important; position: fixed !important; top: 12px !important; right: 12px !important;
      width: min(${WIDTH}px, 100vw - 24px) !important; height: ${height}px !important; max-height: calc(100vh - 24px) !important;
      z-index: 2147483647 !important; display: block !important; color-scheme: light dark !important;`;
  }

  frame.style.cssText = `all: initial; display: block; width: 100%; height: 100%; border: 0; border-radius: 10px;
    box-shadow: 0 4px 24px rgb(0 0 0 / .28); color-scheme: light dark;`;
  frame.src = runtime.getURL("card.html");
  host.attachShadow({ mode: "closed" }).append(frame);
  style();

  const port = runtime.connect({ name: "overlay" });
  const watch = new MutationObserver((records) => {
    const ours = records.filter(({ target, removedNodes }) => target === host || [...removedNodes].includes(host));
    foreign += ours.length;
    if (ours.length === 0) return;
    if (foreign >= PATIENCE) return leave();
    for (const { name } of [...host.attributes]) if (name !== "style") host.removeAttribute(name);
    style();
    if (!host.isConnected) root.append(host);
    watch.takeRecords(); // our own repairs
  });

  function leave() {
    watch.disconnect();
    host.remove();
    port.disconnect();
  }

  port.onMessage.addListener((message) => {
    if (typeof message.height === "number") {
      height = Math.max(80, Math.min(message.height, 640));
      style();
      watch.takeRecords();
    }
    if (message.close) leave();
  });
  // A second card takes over, or the extension was updated or switched off under us.
  port.onDisconnect.addListener(leave);

  root.append(host);
  watch.observe(root, { childList: true });
  watch.observe(host, { attributes: true });
  // The value of this script: whoever injected it learns that the card is there.
  true;
}
