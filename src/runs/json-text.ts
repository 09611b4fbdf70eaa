// Records of a run as text.

/** As run.json and summary.json have them. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
