// Commands that messages tell to run next, as they can be pasted into a shell.

/** A path as one word of a command: in quotes where it has blanks or what a shell takes for its own. */
export const shellWord = (path: string): string =>
  /^[\p{L}\p{N}_./\\:@%+,=-]+$/u.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
