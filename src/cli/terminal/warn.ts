// Warnings are printed with --quiet, too.

export const warn = (text: string): void => void process.stderr.write(`${text}\n`);
