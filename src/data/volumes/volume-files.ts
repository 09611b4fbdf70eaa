// Which files are volumes: those of a folder, a single one, or those that a path with {name} in it fits.
import { readdir, realpath, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { isHarmless } from "../../files/harmless.ts";
import { askFolder, exists } from "../../files/paths.ts";
import type { Links } from "../catalogue/listing.ts";
import { isUnnamedDicom } from "../images/dicom-names.ts";

export interface VolumeFile {
  /** Its path without the ending, from the folder of all: unique in it. */
  readonly id: string;
  /** What a path of masks has in place of {name} and {folder}. */
  readonly name: string;
  readonly folder: string;
  /** The absolute path. */
  readonly file: string;
}

/** Endings of NIfTI files. */
export const volumeSuffixes = [".nii.gz", ".nii"] as const;

const ending = /\.nii(?:\.gz)?$/iu;
export const isVolumeName = (name: string): boolean => ending.test(name);
export const volumeStem = (name: string): string => name.replace(ending, "");

/** What lies beside volumes in published sets and is none: descriptions, tables, licences, gradients. */
const beside = /(?:\.(?:json|txt|md|csv|tsv|xlsx?|ya?ml|pdf|bval|bvec|png|jpe?g)|LICENSE|README|CHANGES)$/iu;
const dicomName = /\.(?:dcm|dicom|ima)$/iu;
const pairName = /\.(?:hdr|img)(?:\.gz)?$/iu;

/** Far more than any set of volumes has. */
const mostVolumes = 100_000;
const deepest = 16;

/** DICOM is not read as volumes. */
export const dicomAdvice =
  "DICOM is not read as volumes; convert each series with dcm2niix: dcm2niix -z y -o OUT FOLDER";

/** What a folder holds: volumes, and the paths of all other files, from the folder. */
export interface FilesBelow {
  readonly volumes: readonly VolumeFile[];
  readonly others: readonly string[];
}

/**
 * All files of a folder, at any depth, in the order of their paths.
 * @param links which are refused
 * @throws DataError where the folder cannot be read, or holds too much
 */
export async function filesBelow(root: string, links?: Links): Promise<FilesBelow> {
  const volumes: VolumeFile[] = [];
  const others: string[] = [];
  const seen = new Set<string>();
  const visit = async (below: string, depth: number): Promise<void> => {
    const folder = join(root, below);
    const real = await askFolder(folder, (path) => realpath(path));
    if (seen.has(real)) return;
    seen.add(real);
    if (depth > deepest) throw new DataError(folder, `lies over ${deepest} folders deep`);
    const names = (await askFolder(folder, (path) => readdir(path))).filter((name) => !isHarmless(name));
    for (const name of names.sort()) {
      const path = posix.join(below, name);
      links?.refuse(join(root, path));
      const kind = await stat(join(root, path)).catch(() => undefined);
      if (kind?.isDirectory() === true) await visit(path, depth + 1);
      else if (isVolumeName(name)) volumes.push(volumeFile(root, path));
      else others.push(path);
      if (volumes.length > mostVolumes) throw new DataError(root, `holds over ${mostVolumes} volumes`);
    }
  };
  await visit("", 1);
  return { volumes, others };
}

/**
 * The volumes of a folder.
 *
 * @param bad told of each file that is none and does not belong beside volumes
 * @param links which are refused
 * @throws DataError where there are none, and as `filesBelow`
 */
export async function volumesBelow(
  root: string,
  bad: (error: DataError) => void,
  links?: Links,
): Promise<readonly VolumeFile[]> {
  const { volumes, others } = await filesBelow(root, links);
  const faults: DataError[] = [];
  for (const path of others) if (!beside.test(path)) faults.push(await noVolume(join(root, path)));
  if (volumes.length === 0) {
    const [first] = faults;
    const why = first === undefined ? "" : `; what is there is none: ${first.message}`;
    throw new DataError(root, `holds no volume (${volumeSuffixes.join(", ")})${why}`);
  }
  for (const fault of faults) bad(fault);
  return volumes;
}

/**
 * The volumes that a path fits, in which {name} stands for the name, or a part of the name, of one folder or file.
 *
 * @param root of the path
 * @param refuse called for a path that cannot be meant
 * @throws DataError where it fits none
 */
export async function volumesLike(
  root: string,
  path: string,
  refuse: (reason: string) => never,
): Promise<VolumeFile[]> {
  const parts = path.split("/");
  const at = parts.findIndex((part) => part.includes("{name}"));
  const [before, after, ...more] = at < 0 ? [""] : parts[at].split("{name}");
  const rest = parts.slice(at + 1);
  if (at < 0 || more.length > 0 || /[{}]/u.test(path.replace("{name}", ""))) {
    return refuse(`is ${JSON.stringify(path)}; {name} stands in it once, and no other braces do`);
  }
  const folder = join(root, ...parts.slice(0, at));
  const names = (await askFolder(folder, (each) => readdir(each))).filter((name) => !isHarmless(name));
  const found: VolumeFile[] = [];
  for (const name of names.sort()) {
    if (name.length <= before.length + after.length) continue;
    if (!name.startsWith(before) || !name.endsWith(after)) continue;
    const file = join(folder, name, ...rest);
    if (rest.length > 0 && !(await exists(file))) continue;
    const inside = name.slice(before.length, name.length - after.length);
    found.push({ id: inside, name: inside, folder: ".", file });
  }
  if (found.length === 0) throw new DataError(folder, `holds nothing that ${path} fits`);
  return found;
}

export function volumeFile(root: string, path: string): VolumeFile {
  const stem = volumeStem(path);
  return { id: stem, name: posix.basename(stem), folder: posix.dirname(path), file: join(root, path) };
}

async function noVolume(file: string): Promise<DataError> {
  if (dicomName.test(file) || (await isUnnamedDicom(file))) return new DataError(file, dicomAdvice);
  return new DataError(
    file,
    pairName.test(file)
      ? "is of a pair of files (.hdr and .img), which are not read; save it as one file, .nii.gz"
      : `is no volume by its name (${volumeSuffixes.join(", ")})`,
  );
}
