// IndexedDB as promises: a few stores' worth of get, put and remove. What is kept, and for how long, is
// decided in Rust.

/** @typedef {"downloads" | "reports" | "keys" | "rules"} Store */

const NAME = "quorum";
const VERSION = 2;

/** @type {Promise<IDBDatabase> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = ({ oldVersion }) => {
      // Rules, as `core::rules` keeps them: `library`, `own/ID`, `pack/ID`.
      request.result.createObjectStore("rules");
      if (oldVersion > 0) return;
      // `at` is a time in milliseconds; the oldest entries go first.
      request.result.createObjectStore("downloads").createIndex("at", "started");
      request.result.createObjectStore("reports").createIndex("at", "asked_at");
      request.result.createObjectStore("keys");
    };
    request.onerror = () => reject(request.error);
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
/** @param {Store} store @returns {Promise<any[]>} */
export const all = (store) => transact(store, "readonly", (entries) => entries.getAll());
/** @param {Store} store @param {string} key @param {unknown} value */
export const put = (store, key, value) => transact(store, "readwrite", (entries) => entries.put(value, key));
/** @param {Store} store @param {string} key */
export const remove = (store, key) => transact(store, "readwrite", (entries) => entries.delete(key));

/**
 * Keeps the newest entries of a store and removes the others.
 * @param {"downloads" | "reports"} store
 * @param {number} most how many stay
 * @param {number} since entries of before this time go in any case
 */
export async function trim(store, most, since) {
  let kept = 0;
  await transact(store, "readwrite", (entries) => {
    const request = entries.index("at").openCursor(null, "prev");
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      if (/** @type {number} */ (cursor.key) < since || ++kept > most) cursor.delete();
      cursor.continue();
    };
    return request;
  });
}
