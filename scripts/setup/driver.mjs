// Mesa's software Vulkan driver (lavapipe): whether this system can be given it, and how. The decision is a
// function of texts and numbers, so that tests can try every system.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { backportsSource, parseAptSources } from "./apt-sources.mjs";
import { phase, run, say, SetupError, tellingLines } from "./terminal.mjs";

const packages = ["mesa-vulkan-drivers", "libvulkan1"];
const sourcesFolder = "/etc/apt/sources.list.d";
const ownSourcesFile = `${sourcesFolder}/tessera-backports.sources`;

// What people are advised to install. Dawn refuses lavapipe of Mesa 22.3 ("shaderUniform*ArrayDynamicIndexing
// required"), and 25.0 works.
const advisedMesa = 24;
// What is installed where apt has nothing newer (Ubuntu 22.04 has 23.2): trying costs a minute, and the adapter is
// looked for again afterwards.
const oldestMesa = 23;
const driver = "Mesa's software Vulkan driver";
const advised = `install ${driver} (lavapipe, Mesa ${advisedMesa} or newer)`;

// Another package manager, e.g. the automatic upgrades of a machine just started, may take minutes.
const lockWaitSeconds = 300;

/** What to install where this script does not do it itself, by the ID or ID_LIKE of /etc/os-release. */
const adviceBySystem = new Map([
  [
    "debian",
    `${advised}: apt-get install mesa-vulkan-drivers libvulkan1; on relatives of Debian 12, whose own Mesa is too old, enable bookworm-backports and add -t bookworm-backports`,
  ],
  ["fedora", `${advised}: sudo dnf install mesa-vulkan-drivers vulkan-loader`],
  ["rhel", `${advised}: sudo dnf install mesa-vulkan-drivers vulkan-loader`],
  ["arch", `${advised}: sudo pacman -S vulkan-swrast vulkan-icd-loader`],
  ["alpine", `${advised}: apk add mesa-vulkan-swrast vulkan-loader`],
]);

/**
 * How this system gets a Vulkan driver (types: driver.d.mts).
 *
 * An "install" plan has `suite`, the backports suite to install from (null: the distribution's own Mesa), and
 * `sourcesText`, what to add to apt's sources for it (null: nothing). A "manual" plan has one line of advice.
 */
export function planDriver({ platform, osRelease, sources, uid, passwordlessSudo, environment, command }) {
  const manual = (advice) => ({ kind: "manual", advice });
  if (platform === "darwin")
    return manual(
      "macOS has one built in (Metal), but not in a virtual machine without a GPU; run this on the Mac itself",
    );
  if (platform === "win32")
    return manual("Windows has one built in (Direct3D 12); install the graphics card's current driver");

  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"])
    if (environment[name])
      return manual(`${name}=${environment[name]} limits Vulkan to drivers that do not work; unset it`);

  const os = parseOsRelease(osRelease);
  if (os.ID !== "debian" && os.ID !== "ubuntu") {
    const relatives = [os.ID, ...(os.ID_LIKE ?? "").split(" ")];
    const advice = relatives.map((id) => adviceBySystem.get(id)).find((line) => line !== undefined);
    return manual(advice ?? `${advised} and the Vulkan loader libvulkan`);
  }

  const release = Number.parseFloat(os.VERSION_ID ?? "");
  // Debian 13 has Mesa 25 and Ubuntu 24.04 has 24; testing and unstable have no VERSION_ID.
  const suite = os.ID === "debian" && release < 13 ? `${os.VERSION_CODENAME}-backports` : null;
  const what = `${driver} (apt packages ${packages.join(" and ")}${suite ? ` from ${suite}` : ""})`;
  if (environment.TESSERA_SETUP === "no-system")
    return manual(`install ${what}; TESSERA_SETUP=no-system keeps this script from doing it`);
  if (uid !== 0 && !passwordlessSudo) return manual(`run "sudo ${command}" once; it installs ${what}`);

  const entries = sources.flatMap(({ path, text }) =>
    path === ownSourcesFile ? [] : parseAptSources(path, text),
  );
  const sourcesText = suite ? backportsSource(entries, os.VERSION_CODENAME) : null;
  if (sourcesText === undefined)
    return manual(`add the suite ${suite} of your Debian archive to ${sourcesFolder}, then install ${what}`);
  return { kind: "install", sudo: uid !== 0, suite, sourcesText };
}

/** The variables of /etc/os-release. */
export function parseOsRelease(text) {
  const rows = [...text.matchAll(/^([A-Z_]+)=(["']?)(.*?)\2\s*$/gm)];
  return Object.fromEntries(rows.map(([, name, , value]) => [name, value]));
}

export function readOsRelease() {
  return readIfThere("/etc/os-release") || readIfThere("/usr/lib/os-release");
}

export function readAptSources() {
  let names = [];
  try {
    names = readdirSync(sourcesFolder);
  } catch {
    // No apt here.
  }
  // apt reads only these two endings; a renamed file is a disabled one.
  const paths = names
    .filter((name) => /\.(list|sources)$/.test(name))
    .map((name) => `${sourcesFolder}/${name}`);
  return ["/etc/apt/sources.list", ...paths.sort()].map((path) => ({ path, text: readIfThere(path) }));
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Carries an "install" plan out and returns the version of Mesa that apt installed. */
export async function installDriver({ sudo, suite, sourcesText }) {
  const asRoot = sudo ? ["sudo", "-n"] : [];
  // Nothing may ask a question: neither debconf, nor needrestart about services, nor dpkg about files.
  const environment = ["LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l"];
  const keepFiles = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"];
  const patience = ["-o", `DPkg::Lock::Timeout=${lockWaitSeconds}`, "-o", "Acquire::Retries=2"];
  const apt = [...asRoot, "env", ...environment, "apt-get", ...patience, ...keepFiles];
  const target = suite ? ["-t", suite] : [];

  say(`no WebGPU adapter here: installing ${driver} (TESSERA_SETUP=no-system prevents it)`);
  if (sourcesText !== null) {
    say(`adding ${suite} to apt's sources: ${ownSourcesFile}`);
    const { ok, output } = await run([...asRoot, "tee", ownSourcesFile], { input: sourcesText });
    if (!ok) throw failure(`${ownSourcesFile} could not be written`, output);
  }
  try {
    // apt calls an update good enough to go on with when a third-party archive fails, and so do we: whether
    // Mesa can be had is asked next, and the update's complaints are told if it cannot.
    const update = await phase("reading package lists (apt-get update)", () =>
      withListsLock(() => run([...apt, "update"])),
    );
    const version = await candidate(suite);
    if (!(Number.parseInt(version, 10) >= oldestMesa))
      throw failure(
        `apt's Mesa is too old here (${packages[0]}${suite ? ` from ${suite}` : ""}: ${version}); ${advised} from elsewhere`,
        update.output,
      );

    await phase(`installing ${packages.join(" and ")} ${version}`, async () => {
      // --no-remove: rather stop than take a desktop's 32-bit graphics libraries away.
      const careful = ["-y", "--no-install-recommends", "--no-remove"];
      const { ok, output } = await run([...apt, "install", ...careful, ...target, ...packages]);
      if (!ok)
        throw failure(
          "apt-get could not install the driver; mend what it says and run the command again",
          output,
        );
    });
    return version;
  } catch (error) {
    // A suite that gave nothing must not trouble every later apt-get update.
    if (sourcesText !== null) await run([...asRoot, "rm", "-f", ownSourcesFile]);
    throw error;
  }
}

/** DPkg::Lock::Timeout covers dpkg's lock only; the lock of the package lists fails at once. */
async function withListsLock(update) {
  const deadline = Date.now() + lockWaitSeconds * 1000;
  for (;;) {
    const result = await update();
    if (!/Could not get lock/.test(result.output) || Date.now() > deadline) return result;
    await sleep(2000);
  }
}

/** The version of Mesa's Vulkan drivers that apt would install, "none" without one. */
async function candidate(suite) {
  const release = suite ? ["-o", `APT::Default-Release=${suite}`] : [];
  const { output } = await run(["env", "LC_ALL=C", "apt-cache", ...release, "policy", packages[0]]);
  const version = /Candidate: (\S+)/.exec(output)?.[1];
  return version === undefined || version === "(none)" ? "none" : version;
}

function failure(message, output) {
  return new SetupError(message, { details: tellingLines(output), aboutAdapter: true });
}
