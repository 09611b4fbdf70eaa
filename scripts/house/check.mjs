// Prints what is wrong with how the house is built, one line for each fault; `npm run lint` runs it.
//
//   node scripts/house/check.mjs [folder]

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { faultsIn } from "./faults.mjs";

const faults = faultsIn(resolve(process.argv[2] ?? fileURLToPath(new URL("../..", import.meta.url))));
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
