// Which arrays of an .npz file are the images and the labels of which part: MedMNIST's own names, or those that a manifest states.
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import type { Part } from "../catalogue/listing.ts";
import type { RemarkFor } from "./array-images.ts";

/** The arrays of each part, or of a file without parts: the images and their labels. */
export interface Members {
  readonly train?: readonly [string, string] | undefined;
  readonly validation?: readonly [string, string] | undefined;
  readonly test?: readonly [string, string] | undefined;
  /** In place of the three: the arrays of a file that has no parts. */
  readonly all?: readonly [string, string] | undefined;
}

/** The two arrays of a part. */
export interface PartMembers {
  /** Before the number of an image in its id. */
  readonly key: string;
  readonly part: Part | undefined;
  readonly images: string;
  readonly labels: string;
}

/** MedMNIST's words for the parts. */
const standard = [
  { key: "train", part: "train" },
  { key: "val", part: "validation" },
  { key: "test", part: "test" },
] as const;

/**
 * The arrays of each part that a file has. A part without arrays is empty; arrays that no part takes are remarked upon, and
 * refused where they may be those of a part that has none.
 *
 * @param holds the names of all members
 * @throws DataError for a part with one of its two arrays, and a file with none
 */
export function partMembers(
  file: string,
  holds: readonly string[],
  stated: Members | undefined,
  entry: string,
): { readonly members: readonly PartMembers[]; readonly remarks: readonly RemarkFor[] } {
  const members =
    stated === undefined ? standardMembers(file, holds) : statedMembers(file, holds, stated, entry);
  const used = new Set(members.flatMap(({ images, labels }) => [images, labels]));
  const spare = holds.filter((member) => !used.has(member));
  if (spare.length === 0) return { members, remarks: [] };
  const listed = listMembers(spare);
  const missing = standard.filter(({ key }) => !members.some((part) => part.key === key));
  if (stated === undefined && missing.length > 0 && spare.some(mayBeOfAPart)) {
    const known = members.map(({ part, images, labels }) => `${part}: [${bare(images)}, ${bare(labels)}]`);
    throw new DataError(
      file,
      `has no arrays for ${missing.map(({ part }) => part).join(" and ")}, but others: ${listed}; ` +
        `say with members which arrays are whose, such as members: { ${known.join(", ")} }`,
    );
  }
  const remark: RemarkFor = (entry) => ({
    kind: "guess",
    sentence: `"${entry}" leaves out arrays of ${file} that are of no part: ${listed}.`,
    cases: spare.map((member) => ({ name: member, count: 1 })),
  });
  return { members, remarks: [remark] };
}

/** Whether a name sounds like the images or labels of a part. */
function mayBeOfAPart(member: string): boolean {
  return /train|val|dev|test|image|img|label|target|^[xy](?![a-z])/iu.test(member);
}

function standardMembers(file: string, holds: readonly string[]): PartMembers[] {
  const found = standard.flatMap(({ key, part }): PartMembers[] => {
    const [images, labels] = [`${key}_images.npy`, `${key}_labels.npy`];
    const has = [images, labels].filter((member) => holds.includes(member));
    if (has.length === 0) return [];
    if (has.length === 2) return [{ key, part, images, labels }];
    const lacks = has[0] === images ? labels : images;
    throw new DataError(file, `has ${has[0]}, but no member ${lacks}; it holds ${listMembers(holds)}`);
  });
  if (found.length > 0) return found;
  throw new DataError(
    file,
    `has no member train_images.npy; it holds ${listMembers(holds)}: say with members which arrays are images and ` +
      `which labels, such as members: ${likelyMembers(holds)}`,
  );
}

/** What a manifest might write for a file whose arrays have names that other tools give them. */
function likelyMembers(holds: readonly string[]): string {
  const pairs = standard.flatMap(({ key, part }) => {
    const found = (
      [
        [`x_${key}`, `y_${key}`],
        [`X_${key}`, `y_${key}`],
        [`${key}_x`, `${key}_y`],
        [`${key}_X`, `${key}_y`],
        [`${key}_data`, `${key}_labels`],
      ] as const
    ).find((names) => names.every((member) => holds.includes(`${member}.npy`)));
    return found === undefined ? [] : [`${part}: [${found.join(", ")}]`];
  });
  if (pairs.length > 0) return `{ ${pairs.join(", ")} }`;
  const alone = (
    [
      ["X", "y"],
      ["x", "y"],
      ["images", "labels"],
      ["data", "labels"],
    ] as const
  ).find((names) => names.every((member) => holds.includes(`${member}.npy`)));
  return `{ all: [${(alone ?? ["images", "labels"]).join(", ")}] }`;
}

function statedMembers(
  file: string,
  holds: readonly string[],
  members: Members,
  entry: string,
): PartMembers[] {
  const member = (name: string, field: string): string => {
    const whole = holds.includes(name) ? name : `${name}.npy`;
    if (holds.includes(whole)) return whole;
    const known = holds.map(bare);
    throw new ManifestError(
      entry,
      `members.${field}`,
      `names "${name}", which ${file} does not hold; it holds ${listMembers(holds)}${suggestion(bare(name), known)}`,
    );
  };
  const named = [...standard, { key: "", part: "all" } as const];
  return named.flatMap(({ key, part }): PartMembers[] => {
    const names = members[part];
    if (names === undefined) return [];
    const [images, labels] = [member(names[0], part), member(names[1], part)];
    return [{ key, part: part === "all" ? undefined : part, images, labels }];
  });
}

/** A member's name as np.load gives it. */
function bare(member: string): string {
  return member.replace(/\.npy$/u, "");
}

function listMembers(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((member) => JSON.stringify(member.slice(0, 40)));
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more`);
  return shown.length === 0 ? "nothing" : shown.join(", ");
}
