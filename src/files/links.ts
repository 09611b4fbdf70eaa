// Symbolic links that lead out of a folder: whoever hands on a folder of data may have put one in it that leads to any file of the machine.
import { lstatSync, readdirSync, readlinkSync, realpathSync, type Dirent } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";

/** A folder in which files were asked for. */
interface KnownFolder {
  /** The folder without links. */
  readonly real: string;
  readonly isWithin: boolean;
  /** Whether one of its entries is a link; undefined while nobody has listed it. */
  hasLinks: boolean | undefined;
  /** Files that were asked for while it was not listed. */
  asked: number;
}

/** A folder in which more files than this are asked for is listed: one call for all of them, in the place of one for each. */
const mostSingly = 256;

/** As many links as Linux follows one after the other. */
const mostLinks = 40;

/**
 * Tells which paths below a folder lead out of it by a symbolic link, in any part of them. The folder itself may be a link. Each folder is
 * looked at once, and a file only where its folder holds a link or is not listed; what changes later goes unseen.
 */
export class LinkGuard {
  readonly root: string;
  readonly #start: string;
  readonly #real: string;
  readonly #folders = new Map<string, KnownFolder>();

  constructor(root: string) {
    this.root = resolve(root);
    this.#start = withSeparator(this.root);
    this.#real = withoutLinks(this.root);
  }

  /**
   * Where a path leads that leaves the folder by a link; undefined for any other, also one of nothing.
   * @param path absolute, and as text below the folder, or the folder itself
   */
  leadsOut(path: string): string | undefined {
    if (path === this.root) return undefined;
    const folder = this.#folder(dirname(path));
    if (folder.hasLinks === undefined && ++folder.asked > mostSingly)
      folder.hasLinks = holdsLinks(folder.real);
    if (folder.isWithin && folder.hasLinks === false) return undefined;
    const file = join(folder.real, basename(path));
    if (folder.isWithin && !isLink(file)) return undefined;
    const real = withoutLinks(file);
    return this.#isWithin(real) ? undefined : real;
  }

  /** Tells what a folder below this one holds, for whoever has listed it anyway. */
  listed(folder: string, entries: readonly Dirent[]): void {
    this.#folder(folder).hasLinks = entries.some((entry) => entry.isSymbolicLink());
  }

  #folder(path: string): KnownFolder {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    // A folder that is no link lies where the one above it does, which most have in common.
    const isBelow = path !== this.root && path.startsWith(this.#start) && !isLink(path);
    const real = isBelow ? join(this.#folder(dirname(path)).real, basename(path)) : withoutLinks(path);
    const folder = { real, isWithin: this.#isWithin(real), hasLinks: undefined, asked: 0 };
    this.#folders.set(path, folder);
    return folder;
  }

  #isWithin(real: string): boolean {
    return real === this.#real || real.startsWith(withSeparator(this.#real));
  }
}

const withSeparator = (folder: string): string => (folder.endsWith(sep) ? folder : folder + sep);

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  } catch {
    return false; // what cannot be looked at cannot be opened
  }
}

function holdsLinks(folder: string): boolean {
  try {
    return readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isSymbolicLink());
  } catch {
    return true; // it cannot be listed, and each file is looked at
  }
}

/** An absolute path with every link followed, as far as it exists: a link to nothing leads to where that would be. */
function withoutLinks(path: string, links = 0): string {
  try {
    return realpathSync.native(path);
  } catch {
    const folder = dirname(path);
    if (folder === path || links > mostLinks) return path;
    const own = join(withoutLinks(folder, links), basename(path));
    return isLink(own) ? withoutLinks(resolve(dirname(own), readlinkSync(own)), links + 1) : own;
  }
}
