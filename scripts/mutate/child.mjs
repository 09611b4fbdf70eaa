// Runs mutants that come on standard input, and writes a line for each, and an empty one for each sample that it comes through.

import { pathToFileURL } from "node:url";

const [module] = process.argv.slice(2);
const { runMutants } = await import(pathToFileURL(module).href);
let text = "";
for await (const chunk of process.stdin) text += chunk;
await runMutants(
  JSON.parse(text),
  (mutant, killedBy) => {
    process.stdout.write(
      `${JSON.stringify({ at: mutant.at, to: mutant.to, kernel: mutant.kernel, killedBy })}\n`,
    );
  },
  () => process.stdout.write("\n"),
);
process.exit(0);
