// IndexedDB as promises: get, put and remove. What is kept, and for how long, is
// decided in Rust.

/** @typedef {"downloads" | "reports" | "keys" | "sent" | "rules" | "lists" | "state"} Store */

const NAME = "quorum";
const VERSION = 3;

/** Whether a newer version of ours has written what is there: it is left as it is. */
let newer = false;
export const isNewer = () => newer;

/** @type {Promise<IDBDatabase> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = ({ oldVersion }) => {
      // `at` is a time in milliseconds; the oldest entries go first.
      if (oldVersion < 1) {
        request.result.createObjectStore("downloads").createIndex("at", "started");
        request.result.createObjectStore("reports").createIndex("at", "asked_at");
        request.result.createObjectStore("keys");
      }
      if (oldVersion < 2) {
        request.result.createObjectStore("sent").createIndex("at", "at");
        // YARA rules, as `core::rules` keeps them: `library`, `own/ID`, `pack/ID`.
        request.result.createObjectStore("rules");
        const downloads = /** @type {IDBTransaction} */ (request.transaction).objectStore("downloads");
        // What is unfinished, and what bears the browser's number.
        downloads.createIndex("open", "open");
        downloads.createIndex("download", "download");
      }
      if (oldVersion < 3) {
        // Local lists, as `core::lists` keeps them: `library`, `feed/ID/NAME`, `own/ID`, `text/ID`.
        request.result.createObjectStore("lists");
        // What is small and is kept from one life to the next: the budget.
        request.result.createObjectStore("state");
      }
    };
    request.onerror = () => {
      newer = request.error?.name === "VersionError";
      reject(request.error);
    };
    request.onsuccess = () => {
      // The browser may close it (disk trouble, cleared data): the next call opens it again.
      request.result.onclose = () => (opening = undefined);
      request.result.onversionchange = () => {
        request.result.close();
        opening = undefined;
      };
      resolve(request.result);
    };
  });
  opening.catch(() => (opening = undefined));
  return opening;
}

/** Whether there are databases here at all: Firefox has none for who has it remember nothing. @returns {Promise<boolean>} */
export const isKept = () =>
  open().then(
    () => true,
    (error) => {
      if (error?.name === "InvalidStateError") return false;
      throw error;
    },
  );

/**
 * @template T
 * @param {Store} store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T>} when it is on disk, not when it was asked for
 */
async function transact(store, mode, work) {
  const transaction = (await open()).transaction(store, mode);
  const request = work(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
  });
}

/** @param {Store} store @param {string} key @returns {Promise<any>} undefined if there is none */
export const get = (store, key) => transact(store, "readonly", (entries) => entries.get(key));
/**
 * The entries of which an index has this value.
 * @param {Store} store
 * @param {string} index
 * @param {number} value
 * @returns {Promise<any[]>}
 */
export const where = (store, index, value) => transact(store, "readonly", (entries) => entries.index(index).getAll(value));
/** @param {Store} store @returns {Promise<number>} */
export const count = (store) => transact(store, "readonly", (entries) => entries.count());
/** @param {Store} store @param {string} key @param {unknown} value */
export const put = (store, key, value) => transact(store, "readwrite", (entries) => entries.put(value, key));
/** @param {Store} store @param {string} key */
export const remove = (store, key) => transact(store, "readwrite", (entries) => entries.delete(key));

/**
 * Entries of a store, newest first.
 * @param {"downloads" | "reports" | "sent"} store
 * @param {number} most
 * @param {string} [after] the key of the entry behind which to begin
 * @returns {Promise<any[]>}
 */
export async function newest(store, most, after) {
  /** @type {any[]} */
  const found = [];
  const transaction = (await open()).transaction(store, "readonly");
  const entries = transaction.objectStore(store);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(found);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    /** @param {any} [last] the entry behind which to begin */
    const walk = (last) => {
      const index = entries.index("at");
      const request = index.openCursor(last && IDBKeyRange.upperBound(last[/** @type {string} */ (index.keyPath)]), "prev");
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        // Of those with the same time the keys go down too.
        const before = last && cursor.key === last[/** @type {string} */ (index.keyPath)] && indexedDB.cmp(cursor.primaryKey, after) >= 0;
        if (!before) found.push(cursor.value);
        if (found.length < most) cursor.continue();
      };
    };
    if (after === undefined) return walk();
    const request = entries.get(after);
    // One that is gone in the meantime ends the list.
    request.onsuccess = () => request.result && walk(request.result);
  });
}

/** @param {Store} store */
export const clear = (store) => transact(store, "readwrite", (entries) => entries.clear());

/**
 * Keeps the newest entries of a store and removes the others.
 * @param {"downloads" | "reports" | "sent"} store
 * @param {number} most how many stay
 * @param {number} since entries of before this time go in any case
 */
export async function trim(store, most, since) {
  let over = (await count(store)) - most;
  await transact(store, "readwrite", (entries) => {
    // From the oldest on: what stays is not looked at.
    const request = entries.index("at").openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || (over-- <= 0 && /** @type {number} */ (cursor.key) >= since)) return;
      cursor.delete();
      cursor.continue();
    };
    return request;
  });
}
