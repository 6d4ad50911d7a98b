// The processes of a browser, as the system counts them: what they cost in memory, and when the last has ended.

import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** @typedef {Pick<import("puppeteer-core").Browser, "process">} Started */

/**
 * The processes of a browser that still run: its own, and those of pages and workers. The driver starts it as the
 * head of a group, which its helpers share.
 * @param {Started} browser
 * @returns {string[]} their folders in /proc
 */
function running(browser) {
  const group = browser.process()?.pid;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const [state, , itsGroup] = look(`/proc/${name}/stat`).split(") ").at(-1)?.split(" ") ?? [];
    // A zombie has ended; only its parent has not looked.
    return Number(itsGroup) === group && state !== "Z" ? [`/proc/${name}`] : [];
  });
}

/** @param {string} path @returns {string} nothing if the process has ended in the meantime */
function look(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Bytes of memory that the processes of a browser hold by themselves: those of pages and workers, and the one that
 * holds what they hand to it.
 * @param {{browser: Started}} of
 */
export function memory({ browser }) {
  const sizes = running(browser).map((folder) => 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(look(`${folder}/status`))?.[1] ?? 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Resolves when the last process of a browser has ended. Its helpers outlive the one that the driver waits for, and
 * write into the profile until they notice. Nobody tells of the end of a process that is not one's own child.
 * @param {Started} browser that is closed or killed
 */
export async function ended(browser) {
  while (running(browser).length > 0) await pause(5);
}
