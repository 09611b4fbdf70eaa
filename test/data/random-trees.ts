// Random tables of classes above classes, and what each says of every image through the tree: worked out from the manual's rules
// (docs/manifests.md, "Classes above classes"), class by class, with nothing of what is tested.
import { randomStream } from "../../src/data/random-stream.ts";
import { randomTable, saidBy, stateOf, strongest } from "./random-tables.ts";
import type { RandomTable, Said, States } from "./random-tables.ts";

/** The tree as a manifest has it. */
export const tree = "[{ Finding: [{ Opacity: [Lump, Fluid] }, hernia] }]";
export const treeClasses = ["Finding", "Opacity", "Lump", "Fluid", "hernia"] as const;
type Class = (typeof treeClasses)[number];
type State = number | "absent";

const children: Readonly<Record<Class, readonly Class[]>> = {
  ...{ Finding: ["Opacity", "hernia"], Opacity: ["Lump", "Fluid"] },
  ...{ Lump: [], Fluid: [], hernia: [] },
};
const below = (name: Class): readonly Class[] => children[name].flatMap((child) => [child, ...below(child)]);
/** The nearest first. */
const above = (name: Class): readonly Class[] =>
  treeClasses.filter((other) => below(other).includes(name)).reverse();

/** A random table whose nodules are opacities, and that may know classes by those below them alone. */
export function randomTreeTable(seed: number): RandomTable {
  const random = randomStream(seed, "tree");
  const { knows: _, ...table } = randomTable(seed);
  const speakers = table.kind === "words" ? (table.words ?? []) : table.columns;
  const mapping = Object.fromEntries(
    Object.entries(table.mapping).map(([label, target]) => [label, label === "nodule" ? "Opacity" : target]),
  );
  const reached = treeClasses.filter(
    (name) => Object.values(mapping).includes(name) || speakers.includes(name),
  );
  const possible = treeClasses.filter(
    (name) => reached.includes(name) || below(name).some((other) => reached.includes(other)),
  );
  const knows = possible.filter(() => random.uniform() < 0.5);
  return { ...table, mapping, ...(knows.length > 0 && random.uniform() < 0.7 ? { knows } : {}) };
}

/** As `statedBy`, in the order of `treeClasses`. */
export function statedInTree(table: RandomTable, skipBad: boolean): ReadonlyMap<string, States> | undefined {
  const found = saidBy(table, skipBad);
  if (found === undefined) return undefined;
  const { spoken, images } = found;
  return new Map(Array.from(images, ([image, said]) => [image, throughTree(table, spoken, said)]));
}

function throughTree(table: RandomTable, spoken: readonly string[], said: readonly Said[]): States {
  const isList = table.kind === "words";
  const classOf = (label: string): Class | undefined =>
    treeClasses.find((name) => name === (table.mapping[label] ?? label));
  const isLabelled = (name: Class): boolean => spoken.some((label) => classOf(label) === name);
  const knows = (name: Class): boolean => table.knows?.includes(name) ?? isLabelled(name);
  // Known by labels below it alone: these are its own.
  const isByThose = (name: Class): boolean =>
    knows(name) && (isList || !isLabelled(name)) && !below(name).some(knows);
  const owner = (label: string): Class | undefined => {
    const own = classOf(label);
    if (own === undefined || knows(own)) return own;
    return above(own).find(isByThose);
  };
  const saying = (name: Class): Said | undefined => {
    const own = said.filter((_, k) => owner(spoken[k]) === name);
    return own.length === 0 ? undefined : strongest(own);
  };
  const isNamed = (name: Class): boolean =>
    said.some((word, k) => word === "yes" && (classOf(spoken[k]) === name || owner(spoken[k]) === name));

  const states = new Map<Class, State | "open">(
    treeClasses.map((name) => {
      const word = knows(name) ? saying(name) : undefined;
      return [name, word === undefined ? "absent" : stateOf(table, word)];
    }),
  );
  const is = (name: Class, state: State | "open"): boolean => states.get(name) === state;
  const shows = (name: Class): boolean => is(name, 1) || isNamed(name);
  // A negative that nobody says makes room.
  for (const name of treeClasses) {
    const word = saying(name);
    if (!is(name, 0) || !(word === "" || (isList && word === "no"))) continue;
    const next = above(name).find((other) => [0, 1, "open"].some((state) => is(other, state as State)));
    if (below(name).some(shows)) states.set(name, "absent");
    else if (next !== undefined && (is(next, "open") || (is(next, 1) && !below(next).some(shows))))
      states.set(name, "open");
  }
  for (const name of treeClasses) if (is(name, "open")) states.set(name, "absent");

  const doubted = new Set<Class>();
  for (const name of treeClasses) {
    const wrong = is(name, 0) ? below(name).filter((other) => is(other, 1)) : [];
    if (wrong.length > 0) for (const each of [name, ...wrong]) doubted.add(each);
    const own = children[name];
    if (is(name, 1) && own.length > 0 && own.every((child) => is(child, 0))) {
      for (const each of [name, ...own]) doubted.add(each);
    }
  }
  const given = new Map(states);
  const certain = (name: Class, state: State): boolean => given.get(name) === state && !doubted.has(name);
  for (const name of treeClasses) {
    if (given.get(name) !== "absent") continue;
    const isThere = below(name).some((other) => certain(other, 1));
    const isNot = above(name).some((other) => certain(other, 0));
    if (isThere && !isNot) states.set(name, 1);
    if (isNot && !isThere) states.set(name, 0);
  }
  for (const name of [...treeClasses].reverse()) {
    const follows = knows(name) && !isLabelled(name) && !isByThose(name);
    if (follows && is(name, "absent") && children[name].every((child) => is(child, 0) && !doubted.has(child)))
      states.set(name, 0);
  }
  return treeClasses.map((name) => states.get(name) as State);
}
