// The runtimes that the kernels are checked in: where their programs are looked for, and how they open a page.

import { accessSync, constants, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const runtimes = {
  deno: {
    programs: ["deno"],
    variable: "TESSERA_DENO",
    install: "npm install --global deno",
    every: 1,
    parameters: ({ url }) => [
      "run",
      "--unstable-webgpu",
      "--allow-all",
      "--no-config",
      `${new URL("/page.js", url)}`,
      url,
    ],
  },
  firefox: {
    programs: ["firefox-esr", "firefox"],
    variable: "TESSERA_FIREFOX",
    install: "apt-get install firefox-esr",
    every: 1,
    parameters: ({ folder, url }) => {
      const preferences = {
        "dom.webgpu.enabled": true,
        "gfx.webgpu.ignore-blocklist": true,
        "browser.shell.checkDefaultBrowser": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "toolkit.telemetry.enabled": false,
      };
      const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${value});`);
      writeFileSync(join(folder, "user.js"), lines.join("\n"));
      return ["--headless", "--no-remote", "--profile", folder, url];
    },
  },
  chromium: {
    programs: ["chromium", "chromium-browser", "google-chrome"],
    variable: "TESSERA_CHROMIUM",
    install: "apt-get install chromium",
    every: 4,
    parameters: ({ folder, url }) => [
      ...["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
      ...["--no-first-run", `--user-data-dir=${folder}`, url],
    ],
  },
};

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The program of a runtime; undefined where it is not on this machine. */
export function findRuntime(name) {
  const { programs, variable } = runtimes[name];
  const named = process.env[variable];
  if (named !== undefined && named !== "") return isProgram(named) ? named : undefined;
  const folders = [join(root, "node_modules", ".bin"), ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.flatMap((folder) => programs.map((program) => join(folder, program))).find(isProgram);
}
