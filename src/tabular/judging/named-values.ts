// Which values a judgement may name.

/** Values that fewer real rows have are not named. */
export const fewestNamed = 10;
