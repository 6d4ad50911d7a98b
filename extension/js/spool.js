// Where a large file's bytes wait until they are scanned or sent: on disk, in the folder that the browser keeps
// for the extension alone (the origin private file system, https://fs.spec.whatwg.org). As Blobs they would stay
// in the browser's memory, all of them. What a life of the background left there, the next one removes.

const FOLDER = "spool";

/** @type {Promise<FileSystemDirectoryHandle> | undefined} */
let folder;
let number = 0;

async function emptied() {
  const root = await navigator.storage.getDirectory();
  // It fails where there is none.
  await root.removeEntry(FOLDER, { recursive: true }).catch(() => {});
  return root.getDirectoryHandle(FOLDER, { create: true });
}

/** Removes what earlier lives left. */
export function clear() {
  folder = emptied();
  // Whoever wants to keep something hears of it.
  folder.catch(() => {});
}

/** A file there, which is written once, and gone when nobody needs it any more. */
class Spool {
  name;
  handle;
  stream;

  /** @param {string} name @param {FileSystemFileHandle} handle @param {FileSystemWritableFileStream} stream */
  constructor(name, handle, stream) {
    this.name = name;
    this.handle = handle;
    this.stream = stream;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes @throws if there is no room for them */
  async write(bytes) {
    await this.stream.write(bytes);
  }

  /** The whole file: nothing can be written any more. @throws if there is no room for it */
  async file() {
    await this.stream.close();
    return this.handle.getFile();
  }

  async remove() {
    // What is still written to cannot be removed.
    await this.stream.abort().catch(() => {});
    await (await folder)?.removeEntry(this.name).catch(() => {});
  }
}

/** @param {Uint8Array<ArrayBuffer>[]} pieces it begins with @throws if the browser has no such folder, or no room */
export async function open(pieces) {
  if (!folder) clear();
  const name = `${++number}`;
  const handle = await /** @type {Promise<FileSystemDirectoryHandle>} */ (folder).then((it) => it.getFileHandle(name, { create: true }));
  const spool = new Spool(name, handle, await handle.createWritable());
  try {
    for (const piece of pieces) await spool.write(piece);
  } catch (error) {
    spool.remove();
    throw error;
  }
  return spool;
}
