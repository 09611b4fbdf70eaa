// Numbers of masks under `values`, told from words of columns.

/** A number as masks have it, written without needless digits. */
export const numberKey = /^(?:0|-?[1-9]\d{0,9})$/u;

/** By a number of the masks, as text, the class that it means. */
export type MaskValues = Readonly<Record<string, string>>;

/** Tells numbers of masks from other groups under `values`: where one key is a number, all are meant to be. */
export function isMaskValues(input: unknown): input is MaskValues {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  return Object.keys(input).some((key) => numberKey.test(key));
}
