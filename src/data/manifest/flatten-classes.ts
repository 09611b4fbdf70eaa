// Classes as a manifest writes them, a list or a tree: one flat list, every class in front of those below it, and beside it the
// class right above each.
import { noParent } from "../../labels/class-tree.ts";
import type { FieldPath } from "./complaints.ts";
import { SpelledNumber } from "./spelled-number.ts";

export interface FlatClasses {
  /** As they are written; whether they are names is looked at where the list is read. */
  readonly classes: readonly unknown[];
  /** Undefined where no class is above another. */
  readonly parents: readonly number[] | undefined;
  /** Where each class stands in the manifest. */
  readonly paths: readonly FieldPath[];
}

/** A mistake in the form of the tree. */
export interface ClassesFault {
  readonly path: FieldPath;
  readonly reason: string;
}

/** Levels of a tree: more than any list of findings has. */
const mostLevels = 32;

/**
 * @param written what stands under `classes`: a list of names and of groups of keys, each key a class and under it, again a list
 *   or a group, the classes below it; or such a group alone
 * @returns undefined for anything that is no list and no group of keys
 */
export function flattenClasses(written: unknown): FlatClasses | ClassesFault | undefined {
  if (!isGroup(written) && !Array.isArray(written)) return undefined;
  const [classes, parents, paths]: [unknown[], number[], FieldPath[]] = [[], [], []];
  let fault: ClassesFault | undefined;
  const refuse = (path: FieldPath, reason: string): void => {
    fault ??= { path, reason };
  };
  const add = (name: unknown, parent: number, path: FieldPath): number => {
    classes.push(name);
    parents.push(parent);
    paths.push(path);
    return classes.length - 1;
  };
  const walk = (node: unknown, parent: number, path: FieldPath): void => {
    if (fault !== undefined) return;
    if (path.length > 2 * mostLevels) {
      refuse(path, `goes over ${mostLevels} levels deep`);
    } else if (Array.isArray(node)) {
      for (const [i, item] of (node as readonly unknown[]).entries()) {
        if (Array.isArray(item))
          refuse([...path, i], "must be the name of a class, or a class with those below it: Name: [a, b]");
        else if (isGroup(item)) walk(item, parent, [...path, i]);
        else add(item, parent, [...path, i]);
      }
    } else if (isGroup(node)) {
      const names = Object.keys(node);
      // Keys that are numbers come first in JavaScript, wherever they stand in the file.
      if (names.length > 1 && names.some((name) => /^\d+$/u.test(name))) {
        refuse(path, "has a name that is a number among several; write them as a list: [1: [a, b], 2]");
      }
      if (names.length === 0) refuse(path, "is empty");
      for (const name of names) {
        const below = node[name];
        const own = add(name, parent, [...path, name]);
        if (below === null) continue;
        if (Array.isArray(below) || isGroup(below)) walk(below, own, [...path, name]);
        else refuse([...path, name], "must be a list of the classes below it, as [a, b]");
      }
    }
  };
  walk(written, noParent, ["classes"]);
  if (fault !== undefined) return fault;
  return { classes, parents: parents.some((above) => above >= 0) ? parents : undefined, paths };
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof SpelledNumber)
  );
}
