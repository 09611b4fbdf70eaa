// Columns of tables with a column for each class, whatever the classes are called.

/**
 * The names of columns, each once: where one is taken already, the class is called with "(class)" behind its name.
 *
 * @param others columns that stand before those of the classes
 * @param classes each once
 * @param columnsOf the columns of a class by its name, in order
 * @returns for each class the names of its columns
 */
export function columnsApart(
  others: readonly string[],
  classes: readonly string[],
  columnsOf: (name: string) => readonly string[],
): string[][] {
  const taken = new Set(others);
  // No name that is made up is that of another class, which has columns of its own.
  const wanted = new Set([...others, ...classes.flatMap(columnsOf)]);
  return classes.map((name) => {
    let columns = columnsOf(name);
    if (columns.some((column) => taken.has(column))) {
      let apart = name;
      do {
        apart += " (class)";
        columns = columnsOf(apart);
      } while (columns.some((column) => taken.has(column) || wanted.has(column)));
    }
    for (const column of columns) taken.add(column);
    return [...columns];
  });
}
