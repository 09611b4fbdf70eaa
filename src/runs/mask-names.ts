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
 * Paths for the masks of images, with "/", in their order. An image `a/b.jpg` of the source S becomes `S/a/b.png`; where another one
 * is there already, also where a system takes capitals for small letters, `S/a/b.jpg.png`, and then `S/a/b.jpg-2.png`.
 *
 * @param ending ".png" or ".nii.gz"
 */
export function maskNames(images: readonly NamedImage[], ending: string): string[] {
  const taken = new Set<string>();
  return images.map(({ source, id }) => {
    const steps = id.split(/[\\/]+/u).filter((step) => step !== "" && step !== "." && step !== "..");
    const name = steps.pop() ?? "_";
    const folder = [...(source === undefined ? [] : [source]), ...steps]
      .map((step) => `${safe(step)}/`)
      .join("");
    const isFree = (path: string): boolean => !taken.has(path.toLowerCase());
    let path = `${folder}${safe(withoutEnding(name))}${ending}`;
    if (!isFree(path)) path = `${folder}${safe(name)}${ending}`;
    for (let count = 2; !isFree(path); count++) path = `${folder}${safe(name)}-${count}${ending}`;
    taken.add(path.toLowerCase());
    return path;
  });
}
