// Counts with a noun, as messages and reports have them.

/** 1,234 images; 1 image; 2 classes. @param plural where it is not the noun and an s */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
