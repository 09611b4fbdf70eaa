// Unpacks the codes of a GIF (its specification, appendix F): each stands for a row of places in the palette that came before.

/** The most bits of a code. */
const mostBits = 12;
const mostCodes = 2 ** mostBits;

/**
 * @param bits of a place, 1 to 8; the first codes have one more
 * @param count places that are wanted; what follows them is not looked at
 * @returns [count]; undefined where the codes end earlier, or one stands for nothing
 */
export function unpackLzw(packed: Uint8Array, bits: number, count: number): Uint8Array | undefined {
  const clear = 2 ** bits;
  const end = clear + 1;
  // A code is the code `before` it and one place more, `last`; its row is `length` long and begins with `first`.
  const before = new Uint16Array(mostCodes);
  const last = Uint8Array.from({ length: mostCodes }, (_, code) => (code < clear ? code : 0));
  const first = last.slice();
  const length = new Uint32Array(mostCodes).fill(1, 0, clear);
  const places = new Uint8Array(count);
  let [codes, size, previous] = [end + 1, bits + 1, -1];
  let [held, heldBits, at] = [0, 0, 0];
  for (let filled = 0; filled < count;) {
    while (heldBits < size) {
      if (at >= packed.length) return undefined;
      held |= packed[at++] << heldBits;
      heldBits += 8;
    }
    const code = held & (2 ** size - 1);
    held >>>= size;
    heldBits -= size;
    if (code === clear) {
      [codes, size, previous] = [end + 1, bits + 1, -1];
      continue;
    }
    const isNew = code === codes && previous >= 0 && codes < mostCodes;
    if (code === end || (code >= codes && !isNew) || (previous < 0 && code > end)) return undefined;
    if (previous >= 0 && codes < mostCodes) {
      before[codes] = previous;
      first[codes] = first[previous];
      last[codes] = isNew ? first[previous] : first[code];
      length[codes] = length[previous] + 1;
      codes++;
      if (codes === 2 ** size && size < mostBits) size++;
    }
    let one = code;
    for (let place = filled + length[code] - 1; place >= filled; place--) {
      if (place < count) places[place] = last[one];
      one = before[one];
    }
    filled += length[code];
    previous = code;
  }
  return places;
}
