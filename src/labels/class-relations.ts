// How the classes of a list stand to each other. Whatever holds such a list holds these, too.

import { keptParents, type Parents } from "./class-tree.ts";
import { keptGroups, type ExclusiveGroups } from "./label-map.ts";

export interface ClassRelations {
  /** The class above each class, and -1 for none; left out where no class is above another. */
  readonly parents?: Parents | undefined;
  /** Of pixels: classes of which one has at most one, by number; left out where no two exclude each other. */
  readonly exclusive?: ExclusiveGroups | undefined;
  /** Of pixels: whether each is of one of the classes at least, so that there is no background; left out where it need not be. */
  readonly exhaustive?: boolean | undefined;
}

/** Those that there are, and no field for the others. */
export const relationsOf = ({ parents, exclusive, exhaustive }: ClassRelations): ClassRelations => ({
  ...(parents === undefined ? {} : { parents }),
  ...(exclusive === undefined ? {} : { exclusive }),
  ...(exhaustive === true ? { exhaustive } : {}),
});

/** Those among some of the classes, by the numbers that these have by themselves. */
export const keptRelations = (
  { parents, exclusive = [], exhaustive }: ClassRelations,
  classes: readonly string[],
  kept: readonly string[],
): ClassRelations =>
  relationsOf({
    parents: parents && keptParents(parents, classes, kept),
    exclusive: keptGroups(exclusive, classes, kept),
    exhaustive: exhaustive === true && classes.every((name) => kept.includes(name)),
  });

/** Whether a pixel has at most one of all the classes. */
export const allExclude = (groups: ExclusiveGroups, classes: number): boolean =>
  classes === 1 || groups.some((group) => new Set(group).size === classes);
