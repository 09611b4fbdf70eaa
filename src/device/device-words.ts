// What a device says, as one line: implementations tell errors over several, the first with what is wrong, the others with
// what the device was at, down to places in the implementation's own source.

function linesOf(message: string): string[] {
  return message
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^at \S+ \(.*:\d+\)$/.test(line))
    .map((line) => line.replace(/^- While\b/, "while").replace(/\.$/, ""));
}

/** All of a message but for places in the implementation's source. */
export const deviceWords = (message: string): string => linesOf(message).join("; ");

/** What is wrong, for those who know what the device was at. */
export const deviceGist = (message: string): string =>
  linesOf(message)
    .filter((line) => !line.startsWith("while "))
    .join("; ");
