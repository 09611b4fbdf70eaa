// Labels through random small trees, against all ways in which the classes of an image can be there or not: what is the same in
// each way that the source's labels leave open follows, and nothing else does.
import { expect, test } from "vitest";
import { settle } from "../../src/data/catalogue/mapping.ts";
import { followTree, mapThroughTree, standInRemark } from "../../src/data/catalogue/tree-labels.ts";
import { rawLabel } from "../../src/labels/raw-labels.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const A = 255;
const soft = 150;

interface Image {
  readonly parents: readonly number[];
  readonly states: readonly number[];
  /** Whether a negative is only the way in which the source is read. */
  readonly read: readonly boolean[];
  /** Classes without a label of their own that are negative where all their children are. */
  readonly follows: readonly boolean[];
}

/** Up to seven classes in up to three levels. */
function drawn(seed: number): Image {
  const random = randomStream(seed, "trees");
  const below = (most: number): number => Math.floor(random.uniform() * most);
  const count = 2 + below(6);
  const parents: number[] = [];
  const depths: number[] = [];
  for (let k = 0; k < count; k++) {
    const choices = [-1, ...[...parents.keys()].flatMap((p) => (depths[p] < 2 ? [p, p] : []))];
    const parent = choices[below(choices.length)];
    parents.push(parent);
    depths.push(parent < 0 ? 0 : depths[parent] + 1);
  }
  const follows = parents.map((_, k) => parents.includes(k) && below(4) === 0);
  const states = parents.map((_, k) => (follows[k] ? A : [0, 0, 1, 1, A, A, soft][below(7)]));
  const read = states.map((state) => state === 0 && below(2) === 0);
  return { parents, states, read, follows };
}

/** What the manual says, by brute force. */
function expected({ parents, states, read, follows }: Image) {
  const classes = [...parents.keys()];
  const isAbove = (a: number, k: number): boolean => {
    for (let p = parents[k]; p >= 0; p = parents[p]) if (p === a) return true;
    return false;
  };
  const childrenOf = (k: number): number[] => classes.filter((c) => parents[c] === k);
  const positiveBelow = (k: number): boolean => classes.some((c) => isAbove(k, c) && states[c] === 1);
  // A negative that nobody says makes room for what is listed below it, and below a class that is listed as such; where the
  // source says of a class in between that it is not there, that says it of all below.
  const given = states.map((state, k) => {
    if (!read[k]) return state;
    if (positiveBelow(k)) return A;
    const open = classes.some(
      (a) =>
        isAbove(a, k) &&
        states[a] === 1 &&
        !positiveBelow(a) &&
        !classes.some((m) => isAbove(a, m) && isAbove(m, k) && states[m] === 0 && !read[m]),
    );
    return open ? A : state;
  });
  const pairs: (readonly [number, number | undefined])[] = [];
  const doubted = new Set<number>();
  for (const k of classes) {
    for (const c of classes) {
      if (!isAbove(k, c) || given[k] !== 0 || given[c] !== 1) continue;
      pairs.push([k, c]);
      doubted.add(k).add(c);
    }
  }
  const saidEmpty = (k: number): boolean =>
    childrenOf(k).length > 0 && childrenOf(k).every((c) => given[c] === 0);
  for (const k of classes) {
    if (given[k] !== 1 || !saidEmpty(k)) continue;
    pairs.push([k, undefined]);
    for (const c of [k, ...childrenOf(k)]) doubted.add(c);
  }
  // A class that follows is not there where none of its children is, whether that is said or follows, too.
  const isSure = new Set(classes.filter((k) => !doubted.has(k)));
  const isEmpty = (k: number): boolean =>
    follows[k] &&
    given[k] === A &&
    childrenOf(k).every((c) => (given[c] === 0 && isSure.has(c)) || isEmpty(c));
  const emptied = new Set(classes.filter(isEmpty));
  for (const k of classes) {
    if (given[k] !== 1 || saidEmpty(k) || childrenOf(k).length === 0) continue;
    if (!childrenOf(k).every((c) => given[c] === 0 || isEmpty(c))) continue;
    pairs.push([k, undefined]);
    for (const c of [k, ...childrenOf(k)]) {
      doubted.add(c);
      emptied.delete(c);
    }
  }
  // All worlds in which a class is there wherever one below it is, and in which every label is right that is not doubted.
  const worlds: number[] = [];
  for (let world = 0; world < 2 ** classes.length; world++) {
    const has = (k: number): boolean => (world & (1 << k)) !== 0;
    const isTree = classes.every((k) => parents[k] < 0 || !has(k) || has(parents[k]));
    const fits = classes.every(
      (k) => doubted.has(k) || (given[k] !== 0 && given[k] !== 1) || has(k) === (given[k] === 1),
    );
    if (isTree && fits) worlds.push(world);
  }
  const row = given.map((state, k) => {
    if (state !== A) return state;
    if (emptied.has(k)) return 0;
    const found = new Set(worlds.map((world) => (world >> k) & 1));
    return found.size === 1 ? [...found][0] : A;
  });
  return { row, pairs: new Set(pairs.map(String)), worlds: worlds.length };
}

test("what follows from labels is what all worlds have in common", () => {
  const met = { open: 0, contradiction: 0, follows: 0, up: 0, down: 0 };
  for (let seed = 0; seed < 2000; seed++) {
    const image = drawn(seed);
    const { parents, states, read, follows } = image;
    const want = expected(image);
    expect(want.worlds).toBeGreaterThan(0);
    const row = Uint8Array.from(states);
    const raw = states.map((state, k) =>
      read[k] || follows[k] ? rawLabel.blank : state === A ? rawLabel.unknown : state,
    );
    const found = followTree(row, Uint8Array.from(raw), false, { follows }, parents);
    const about = JSON.stringify({ seed, ...image });
    expect([...row], about).toEqual(want.row);
    expect(new Set(found.map(({ above, below }) => String([above, below]))), about).toEqual(want.pairs);
    // A label that is said stays, whatever happens.
    for (const [k, state] of states.entries()) if (state !== A && !read[k]) expect(row[k], about).toBe(state);
    if (found.length > 0) met.contradiction++;
    for (const k of row.keys()) {
      if (read[k] && row[k] !== 0) met.open++;
      if (follows[k] && row[k] === 0) met.follows++;
      if (states[k] === A && row[k] === 1) met.up++;
      if (states[k] === A && row[k] === 0) met.down++;
    }
  }
  for (const [name, count] of Object.entries(met)) expect(count, name).toBeGreaterThan(40);
});

test("a negative that a list does not say stands in the way of none, at any depth", () => {
  // Knows a and the two classes two levels below it, and lists a alone: which of them it is, nobody says.
  const row = Uint8Array.of(1, A, 0, 0);
  const raw = Uint8Array.of(1, rawLabel.blank, 0, 0);
  followTree(row, raw, true, {}, [-1, 0, 1, 1]);
  expect([...row]).toEqual([1, A, A, A]);
});

test("a class that is empty by what follows alone contradicts its own label", () => {
  // a: [b: [c, d], e]; b has no label of its own.
  const row = Uint8Array.of(1, A, 0, 0, 0);
  const found = followTree(
    row,
    Uint8Array.of(1, rawLabel.blank, 0, 0, 0),
    false,
    { follows: [false, true, false, false, false] },
    [-1, 0, 1, 1, 0],
  );
  expect([...row]).toEqual([1, A, 0, 0, 0]);
  expect(found).toEqual([{ row: 0, above: 0, below: undefined }]);
});

test("blank: negative makes no negative of a class that has no cell", () => {
  const classes = ["lesion", "mass", "nodule"];
  const parents = [-1, 0, 0];
  const mapping = mapThroughTree({ columns: [1, 2], known: [true, true, true] }, parents, false);
  expect(mapping).toEqual({ columns: [1, 2], known: [true, true, true], follows: [true, false, false] });
  const combined = Uint8Array.of(rawLabel.blank, rawLabel.uncertain, 0);
  const states = settle(combined, classes, mapping, { uncertain: "absent", blank: "negative" });
  followTree(states, combined, false, mapping, parents);
  // Perhaps there is a mass: nobody says that there is no lesion.
  expect([...states]).toEqual([A, A, 0]);
});

test("a class above one that is known follows from it, though no label is below either but theirs", () => {
  // opacity: [lesion: [mass, nodule]], of which only masses and nodules have labels, and which knows the two others.
  const mapping = mapThroughTree(
    { columns: [2, 3], known: [true, true, false, false] },
    [-1, 0, 1, 1],
    false,
  );
  expect(mapping).toEqual({
    columns: [1, 1],
    known: [true, true, false, false],
    follows: [true, false, false, false],
  });
});

test("labels that stand for a class above them are told where they are not all that there is of it", () => {
  const classes = ["lesion", "mass", "nodule", "granuloma"];
  const told = (parents: readonly number[]): string | undefined => {
    const own = { columns: [1, 2], known: classes.map((_, k) => k === 0) };
    return standInRemark("A", own, mapThroughTree(own, parents, false), classes, parents)?.sentence;
  };
  expect(told([-1, 0, 0, 0])).toBe(
    '"A" has no label of lesion, and for it labels of mass, nodule, and none of granuloma: images on which all of these are ' +
      "negative are taken for negative there and for all below it.",
  );
  expect(told([-1, 0, 0, -1])).toBeUndefined();
});
