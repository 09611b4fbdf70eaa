// What is to be said of some classes of a table, below it.

/** Each note once, with the classes that it is of; of all classes, alone. */
export function notesOfClasses(
  classes: readonly string[],
  noteOf: (name: string) => string | null | undefined,
): string[] {
  const found = new Map<string, string[]>();
  for (const name of classes) {
    const note = noteOf(name);
    if (note != null) found.set(note, [...(found.get(note) ?? []), name]);
  }
  return [...found].map(([note, names]) =>
    names.length === classes.length ? note : `${names.join(", ")}: ${note}`,
  );
}
