// Stops the extension exactly between two steps of its journal: where a record has just been written and nothing of
// what it says is done yet, or where it was about to be written. The worker itself is left as it is built; only the
// database's own `put` is watched, in that worker and until it ends.

/** @typedef {import("./chromium.mjs").Chromium} Chromium */
/** @typedef {import("puppeteer-core").Page} Page */

/**
 * Opens a session of its own in our worker, which must be awake: a worker that was stopped and is back may have the
 * target of the old one, of which the driver knows only that it has lost it. Two must not be opened at once: the
 * driver takes the second for one that the browser has opened by itself, and closes it. A worker that somebody is
 * attached to does not end.
 * @param {Chromium} chromium
 * @returns {Promise<import("puppeteer-core").CDPSession>}
 */
function attachToWorker({ browser, id }) {
  const ours = browser.targets().filter((target) => target.type() === "service_worker" && target.url().startsWith(`chrome-extension://${id}/`));
  return /** @type {import("puppeteer-core").Target} */ (ours.at(-1)).createCDPSession();
}

/**
 * @template {any[]} A
 * @param {import("puppeteer-core").CDPSession} session
 * @param {(...args: A) => unknown} work
 * @param {A} args
 * @returns {Promise<any>}
 */
async function evaluate(session, work, ...args) {
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: `(${work})(...${JSON.stringify(args)})`,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails) throw new Error(exceptionDetails.text);
  return result.value;
}

/**
 * Runs something in our worker, which must be awake.
 * @template {any[]} A
 * @param {Chromium} chromium
 * @param {(...args: A) => unknown} work
 * @param {A} args
 * @returns {Promise<any>}
 */
export async function inWorker(chromium, work, ...args) {
  const session = await attachToWorker(chromium);
  const value = await evaluate(session, work, ...args);
  await session.detach();
  return value;
}

/** How somebody sets the clock, one after the other: a name, and how far ahead of the true time, in milliseconds. */
export const JUMPS = /** @type {const} */ ([
  ["a-day-ahead", () => 86_400_000],
  ["a-day-back", () => -86_400_000],
  ["2100", () => Date.UTC(2100, 0) - Date.now()],
  ["right", () => 0],
]);

/**
 * Sets the wall clock of our worker, until it ends: timers go on as they are, as when somebody sets the clock.
 * @param {Chromium} chromium
 * @param {number} ahead of the true time, in milliseconds
 */
export const setClock = (chromium, ahead) =>
  inWorker(
    chromium,
    (ahead) => {
      const clock = /** @type {any} */ (globalThis);
      clock.trueTime ??= Date.now;
      Date.now = () => clock.trueTime.call(Date) + ahead;
    },
    ahead,
  );

/**
 * A step of one record's journal: the first is 1, counted from now on; or the first that writes these values (null:
 * nothing of that name); or "forgotten", the first that takes a record out.
 * @typedef {number | "forgotten" | Record<string, unknown>} Step
 */

/**
 * Halts the worker at a step of one record.
 * @param {Chromium} chromium
 * @param {string} name of the download
 * @param {Step} step
 * @param {boolean} written whether it is to be on disk; else it never gets there
 * @returns {Promise<{halted: Promise<unknown>}>} when that is prepared; `halted` resolves when it hangs there
 */
export async function haltAt(chromium, name, step, written) {
  const session = await attachToWorker(chromium);
  await evaluate(
    session,
    (name, step, written) => {
      const put = IDBObjectStore.prototype.put;
      const remove = IDBObjectStore.prototype.delete;
      let seen = 0;
      const is = (/** @type {any} */ value) => {
        if (value.name !== name) return false;
        if (typeof step === "number") return ++seen === step;
        return step !== "forgotten" && Object.entries(step).every(([field, wanted]) => JSON.stringify(value[field] ?? null) === JSON.stringify(wanted));
      };
      /** @type {any} */ (globalThis).halted = new Promise((resolve) => {
        const haltIn = (/** @type {IDBTransaction} */ transaction) => {
          const halt = (/** @type {Event} */ event) => {
            // Nobody hears of it: what waits for this step waits for ever.
            event.stopImmediatePropagation();
            event.preventDefault();
            resolve(true);
          };
          for (const type of ["complete", "abort", "error"]) transaction.addEventListener(type, halt);
          if (!written) transaction.abort();
        };
        IDBObjectStore.prototype.put = function (value, key) {
          const request = put.call(this, value, key);
          if (this.name === "downloads" && is(value)) haltIn(this.transaction);
          return request;
        };
        IDBObjectStore.prototype.delete = function (key) {
          const request = remove.call(this, key);
          if (this.name === "downloads" && step === "forgotten") haltIn(this.transaction);
          return request;
        };
      });
    },
    name,
    step,
    written,
  );
  const halted = evaluate(session, () => /** @type {any} */ (globalThis).halted);
  return { halted: halted.then(() => session.detach()) };
}

/**
 * Counts a record's steps from now on.
 * @param {Chromium} chromium
 * @param {string} name of the download
 * @returns {Promise<() => Promise<number>>} says how many there were so far
 */
export async function countSteps(chromium, name) {
  await inWorker(
    chromium,
    (name) => {
      const put = IDBObjectStore.prototype.put;
      /** @type {any} */ (globalThis).steps = 0;
      IDBObjectStore.prototype.put = function (value, key) {
        if (this.name === "downloads" && value.name === name) /** @type {any} */ (globalThis).steps++;
        return put.call(this, value, key);
      };
    },
    name,
  );
  return () => inWorker(chromium, () => /** @type {any} */ (globalThis).steps);
}

/**
 * All entries of a store as they are on disk, read past the extension.
 * @param {Page} page one of the extension's
 * @param {"downloads" | "sent"} store
 * @returns {Promise<any[]>}
 */
export function kept(page, store) {
  return page.evaluate(async (store) => {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open("quorum");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const all = await new Promise((resolve, reject) => {
      const request = database.transaction(store).objectStore(store).getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    database.close();
    return all;
  }, store);
}

/** All records of downloads as they are on disk. @param {Page} page one of the extension's @returns {Promise<any[]>} */
export const stored = (page) => kept(page, "downloads");

/**
 * Reads the records until they are as wanted, past the extension, which is left alone. What the extension tells may be
 * a step ahead of what is on disk.
 * @param {Page} page one of the extension's
 * @param {(records: any[]) => boolean} wanted
 * @returns {Promise<any[]>}
 */
export async function settled(page, wanted) {
  for (;;) {
    const records = await stored(page);
    if (wanted(records)) return records;
  }
}

/**
 * Makes what is stored as much older, records, answers and budget: nobody has to wait for that long. A worker that
 * runs has its own copy of some of it, so it is to be stopped before.
 * @param {Page} page one of the extension's, in which nothing of it runs: it would wake the worker
 * @param {number} by in milliseconds; below zero it is as if the clock had been set back
 */
export const age = (page, by) =>
  page.evaluate(async (by) => {
    /** @param {IDBRequest} request @returns {Promise<any>} */
    const done = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const older = (/** @type {any} */ of, /** @type {string[]} */ times) => {
      for (const time of times) if (of?.[time]) of[time] -= by;
    };
    const database = await done(indexedDB.open("quorum"));
    const transaction = database.transaction(["downloads", "reports", "state"], "readwrite");
    const downloads = transaction.objectStore("downloads");
    for (const record of await done(downloads.getAll())) {
      older(record, ["started", "checked_at"]);
      older(record.later, ["at", "since"]);
      downloads.put(record, record.id);
    }
    const reports = transaction.objectStore("reports");
    for (const key of await done(reports.getAllKeys())) {
      const report = await done(reports.get(key));
      older(report, ["asked_at"]);
      reports.put(report, key);
    }
    const bound = await done(transaction.objectStore("state").get("budget"));
    if (bound) {
      const budget = bound.value;
      older(budget, ["blocked_until"]);
      older(budget.resting, ["until"]);
      budget.sent = budget.sent.map((/** @type {number} */ at) => at - by);
      // Counted in days: a part of one is none.
      if (budget.daily?.day) budget.daily.day -= Math.trunc(by / 86_400_000);
      transaction.objectStore("state").put(bound, "budget");
    }
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    database.close();
  }, by);

/** Has the alarm ring that wakes the worker when something is to go on. @param {Page} page one of the extension's */
export const ring = (page) => page.evaluate(() => chrome.alarms.create("resume", { when: Date.now() }));
