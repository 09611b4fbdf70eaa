// Keeps the slices of the volumes that were read last, so that a source of any number of volumes takes the memory of a few.

/** 256 MiB: three volumes of 512 x 512 x 300, or hundreds of small ones. */
const usualBytes = 2 ** 28;

export class SliceShelf {
  readonly #most: number;
  readonly #kept = new Map<object, { readonly byteLength: number }>();
  #bytes = 0;

  /** @param most bytes that are kept; what was put there last always is */
  constructor(most = usualBytes) {
    this.#most = most;
  }

  /** The values of an owner: those that are kept, or else made anew and kept. */
  take<Values extends { readonly byteLength: number }>(owner: object, make: () => Values): Values {
    const kept = this.#kept.get(owner) as Values | undefined; // an owner has values of one kind
    if (kept === undefined) return this.put(owner, make());
    this.#kept.delete(owner);
    this.#kept.set(owner, kept);
    return kept;
  }

  /** Keeps values, and lets go of those that were not asked for the longest. */
  put<Values extends { readonly byteLength: number }>(owner: object, values: Values): Values {
    this.#bytes += values.byteLength - (this.#kept.get(owner)?.byteLength ?? 0);
    this.#kept.delete(owner);
    this.#kept.set(owner, values);
    for (const [other, { byteLength }] of this.#kept) {
      if (this.#bytes <= this.#most || other === owner) break;
      this.#kept.delete(other);
      this.#bytes -= byteLength;
    }
    return values;
  }
}
