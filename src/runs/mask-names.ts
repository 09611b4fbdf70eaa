// Names of the files of predicted masks: the folders of the images again, and no two images write one file.

import { imageSuffixes } from "../data/images/image-names.ts";

/** What becomes of one image. */
export interface NamedImage {
  /** The source, which becomes a folder; undefined for none. */
  readonly source?: string | undefined;
  /** Its identifier in the source: a path, or a number. */
  readonly id: string;
}

/** Endings of images and volumes; a mask has its own in their place. */
const endings = [...imageSuffixes, ".nii"].sort((a, b) => b.length - a.length);

/** The name without the ending of an image, or undefined where that leaves nothing. */
function withoutEnding(name: string): string {
  const bare = name.replace(/\.gz$/iu, "");
  const ending = endings.find((each) => bare.toLowerCase().endsWith(each) && bare.length > each.length);
  return ending === undefined ? name : bare.slice(0, -ending.length);
}

/** A part of a path that every system takes, and that leads nowhere else. */
function safe(part: string): string {
  const kept = part.replace(/[^\p{L}\p{N}._ ()+,=@-]+/gu, "_").replace(/[. ]+$/u, "");
  return kept === "" ? "_" : kept.slice(0, 120);
}

/**
 * Paths for the masks of images, with "/", in their order. An image `a/b.jpg` of the source S becomes `S/a/b.png`. Where several
 * would share a path, also where a system takes capitals for small letters, all of them keep their endings: `S/a/b.jpg.png` and
 * `S/a/b.png.png`, so that nobody who pairs files by name takes another image's mask. What is still shared then is numbered.
 *
 * @param ending ".png" or ".nii.gz"
 */
export function maskNames(images: readonly NamedImage[], ending: string): string[] {
  const named = images.map(({ source, id }) => {
    const steps = id.split(/[\\/]+/u).filter((step) => step !== "" && step !== "." && step !== "..");
    const name = steps.pop() ?? "_";
    const folders = [...(source === undefined ? [] : [source]), ...steps];
    const folder = folders.map((step) => `${safe(step)}/`).join("");
    return { short: `${folder}${safe(withoutEnding(name))}`, whole: `${folder}${safe(name)}` };
  });
  const keepsEnding = namesKept(named);
  const taken = new Set<string>();
  return named.map(({ short, whole }, at) => {
    const name = keepsEnding[at] ? whole : short;
    let path = `${name}${ending}`;
    for (let count = 2; taken.has(path.toLowerCase()); count++) path = `${name}-${count}${ending}`;
    taken.add(path.toLowerCase());
    return path;
  });
}

/** Of each image, whether another one would have its path without the ending. */
function namesKept(named: readonly { readonly short: string; readonly whole: string }[]): boolean[] {
  const keeps = named.map(() => false);
  // A name that keeps its ending may be the short one of another image: a.jpg, a.png and a.jpg.bmp.
  for (let before = -1, kept = 0; kept !== before;) {
    const names = named.map(({ short, whole }, at) => (keeps[at] ? whole : short).toLowerCase());
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const [at, name] of names.entries()) keeps[at] ||= (counts.get(name) ?? 0) > 1;
    [before, kept] = [kept, keeps.filter(Boolean).length];
  }
  return keeps;
}
