// Options of the commands, read and checked.

import { InvalidArgumentError } from "commander";
import { planes, type SliceAxis } from "../../data/volumes/slicing.ts";
import type { Checkpoints } from "../../training/checkpoint.ts";
import { studies, studyNames, type StudyName } from "../../studies/studies.ts";
import { bytesIn } from "../../files/byte-sizes.ts";
import { suggestion } from "../../errors/nearest.ts";

/** A parser of whole numbers from `minimum` to `maximum`, by default 2^31. */
export function wholeNumber(option: string, minimum: number, maximum = 2 ** 31): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`${option} takes a whole number from ${minimum} to ${maximum}.`);
    }
    return value;
  };
}

/** The fold of an image is a byte. */
const mostFolds = 255;

const units = { MiB: 2 ** 20, GiB: 2 ** 30 } as const;
/** The least --memory: batches and shards of the cache must fit into it. */
const leastMemory = 16 * units.MiB;

/** A parser of the number of folds. */
export const foldCount = wholeNumber("--folds", 2, mostFolds);

/** A parser of memory sizes: MiB, or with a unit. */
export function memorySize(text: string): number {
  const [, number, unit = "MiB"] = /^(\d+(?:\.\d+)?) ?(MiB|GiB)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (unit.toLowerCase() === "gib" ? units.GiB : units.MiB));
  if (!(bytes >= leastMemory && bytes <= 2 ** 50)) {
    throw new InvalidArgumentError(
      "--memory takes MiB, or a number with its unit, such as 2GiB; 16 MiB or more.",
    );
  }
  return bytes;
}

/** A parser of sizes on disk, with their unit. */
export const sizeInBytes =
  (option: string) =>
  (text: string): number => {
    const bytes = bytesIn(text);
    if (bytes === undefined)
      throw new InvalidArgumentError(`${option} takes a size with its unit, such as 5GB or 2GiB.`);
    return bytes;
  };

const hour = 3_600_000;
const hoursOf: Readonly<Record<string, number>> = { h: 1, d: 24, w: 7 * 24 };

/** A parser of ages: a number of hours, days or weeks. */
export function ageInMilliseconds(text: string): number {
  const [, number, unit = ""] = /^(\d{1,6}(?:\.\d+)?)([hdw])$/.exec(text) ?? [];
  if (number === undefined)
    throw new InvalidArgumentError("--older-than takes hours, days or weeks, such as 12h, 30d or 2w.");
  return Number(number) * hoursOf[unit] * hour;
}

/** A parser of image sizes: height x width, or height x width x channels. */
export function imageShape(text: string): { height: number; width: number; channels: number } {
  const [, height, width, channels = "1"] = /^(\d{1,4})x(\d{1,4})(?:x([1-4]))?$/.exec(text) ?? [];
  if (height === undefined || width === undefined || Number(height) < 1 || Number(width) < 1) {
    throw new InvalidArgumentError("--image takes HEIGHTxWIDTHxCHANNELS, such as 224x224x3.");
  }
  return { height: Number(height), width: Number(width), channels: Number(channels) };
}

/** A parser of checkpoint intervals: minutes, or steps. */
export function checkpointInterval(text: string): NonNullable<Checkpoints["every"]> {
  const [, number, unit = "min"] = /^(\d+(?:\.\d+)?) ?(min|minutes|steps)?$/.exec(text) ?? [];
  const value = Number(number);
  if (unit === "steps" && Number.isSafeInteger(value) && value >= 1) return { steps: value };
  if (unit !== "steps" && value > 0 && value <= 1e6) return { seconds: 60 * value };
  throw new InvalidArgumentError(
    "--checkpoint-every takes minutes, such as 5, or a number of steps, such as 200steps.",
  );
}

/** Collects `--candidate OPERATOR=NAME`, also several of them parted by commas or blanks. */
export function candidateOption(
  text: string,
  before: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const chosen = text.split(/[\s,]+/u).filter((each) => each !== "");
  const pairs = chosen.map((each): readonly [string, string] => {
    const [, operator, name] = /^([^=]+)=([^=]+)$/.exec(each) ?? [];
    if (operator === undefined || name === undefined) {
      throw new InvalidArgumentError(
        `--candidate takes OPERATOR=NAME, such as conv2d=direct, and not ${JSON.stringify(each)}.`,
      );
    }
    return [operator, name];
  });
  if (pairs.length === 0) {
    throw new InvalidArgumentError("--candidate takes OPERATOR=NAME, such as conv2d=direct.");
  }
  return new Map([...before, ...pairs]);
}

/** A parser of the penalty of weights. */
export function penalty(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1e6)) {
    throw new InvalidArgumentError("--l2 takes a number from 0 to 1000000, such as 0.01.");
  }
  return value;
}

/** A parser of a difference of AUCs, or of other measures from 0 to 1. */
export function difference(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > 0 && value < 1)) {
      throw new InvalidArgumentError(`${option} takes a number between 0 and 1, such as 0.003.`);
    }
    return value;
  };
}

/** A parser of a learning rate. */
export function learningRate(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value > 0 && value <= 1e6)) {
      throw new InvalidArgumentError(`${option} takes a learning rate above 0, such as 1e-6.`);
    }
    return value;
  };
}

/** A parser of a specificity or a sensitivity. */
export function rate(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= 0 && value <= 1)) {
      throw new InvalidArgumentError(`${option} takes a rate from 0 to 1, such as 0.95.`);
    }
    return value;
  };
}

/** A parser of the bits of a sample. */
export function sampleBits(text: string): number {
  const bits = Number(text);
  if (/^\d+$/u.test(text) && bits >= 1 && bits <= 16) return bits;
  throw new InvalidArgumentError("--bits takes a whole number from 1 to 16.");
}

/** A parser of a window of grey levels, its ends parted by a comma or a blank. */
export function greyWindow(text: string): readonly [low: number, high: number] {
  const ends = text.trim().split(/\s*,\s*|\s+/u);
  const [low, high] = ends.map(Number);
  if (ends.length === 2 && !ends.includes("") && low < high && Number.isFinite(high - low))
    return [low, high];
  throw new InvalidArgumentError(
    "--window takes the number that becomes black and a larger one that becomes white, such as 0,4095.",
  );
}

/** A parser of the axis across which volumes are cut. */
export function sliceAxis(text: string): SliceAxis {
  const axis = ([...planes, 0, 1, 2] as const).find((each) => String(each) === text);
  if (axis !== undefined) return axis;
  const near = suggestion(text, planes);
  throw new InvalidArgumentError(
    `there is no axis "${text}"${near}; --axis takes ${planes.join(", ")}, or an axis of the files, 0, 1 or 2.`,
  );
}

/** A parser of the names of studies. */
export function studyName(text: string): StudyName {
  const name = studyNames.find((each) => each === text);
  if (name !== undefined) return name;
  const near = suggestion(text, studyNames) || ";";
  throw new InvalidArgumentError(`there is no study "${text}"${near} there are ${studyNames.join(", ")}.`);
}

/** What `--interest` is for, by the studies that have a use for it. */
export function interestHelp(): string {
  const uses = studyNames.flatMap((name) => {
    const { interest } = studies[name];
    if (interest === "none") return [];
    return interest === "one" ? [`${name} (one)`] : [`${name} (default: all)`];
  });
  return `classes that ${uses.join(" or ")} is about`;
}

/** What each study asks, a line each. */
export function studyQuestions(): string {
  const width = Math.max(...studyNames.map((name) => name.length));
  const lines = studyNames.map((name) => `  ${name.padEnd(width)}  ${studies[name].question}`);
  return `\nStudies:\n${lines.join("\n")}`;
}
