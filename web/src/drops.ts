// What is dropped on the page, or chosen: an image to be classified, a model, or images to learn from.

import { standard } from "./address.ts";
import type { OwnFile, Request, Setup } from "./protocol.ts";
import { element } from "./words.ts";

/** More files than this are no folder of images that a page could learn from. */
const mostFiles = 100_000;

/** Images that each hospital learns from, where the address says no number. */
const mostImages = 4000;

interface Drops {
  readonly ask: (request: Request, moved?: Transferable[]) => void;
  /** What the address says of size, seed and epochs. */
  readonly base: () => Setup;
  /** Whether a training is under way, which other images would disturb. */
  readonly busy: () => boolean;
  readonly trouble: (text: string | undefined) => void;
}

export function takeDrops(drops: Drops): void {
  const { trouble } = drops;
  const take = async (name: string, found: () => Promise<readonly OwnFile[]>): Promise<void> => {
    trouble(undefined);
    try {
      await takeFiles(name, await found(), drops);
    } catch (error) {
      trouble((error as Error).message);
    }
  };
  const place = element("drop", HTMLElement);
  for (const kind of ["dragenter", "dragover"] as const) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      place.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) place.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    // Entries are there while the event lasts.
    const entries = [...(event.dataTransfer?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
    void take(entries[0]?.name ?? "", () => filesOf(entries));
  });
  for (const id of ["files", "folder"]) {
    const input = element(id, HTMLInputElement);
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])].map((file) => ({
        path: file.webkitRelativePath || file.name,
        file,
      }));
      input.value = ""; // so that the same file can be chosen again
      if (files.length === 0) return;
      void take(files[0]?.path.split("/")[0] ?? "", () => Promise.resolve(files));
    });
  }
}

async function takeFiles(
  name: string,
  files: readonly OwnFile[],
  { ask, base, busy, trouble }: Drops,
): Promise<void> {
  const [first] = files;
  if (first === undefined)
    throw new Error(`${name === "" ? "What was dropped" : name} holds no file: drop a folder of images`);
  if (files.length === 1 && first.file.name.endsWith(".safetensors")) {
    const bytes = new Uint8Array(await first.file.arrayBuffer());
    ask({ kind: "take-model", name: first.file.name, bytes }, [bytes.buffer]);
    return;
  }
  if (files.length === 1 && !isMany(first.file.name)) {
    ask({ kind: "classify", file: first.file });
    return;
  }
  if (busy()) {
    throw new Error("It trains now: stop it, then drop the images that it shall learn from");
  }
  trouble(undefined);
  const setup = base();
  const isSaid = setup.images !== standard.images;
  ask({ kind: "files", name, files, base: setup, most: isSaid ? setup.images : mostImages });
}

/** Whether a file by itself holds many images, or says what they show. */
const isMany = (name: string): boolean => /\.(?:npz|bin|csv|tsv|zip)(?:\.gz)?$|idx\d|ubyte/i.test(name);

/** All files of what was dropped, of folders within folders, too. */
async function filesOf(entries: readonly FileSystemEntry[]): Promise<OwnFile[]> {
  const found: OwnFile[] = [];
  const waiting = [...entries];
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    if (entry instanceof FileSystemDirectoryEntry) waiting.push(...(await contentOf(entry)));
    else
      found.push({
        path: entry.fullPath.replace(/^\//, ""),
        file: await fileOf(entry as FileSystemFileEntry),
      });
    if (found.length + waiting.length > mostFiles) {
      throw new Error(
        `${entries[0]?.name ?? "It"} holds more than ${mostFiles.toLocaleString("en")} files: drop a smaller folder`,
      );
    }
  }
  return found;
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** A reader gives a hundred at a time, and in the end none. */
async function contentOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return found;
    found.push(...some);
  }
}
