// What a source itself says of a label, before a manifest's policies make a label state of it.

/**
 * What a source says of one of its labels on one image. `blank`: it says nothing, which may mean that nothing was found; the
 * manifest's policy for blanks decides. `unknown`: nobody has looked, and no policy makes a label of that.
 */
export const rawLabel = { negative: 0, positive: 1, uncertain: 2, unknown: 254, blank: 255 } as const;
