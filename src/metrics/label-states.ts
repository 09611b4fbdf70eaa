// The three label states, kept on the lowest floor that reads labels, so that metrics and data agree on them.

/** The image is known not to show the class. */
export const negative = 0;
/** The image is known to show the class. */
export const positive = 1;
/** Nobody said: the entry takes part in no supervised loss and in no metric. */
export const absent = 255;
