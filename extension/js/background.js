// Connects the browser's events to Rust. Listeners must exist by the end of the first turn, long before
// any WebAssembly has arrived: so all are registered here, wait for `ready`, and hand over. What the
// events mean is decided in quorum-extension.
//
// Nothing of ours may ever cost the user a download or leave a message without an answer: whatever throws,
// here or in there, ends in a release and a refusal.

import init, * as rust from "./pkg/quorum_extension.js";
import { hold, release, releaseAll } from "./hold.js";
import { renew } from "./library.js";
import { events, fileUrl } from "./platform.js";

let ready = init({ module_or_path: fileUrl("pkg/quorum_extension_bg.wasm") }).then(() => rust.wake());
ready.catch(failed);

/** What there is to be answered: a trap leaves the promises of its instance open for ever. @type {Set<(why: unknown) => void>} */
const unanswered = new Set();
/** @type {Set<chrome.runtime.Port>} */
const ports = new Set();
/** Fresh instances that this worker may still start. */
let lives = 3;

/** @param {unknown} error */
function failed(error) {
  console.error(error);
  releaseAll();
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  // After a trap nothing in that instance can be relied on: a fresh one takes over, and finds in the
  // store what the old one had begun. If it is just that which traps, it must not go on for ever.
  for (const refuse of unanswered) refuse(error);
  for (const port of ports) port.disconnect(); // pages open theirs again
  ports.clear();
  renew();
  lives -= 1;
  ready =
    lives > 0
      ? ready.catch(() => {}).then(() => rust.__wbg_reset_state()).then(() => rust.wake())
      : Promise.reject(error); // until the browser starts this worker anew
  ready.catch(() => {});
}

// A trap inside of a task that Rust started by itself surfaces here and nowhere else.
addEventListener("error", ({ error }) => failed(error));
addEventListener("unhandledrejection", ({ reason }) => failed(reason));

/** @param {() => unknown} handler is called when Rust is there */
async function deliver(handler) {
  try {
    await ready;
    await handler();
  } catch (error) {
    failed(error);
  }
}

events.determining?.addListener((item, suggest) => {
  hold(item.id, suggest);
  void deliver(() => rust.download_determining(item));
  return true; // the literal, and by this function itself: nothing else makes the browser wait
});

events.downloadCreated.addListener((item) => void deliver(() => rust.download_created(item)));
events.downloadChanged.addListener((change) => void deliver(() => rust.download_changed(change)));
events.downloadErased.addListener((id) => release(id));

events.message.addListener((message, sender, answer) => {
  const refuse = (/** @type {unknown} */ why) => answer({ ok: false, problem: { "browser": { message: String(why) } } });
  unanswered.add(refuse);
  ready
    .then(() => rust.answer(message, sender))
    .then(answer)
    .catch((error) => {
      failed(error);
      refuse(error);
    })
    .finally(() => unanswered.delete(refuse));
  return true; // the answer comes later
});

events.connect.addListener((port) => {
  ports.add(port);
  port.onDisconnect.addListener(() => {
    ports.delete(port);
    void deliver(() => rust.disconnected(port));
  });
  void deliver(() => rust.connected(port, port.sender));
});

events.menuClicked.addListener((info, tab) => void deliver(() => rust.menu_clicked(info, tab)));
events.notificationClicked.addListener((id) => void deliver(() => rust.notification_clicked(id)));
events.tabRemoved.addListener((id) => void deliver(() => rust.tab_removed(id)));
events.permissionsAdded.addListener(() => void deliver(() => rust.permissions_changed()));
events.permissionsRemoved.addListener(() => void deliver(() => rust.permissions_changed()));
events.storageChanged.addListener((_changes, area) => void deliver(() => rust.storage_changed(area)));
events.installed.addListener(() => void deliver(() => rust.installed()));
events.startup.addListener(() => void deliver(() => rust.installed()));
// What was interrupted goes on in `wake`, for which the alarm wakes us.
events.alarm.addListener(() => void deliver(() => rust.alarm_rang()));
