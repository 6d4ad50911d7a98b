// The hidden page that starts the scanner's Worker for Chromium's background. It does what the channel asks
// and closes when nothing has been asked for a while: what was taken up by large files is free then.

import { CHANNEL, run } from "./scanner.js";

const IDLE_MS = 60_000;

const channel = new BroadcastChannel(CHANNEL);
let working = 0;
/** @type {ReturnType<typeof setTimeout>} */
let idle = setTimeout(close, IDLE_MS);

channel.onmessage = async ({ data: { id, job, file, limitMs } }) => {
  if (!job) return;
  clearTimeout(idle);
  working += 1;
  channel.postMessage({ to: id, taken: true });
  const heard = await run(job, file, limitMs).catch((error) => ({ failed: String(error) }));
  channel.postMessage({ to: id, heard });
  working -= 1;
  if (working === 0) idle = setTimeout(close, IDLE_MS);
};
