// The `arms` section of a manifest: changes of its `train` section by name, which `tessera study settings` compares.
import { z } from "zod";
import type { FieldPath } from "../data/manifest/complaints.ts";
import { isNotNull, train, type TrainSection } from "./train-section.ts";

/** Each arm as the `train` section that it comes to: nothing is left out. */
export const arms = z.record(z.string().trim().min(1), train).optional();

/** What an arm says in the place of something that `train` says under another name. */
const displaced: Readonly<Record<string, readonly string[]>> = {
  steps: ["epochs"],
  epochs: ["steps"],
  warmupSteps: ["warmupEpochs"],
  warmupEpochs: ["warmupSteps"],
  head: ["headBias"],
};

type Tree = Readonly<Record<string, unknown>>;

/** A manifest as it is written, each of its arms with what `train` says and the arm does not; null takes a field of `train` away. */
export function withWholeArms(tree: Tree): Tree {
  const { arms: asked, train: section = {} } = tree;
  if (!isGroup(asked) || !isGroup(section)) return tree;
  const whole = (said: unknown): unknown => {
    // `plain:` with nothing behind it is an arm that changes nothing.
    const arm = said ?? {};
    if (!isGroup(arm)) return said;
    const leftOut = new Set(Object.keys(arm).filter((field) => arm[field] === null && isNotNull(field)));
    const given = Object.entries(arm).filter(([field]) => !leftOut.has(field));
    const gone = new Set([...leftOut, ...given.flatMap(([field]) => displaced[field] ?? [])]);
    return Object.fromEntries([...Object.entries(section).filter(([field]) => !gone.has(field)), ...given]);
  };
  return {
    ...tree,
    arms: Object.fromEntries(Object.entries(asked).map(([name, arm]) => [name, whole(arm)])),
  };
}

/** The `train` section and those of all arms, each with its place in the file. */
export const trainSections = ({
  train: section,
  arms: asked = {},
}: {
  readonly train: TrainSection;
  readonly arms?: Readonly<Record<string, TrainSection>> | undefined;
}): readonly { readonly section: TrainSection; readonly path: FieldPath }[] => [
  { section, path: ["train"] },
  ...Object.entries(asked).map(([name, arm]) => ({ section: arm, path: ["arms", name] })),
];

const isGroup = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);
