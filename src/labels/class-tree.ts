// Classes that stand below other classes: a tree as the number of the class right above each one, which every floor shares
// that has to do with labels or logits.

/** The class right above each class, by number; -1 for a class that stands below none. */
export type Parents = readonly number[];

/** What a number stands for where nothing is above a class. */
export const noParent = -1;

/** Why these are not the parents of so many classes, as the end of a sentence; undefined where they are. */
export function parentsProblem(parents: Parents, count: number): string | undefined {
  if (parents.length !== count) return `has ${parents.length} numbers for ${count} classes`;
  const odd = parents.find((above) => !Number.isInteger(above) || above < noParent || above >= count);
  if (odd !== undefined) return `names the class ${odd}, and there are ${count}; -1 stands for none`;
  const circular = parents.findIndex((_, k) => ancestorsOf(parents, k).includes(k));
  return circular < 0 ? undefined : `puts class ${circular} above itself`;
}

/** The classes above a class, the nearest first; where the parents go in a circle, each once. */
export function ancestorsOf(parents: Parents, k: number): readonly number[] {
  const found: number[] = [];
  for (let above = parents[k]; above >= 0 && !found.includes(above); above = parents[above])
    found.push(above);
  return found;
}

/** Whether a class is above another one, at whatever distance; a number below 0 is no class. */
export function isAbove(parents: Parents, above: number, k: number): boolean {
  return above >= 0 && k >= 0 && ancestorsOf(parents, k).includes(above);
}

/** How many classes are above each class. */
export function depthsOf(parents: Parents): readonly number[] {
  return parents.map((_, k) => ancestorsOf(parents, k).length);
}

/** The classes right below each class. */
export function childrenOf(parents: Parents): readonly (readonly number[])[] {
  return parents.map((_, k) => [...parents.keys()].filter((child) => parents[child] === k));
}

/** All classes with every one behind those below it; of equal depth, in their order. */
export function childrenFirst(parents: Parents): readonly number[] {
  const depths = depthsOf(parents);
  return [...parents.keys()].sort((a, b) => depths[b] - depths[a] || a - b);
}

/**
 * Raises logits so that no class is less likely than one below it: each becomes the largest of its own and of all below. A NaN
 * stays where it is, and is passed on to the classes above.
 *
 * @param logits [N, K], changed in place
 */
export function raiseAboveChildren(logits: Float32Array, parents: Parents): void {
  const order = childrenFirst(parents).filter((k) => parents[k] >= 0);
  const width = parents.length;
  for (let row = 0; row < logits.length; row += width) {
    for (const k of order) {
      const above = row + parents[k];
      logits[above] = Math.max(logits[above], logits[row + k]);
    }
  }
}

/**
 * The classes that labels of some classes say something of: those themselves, those below them, of which a negative says that
 * they are not there, and those above them, of which a positive says that they are.
 *
 * @param known [K]
 */
export function grownKnowledge(known: readonly boolean[], parents: Parents): readonly boolean[] {
  const above = parents.map((_, k) => ancestorsOf(parents, k));
  return known.map(
    (own, k) =>
      own || above[k].some((a) => known[a]) || above.some((list, other) => known[other] && list.includes(k)),
  );
}

/**
 * The parents of some of the classes, in the given order. A class of which not all children are kept is above none: that one
 * of those that are left is there would not be true.
 */
export function keptParents(
  parents: Parents,
  classes: readonly string[],
  kept: readonly string[],
): Parents | undefined {
  const whole = childrenOf(parents).map((list) => list.every((child) => kept.includes(classes[child])));
  const found = kept.map((name) => {
    const above = parents[classes.indexOf(name)];
    return above >= 0 && whole[above] ? kept.indexOf(classes[above]) : noParent;
  });
  return found.some((above) => above >= 0) ? found : undefined;
}
