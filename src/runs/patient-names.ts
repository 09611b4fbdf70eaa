// Who a report is about: names of patients as hashes, the same in everything that is made from one folder, and nobody's elsewhere.

import { createHmac, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunFolderError } from "../errors/training-errors.ts";
import { codeOf } from "../files/causes.ts";
import type { PatientNames } from "./hidden-names.ts";

/** In the folder of a run or a study. Whoever has it can try names, so it stays there. */
export const saltFile = "patients.salt";

/** Names hashed with a salt that nobody keeps: the same patient has the same hash in this process alone. */
export const passingNames = (): PatientNames => namesBy(randomBytes(16));

/**
 * Names hashed with the salt of a folder, which is made where there is none. A folder that cannot be written to has another one
 * each time.
 * @throws RunFolderError for a damaged salt
 */
export function namesOf(folder: string): PatientNames {
  const file = join(folder, saltFile);
  const fresh = randomBytes(16);
  try {
    writeFileSync(file, `${fresh.toString("hex")}\n`, { flag: "wx", mode: 0o600 });
    return namesBy(fresh);
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST") return namesBy(fresh);
  }
  const found = /^([0-9a-f]{32})\n?$/u.exec(readFileSync(file, "latin1"))?.[1];
  if (found === undefined) {
    throw new RunFolderError(
      `${file}: is damaged; remove it, and patients have other hashes from then on, or name them with --identify`,
    );
  }
  return namesBy(Buffer.from(found, "hex"));
}

function namesBy(salt: Uint8Array): PatientNames {
  return {
    hashOf: (patient) =>
      patient === "" ? "" : createHmac("sha256", salt).update(patient).digest("hex").slice(0, 12),
  };
}
