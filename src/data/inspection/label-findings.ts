// What labels and names alone say before any image is opened: classes that cannot be learned or scored, sources and lists
// without labels or positives, patients whose names are nearly one.
import { outline, visible } from "../../labels/wording.ts";
import { parts } from "../catalogue/listing.ts";
import type { ListCount } from "./counts.ts";
import { counted } from "../../errors/counted.ts";
import { finding, listName } from "./finding-kinds.ts";
import type { FindingCase, FindingKind, InspectionFinding } from "./finding-kinds.ts";
import type { OpenedList } from "./sightings.ts";

/** The labels of one class over several lists. */
function sum(counts: readonly ListCount[], k: number): { positive: number; negative: number; soft: number } {
  const total = (kind: "positive" | "negative" | "soft"): number =>
    counts.reduce((so, { classes }) => so + classes[k][kind], 0);
  return { positive: total("positive"), negative: total("negative"), soft: total("soft") };
}

export const imagesOf = (counts: readonly ListCount[]): number =>
  counts.reduce((total, { images }) => total + images, 0);

const knows = (count: ListCount, k: number): boolean => count.classes[k].absent < count.images;

/**
 * What lacks labels: classes to learn or to score, lists, sources.
 * @param isMasked whether labels are masks; default: whether pixels are counted
 */
export function classFindings(
  classes: readonly string[],
  counts: readonly ListCount[],
  isMasked = counts.some(({ pixels }) => pixels !== undefined),
): InspectionFinding[] {
  const training = counts.filter(({ part }) => part === "train");
  const score = isMasked ? "Dice" : "the AUC";
  const found: InspectionFinding[] = [];
  const about = (kind: FindingKind, chosen: readonly string[], sentence: (names: string) => string): void => {
    if (chosen.length === 0) return;
    const cases = chosen.map((name) => ({ class: name, samples: [] }));
    found.push(finding(kind, sentence(chosen.join(", ")), cases));
  };
  const unknown = classes.filter((_, k) => !counts.some((count) => knows(count, k)));
  about("unknown-class", unknown, (names) => `No source knows ${names}: every label is absent.`);

  const labelled = classes.filter((name) => !unknown.includes(name));
  // A manifest of test images alone is not meant to teach anything.
  if (imagesOf(training) > 0) {
    const untaught = labelled.filter(
      (name) => !training.some((count) => knows(count, classes.indexOf(name))),
    );
    about(
      "untaught-class",
      untaught,
      (names) =>
        `No image to train on has a label of ${names}: only a model that learned it before knows it.`,
    );
    const taught = labelled.filter((name) => !untaught.includes(name));
    const trainable = (name: string): ReturnType<typeof sum> => sum(training, classes.indexOf(name));
    about(
      "class-without-positives",
      taught.filter((name) => trainable(name).positive + trainable(name).soft === 0),
      (names) => `No image to train on is positive for ${names}: it cannot be learned.`,
    );
    // With masks, every pixel beside a class is a negative of it, on an image that shows it, too.
    about(
      "class-without-negatives",
      taught.filter((name) => !isMasked && trainable(name).negative + trainable(name).soft === 0),
      (names) => `No image to train on is negative for ${names}: it cannot be learned.`,
    );
  }
  for (const part of parts) {
    const scored = counts.filter((count) => count.part === part && count.images > 0);
    if (part === "train" || scored.length === 0) continue;
    if (scored.every(({ images, unlabelled }) => unlabelled === images)) {
      about(
        "class-without-score",
        classes,
        () => `No ${part} image has a label: nothing can be scored there.`,
      );
      continue;
    }
    for (const kind of isMasked ? (["positive"] as const) : (["positive", "negative"] as const)) {
      about(
        "class-without-score",
        labelled.filter((name) => sum(scored, classes.indexOf(name))[kind] === 0),
        (names) => `No ${part} image is ${kind} for ${names}: ${score} is undefined there.`,
      );
    }
  }
  for (const count of counts) {
    if (count.images === 0 || count.unlabelled < count.images) continue;
    found.push(
      finding("list-without-labels", `Every label of ${listName(count)} is absent.`, [
        { samples: [{ source: count.source, part: count.part, id: "" }] },
      ]),
    );
  }
  found.push(...negativeSources(classes, counts));
  if (training.length > 1) {
    for (const count of training) {
      const known = [...classes.keys()].filter((k) => knows(count, k));
      const others = training.filter((other) => other !== count);
      if (known.length === 0 || known.some((k) => others.some((other) => knows(other, k)))) continue;
      found.push(
        finding("lonely-source", `"${count.source}" shares no class with another source.`, [
          { samples: [{ source: count.source, part: count.part, id: "" }] },
        ]),
      );
    }
  }
  return found;
}

/** Sources that are positive for nothing: their words may not be what the manifest takes them for. */
function negativeSources(classes: readonly string[], counts: readonly ListCount[]): InspectionFinding[] {
  const sources = [...new Set(counts.map(({ source }) => source))];
  return sources.flatMap((source) => {
    const lists = counts.filter((count) => count.source === source && count.images > 0);
    const known = classes.filter((_, k) => lists.some((count) => knows(count, k)));
    const positives = classes.reduce((total, _, k) => {
      const { positive, soft } = sum(lists, k);
      return total + positive + soft;
    }, 0);
    if (known.length === 0 || positives > 0) return [];
    return finding(
      "negative-source",
      `Every label that "${source}" gives is negative: none of its ${counted(imagesOf(lists), "image")} is positive for ` +
        `${known.join(", ")}, which it is taken to know.`,
      lists.map(({ part }) => ({ samples: [{ source, part, id: "" }] })),
    );
  });
}

/** Patients of one dataset whose names in two sources differ by what a person may not notice: two, as far as we know. */
export function nearPatients(lists: readonly PatientList[]): InspectionFinding[] {
  const holders = new Map<string, Map<string, string>>();
  for (const { list, dataset } of lists) {
    const known = holders.get(dataset) ?? new Map<string, string>();
    for (const { patient } of list.samples) {
      if (patient !== undefined && !known.has(patient)) known.set(patient, list.source);
    }
    holders.set(dataset, known);
  }
  return [...holders.values()].flatMap((sourceOf) => {
    if (new Set(sourceOf.values()).size < 2) return [];
    const groups = new Map<string, string[]>();
    for (const name of sourceOf.keys()) {
      const key = outline(name);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [name]);
      else group.push(name);
    }
    const cases = [...groups.values()].flatMap((names): FindingCase[] => {
      const [first] = names;
      const other = names.find((name) => sourceOf.get(name) !== sourceOf.get(first));
      if (other === undefined || outline(first) === "") return [];
      return [{ name: first, count: names.length, samples: [], reason: `nearly ${visible(other)}` }];
    });
    if (cases.length === 0) return [];
    const [{ name = "", reason = "" }] = cases;
    return finding(
      "near-patients",
      `${counted(cases.length, "patient")} of one dataset ${cases.length === 1 ? "is" : "are"} named nearly as another in another ` +
        `source: ${visible(name)} is ${reason}; they are taken for two each, and if they are one, may be trained and tested on.`,
      cases,
    );
  });
}

/** A list as far as its patients are looked at. */
type PatientList = Pick<OpenedList, "list" | "dataset">;
