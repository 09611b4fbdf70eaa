// Tables whose cells are parted by blanks, brought to a form that a reader of delimiters understands: one blank between two cells.

/**
 * One blank for each run of blanks and tabs, and none at the ends of a line. What stands in quotes stays as it is, and so does the
 * number of lines.
 */
export function singleBlanks(text: string): string {
  return text
    .replace(/"(?:[^"]|"")*"|[ \t]*(\r\n|\n|\r)[ \t]*|[ \t]+/gu, (run, end: string | undefined) =>
      run.startsWith('"') ? run : (end ?? " "),
    )
    .replace(/^ | $/gu, "");
}
