// Damages a copy of a file in one of five ways; which bytes, a stream of random numbers decides.

/** Words that readers of text trip over. */
const words = [
  ...["", "-1", "nan", "1e309", "0x10", "99999999999999999999", "__proto__", "constructor", "toString"],
  ...[
    "../../up",
    "/",
    "C:\\",
    "\0",
    '"',
    '""',
    ",",
    ",,,,",
    "|",
    ";",
    "\t",
    "\n",
    "\r",
    "\r\n\r\n",
    "\ufeff",
  ],
  ...["é", "💥", "\ud800", "~", "*a", "&a [*a]", "!!binary x", "<<", "- [", "{", "? :", "%YAML 9", "---\n"],
  "x".repeat(100_000),
];

/** What a length, a count or a size may become, beside neighbours of what it was. */
const numbers = [
  0,
  1,
  127,
  255,
  2 ** 15 - 1,
  2 ** 15,
  2 ** 16 - 1,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** What stands at such a place instead. */
function otherNumber(random, old) {
  const chosen = [...numbers, old + 1, old - 1, 2 * old, random.bits()];
  return Math.max(0, chosen[random.below(chosen.length)]);
}

/**
 * By the kind of a place, { at, length, kind }, that says how long or how many: `length` bytes from `at`, a "big" or
 * "little" endian number, "digits" of text, or a "word" of a table.
 */
const claims = {
  big(random, old) {
    const changed = Buffer.alloc(old.length);
    changed.writeUIntBE(
      otherNumber(random, old.readUIntBE(0, old.length)) % 256 ** old.length,
      0,
      old.length,
    );
    return changed;
  },
  little: (random, old) => claims.big(random, Buffer.from(old).reverse()).reverse(),
  digits: (random, old) => Buffer.from(String(otherNumber(random, Number(old.toString("latin1"))))),
  word: (random) => Buffer.from(words[random.below(words.length)]),
};

export const mutations = {
  flips(random, bytes) {
    const copy = Buffer.from(bytes);
    const reach = random.below(2) === 0 ? Math.min(64, copy.length) : copy.length; // headers are at the start
    for (let i = random.below(8); i >= 0; i--) copy[random.below(reach)] ^= 1 << random.below(8);
    return copy;
  },
  cut(random, bytes) {
    const at = random.below(bytes.length + 1);
    return random.below(4) === 0 ? bytes.subarray(at) : bytes.subarray(0, at);
  },
  /** A piece of another valid file of the format replaces one here. */
  splice(random, bytes, other) {
    const [from, to] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((a, b) => a - b);
    const [start, end] = [random.below(other.length + 1), random.below(other.length + 1)].sort(
      (a, b) => a - b,
    );
    const isAligned = random.below(2) === 0; // the same stretch of both, so that the rest stays in its place
    return Buffer.concat([
      bytes.subarray(0, from),
      isAligned ? other.subarray(from, to) : other.subarray(start, end),
      bytes.subarray(to),
    ]);
  },
  insertion(random, bytes) {
    const [at, length] = [random.below(bytes.length + 1), random.below(64) + 1];
    if (random.below(2) === 0) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    const strange = Buffer.from(Array.from({ length }, () => random.below(256)));
    return Buffer.concat([bytes.subarray(0, at), strange, bytes.subarray(at)]);
  },
  /** One or two lengths, counts, sizes or words become others. */
  claim(random, bytes, _other, places) {
    let copy = bytes;
    for (let i = random.below(2); i >= 0; i--) {
      const found = places(copy).filter(({ at, length }) => at >= 0 && at + length <= copy.length);
      if (found.length === 0) return copy;
      const { at, length, kind } = found[random.below(found.length)];
      const changed = claims[kind](random, copy.subarray(at, at + length));
      copy = Buffer.concat([copy.subarray(0, at), changed, copy.subarray(at + length)]);
    }
    return copy;
  },
};
export const mutationNames = Object.keys(mutations);

/** The places of a text where a word stands. */
export function wordPlaces(bytes) {
  const text = bytes.toString("latin1");
  return [...text.matchAll(/[^,;|:\s]+/gu)].map(({ index, 0: word }) => ({
    at: index,
    length: word.length,
    kind: "word",
  }));
}
