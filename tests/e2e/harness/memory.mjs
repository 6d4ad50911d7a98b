// What a browser costs in memory, as the system counts it.

import { readFileSync, readdirSync } from "node:fs";

/**
 * Bytes of memory that the processes of a browser hold by themselves: those of pages and workers, and the one that
 * holds what they hand to it.
 * @param {import("./chromium.mjs").Chromium} chromium
 */
export function memory({ browser }) {
  const group = browser.process()?.pid;
  let sum = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      // The helpers of one browser share its group.
      if (Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[2]) !== group) continue;
      sum += 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    } catch {
      // It has ended in the meantime.
    }
  }
  return sum;
}
