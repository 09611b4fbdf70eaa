// What the package of kernels is called, and where findings about it are sent.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const packageName = "@tessera-gpu/kernels";

const { version, license, repository, bugs } = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../package.json", import.meta.url)), "utf8"),
);

export { version, license };

/** The page of the issues, where the project's package.json names one; else undefined. */
export const issues = bugs?.url;
export { repository };
