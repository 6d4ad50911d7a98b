// Connects the browser's events to Rust. Listeners must exist by the end of the first turn, long before
// any WebAssembly has arrived: so all are registered here, wait for `ready`, and hand over. What the
// events mean is decided in quorum-extension.
//
// Nothing of ours may ever cost the user a download or leave a message without an answer: whatever throws,
// here or in there, ends in a release and a refusal.

import init, * as rust from "./pkg/quorum_extension.js";
import { hold, release, releaseAll } from "./hold.js";
import { events, fileUrl } from "./platform.js";

/** Longer than anything takes that is answered at its end: an address that is analysed. */
const ANSWER_MS = 5 * 60_000;

let ready = init({ module_or_path: fileUrl("pkg/quorum_extension_bg.wasm") }).then(() => rust.wake());
ready.catch(failed);

/** @param {unknown} error */
function failed(error) {
  console.error(error);
  releaseAll();
  // After a trap nothing in that instance can be relied on: a fresh one takes over, and finds in the
  // store what the old one had begun.
  if (error instanceof WebAssembly.RuntimeError) {
    ready = ready.then(() => rust.__wbg_reset_state()).then(() => rust.wake());
    ready.catch(() => {});
  }
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
  const refusal = (/** @type {unknown} */ error) => ({ ok: false, problem: { problem: "browser", message: String(error) } });
  // A trap leaves the promise of the old instance open for ever.
  const patience = setTimeout(() => answer(refusal("no answer")), ANSWER_MS);
  ready
    .then(() => rust.answer(message, sender))
    .then(answer, (error) => {
      failed(error);
      answer(refusal(error));
    })
    .finally(() => clearTimeout(patience));
  return true; // the answer comes later
});

events.connect.addListener((port) => {
  port.onDisconnect.addListener(() => void deliver(() => rust.disconnected(port)));
  void deliver(() => rust.connected(port, port.sender));
});

events.menuClicked.addListener((info, tab) => void deliver(() => rust.menu_clicked(info, tab)));
events.notificationClicked.addListener((id) => void deliver(() => rust.notification_clicked(id)));
events.tabRemoved.addListener((id) => void deliver(() => rust.tab_removed(id)));
events.permissionsAdded.addListener(() => void deliver(() => rust.permissions_changed()));
events.permissionsRemoved.addListener(() => void deliver(() => rust.permissions_changed()));
events.installed.addListener(() => void deliver(() => rust.installed()));
events.startup.addListener(() => void deliver(() => rust.installed()));
// Waking up is all that an alarm is for: what was interrupted goes on in `wake`.
events.alarm.addListener(() => void deliver(() => {}));
