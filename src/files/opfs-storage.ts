// Keeps bytes in the origin private file system of a browser (OPFS), from a page or a worker.

import { UsageError } from "../errors/errors.ts";
import { expectName, type ByteStorage } from "./byte-storage.ts";

/** Of the browser's interfaces what is used here; see https://fs.spec.whatwg.org. */
interface Directory {
  getDirectoryHandle(name: string, options: { readonly create: true }): Promise<Directory>;
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<StoredFile>;
}
interface StoredFile {
  getFile(): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>;
  createWritable(): Promise<Writing>;
}
interface Writing {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}
type Browser = { navigator?: { storage?: { getDirectory?(): Promise<Directory> } } };

/**
 * Opens a folder of the page's origin, which is made where there is none.
 * @param folder default: "tessera"
 * @throws UsageError where there is no such file system: in Node, and on pages that are not served over https
 */
export async function opfsStorage(folder = "tessera"): Promise<ByteStorage> {
  expectName("opfsStorage", folder);
  const { storage } = (globalThis as Browser).navigator ?? {};
  if (storage?.getDirectory === undefined) {
    throw new UsageError(
      "opfsStorage: there is no origin private file system here, as in browsers on pages served over https; in Node take fileStorage",
    );
  }
  const directory = await (await storage.getDirectory()).getDirectoryHandle(folder, { create: true });
  return {
    async read(name) {
      expectName("read", name);
      try {
        const file = await (await directory.getFileHandle(name)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if ((error as { readonly name?: string }).name === "NotFoundError") return undefined;
        throw error;
      }
    },
    async write(name, bytes) {
      expectName("write", name);
      // Written beside the file, which it becomes when it is closed.
      const writing = await (await directory.getFileHandle(name, { create: true })).createWritable();
      try {
        await writing.write(bytes);
      } catch (error) {
        await writing.abort().catch(() => undefined); // the error below is the one to see
        throw error;
      }
      await writing.close();
    },
  };
}
