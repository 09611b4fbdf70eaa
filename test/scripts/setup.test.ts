// The decisions of scripts/setup.mjs: which systems are given a driver and from where, and when node_modules is
// stale. Installing itself needs a fresh machine and is not tried here.

import { describe, expect, it } from "vitest";
import { backportsSource, parseAptSources } from "../../scripts/setup/apt-sources.mjs";
import { staleness, type State } from "../../scripts/setup/dependencies.mjs";
import { planDriver, type System } from "../../scripts/setup/driver.mjs";

const debian12 = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
`;
const debian13 = debian12.replace('"12"', '"13"').replaceAll("bookworm", "trixie");
const ubuntu24 = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n';

const debianSources = `# The archive
Types: deb deb-src
URIs: http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
# Security fixes
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;
const phpSource = `Types: deb
URIs: https://packages.test/php
Suites: bookworm
Components: main
Signed-By: /etc/apt/keyrings/php.gpg
`;
const thirdPartySources = `${phpSource}
Types: deb
URIs: https://packages.test/runner/debian
Suites: bookworm
Components: main
Signed-By: /etc/apt/keyrings/runner.gpg
`;

function system(changes: Partial<System>): System {
  return {
    platform: "linux",
    osRelease: debian12,
    sources: [{ path: "/etc/apt/sources.list.d/debian.sources", text: debianSources }],
    uid: 0,
    passwordlessSudo: false,
    environment: {},
    command: "/usr/bin/node scripts/setup.mjs",
    ...changes,
  };
}

function advice(changes: Partial<System>): string {
  const plan = planDriver(system(changes));
  if (plan.kind !== "manual") throw new Error("expected advice, got a plan to install");
  return plan.advice;
}

function bookwormBackports(...files: [path: string, text: string][]) {
  return backportsSource(
    files.flatMap(([path, text]) => parseAptSources(path, text)),
    "bookworm",
  );
}

describe("apt's sources", () => {
  it("gives backports the address and key of a deb822 archive entry", () => {
    expect(bookwormBackports(["debian.sources", debianSources])?.split("\n").slice(1)).toEqual([
      "Types: deb",
      "URIs: http://mirror.test/debian",
      "Suites: bookworm-backports",
      "Components: main",
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
      "",
    ]);
  });

  it("gives backports the address and options of a one-line archive entry", () => {
    const text = bookwormBackports([
      "sources.list",
      `deb cdrom:[Debian GNU/Linux 12]/ bookworm main
# deb http://disabled.test/debian bookworm main
deb http://mirror.test/debian-security bookworm-security main
deb [arch=amd64,arm64 signed-by=/keys/debian.gpg] http://mirror.test/debian/ bookworm main non-free # local
deb-src http://sources.test/debian bookworm main
`,
    ]);
    expect(text).toContain("\nURIs: http://mirror.test/debian/\n");
    expect(text).toContain("\nSigned-By: /keys/debian.gpg\n");
    expect(text).toContain("\nArchitectures: amd64 arm64\n");
  });

  it("keeps a key that is written into the entry", () => {
    const key = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEZ\n -----END PGP PUBLIC KEY BLOCK-----";
    const text = bookwormBackports([
      "debian.sources",
      `Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\nSigned-By:${key}\n`,
    ]);
    expect(text).toContain(`\nSigned-By:${key}\n`);
  });

  it("takes Debian's archive, not third parties with the same suite and component, in either order", () => {
    const debian: [string, string] = ["debian.sources", debianSources];
    const others: [string, string] = ["php.sources", thirdPartySources];
    expect(bookwormBackports(debian, others)).toContain("URIs: http://mirror.test/debian\n");
    expect(bookwormBackports(others, debian)).toContain("URIs: http://mirror.test/debian\n");
  });

  it("keeps the address of a mirror list and leaves disabled entries out", () => {
    const text = bookwormBackports([
      "cloud.sources",
      `Types: deb\nEnabled: no\nURIs: http://off.test/debian\nSuites: bookworm bookworm-updates\nComponents: main

Types: deb
URIs: mirror+file:/etc/apt/mirrors/debian.list
Suites: bookworm bookworm-updates
Components: main
`,
    ]);
    expect(text).toContain("URIs: mirror+file:/etc/apt/mirrors/debian.list\n");
  });

  it("adds nothing where backports are configured, and nothing it cannot derive", () => {
    const configured = debianSources.replace("bookworm-updates", "bookworm-updates bookworm-backports");
    expect(bookwormBackports(["debian.sources", configured])).toBeNull();
    expect(bookwormBackports(["php.sources", phpSource])).toBeUndefined();
    expect(bookwormBackports(["sources.list", ""])).toBeUndefined();
  });
});

describe("the plan for a driver", () => {
  it("is backports on Debian 12, through a file of the project's own", () => {
    const plan = planDriver(system({}));
    expect(plan).toMatchObject({ kind: "install", sudo: false, suite: "bookworm-backports" });
    expect(plan).toHaveProperty("sourcesText", expect.stringContaining("Suites: bookworm-backports"));
  });

  it("writes its own file again rather than trust an old one", () => {
    const own = "/etc/apt/sources.list.d/tessera-backports.sources";
    const text = "Types: deb\nURIs: http://gone.test/debian\nSuites: bookworm-backports\nComponents: main\n";
    const plan = planDriver(system({ sources: [...system({}).sources, { path: own, text }] }));
    expect(plan).toHaveProperty("sourcesText", expect.stringContaining("URIs: http://mirror.test/debian\n"));
  });

  it.each([
    ["Debian 13", debian13],
    ["Debian testing, which has no VERSION_ID", "ID=debian\nVERSION_CODENAME=forky\n"],
    ["Ubuntu 24.04", ubuntu24],
  ])("is the distribution's own Mesa on %s", (_, osRelease) => {
    expect(planDriver(system({ osRelease, sources: [] }))).toEqual({
      kind: "install",
      sudo: false,
      suite: null,
      sourcesText: null,
    });
  });

  it("goes through sudo where that asks for no password", () => {
    expect(planDriver(system({ uid: 1000, passwordlessSudo: true }))).toMatchObject({
      kind: "install",
      sudo: true,
    });
  });

  it("tells a user without root what to run once", () => {
    const line = advice({ uid: 1000 });
    expect(line).toContain('"sudo /usr/bin/node scripts/setup.mjs"');
    expect(line).toContain("mesa-vulkan-drivers and libvulkan1 from bookworm-backports");
  });

  it("leaves the system alone when it is told to", () => {
    expect(advice({ environment: { TESSERA_SETUP: "no-system" } })).toContain(
      "mesa-vulkan-drivers and libvulkan1",
    );
  });

  it("installs nothing where the environment hides the drivers", () => {
    expect(advice({ environment: { VK_DRIVER_FILES: "/none" } })).toContain("VK_DRIVER_FILES=/none");
  });

  it.each([
    ["Fedora", "ID=fedora\n", "sudo dnf install mesa-vulkan-drivers vulkan-loader"],
    ["a relative of Fedora", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', "sudo dnf install"],
    ["Arch", "ID=arch\n", "sudo pacman -S vulkan-swrast vulkan-icd-loader"],
    ["Alpine", "ID=alpine\n", "mesa-vulkan-swrast"],
    [
      "a relative of Debian",
      'ID=linuxmint\nID_LIKE="ubuntu debian"\n',
      "apt-get install mesa-vulkan-drivers",
    ],
    [
      "a relative of Debian 12, whose own Mesa is refused",
      "ID=raspbian\nID_LIKE=debian\n",
      "-t bookworm-backports",
    ],
    ["an unknown Linux", "", "lavapipe"],
  ])("names the packages of %s", (_, osRelease, words) => {
    expect(advice({ osRelease })).toContain(words);
  });

  it("names what macOS and Windows have built in", () => {
    expect(advice({ platform: "darwin", osRelease: "" })).toContain("Metal");
    expect(advice({ platform: "win32", osRelease: "" })).toContain("Direct3D");
  });
});

describe("node_modules", () => {
  const rows = {
    "node_modules/zod": { version: "4.1.0", integrity: "sha512-a" },
    "node_modules/binding-linux": { version: "1.0.0", optional: true, os: ["linux"], cpu: ["x64"] },
  };
  const state = (changes: Partial<State>): State => ({
    manifest: { dependencies: { zod: "^4.0.0" } },
    lock: {
      packages: {
        "": { dependencies: { zod: "^4.0.0" } },
        ...rows,
        "node_modules/binding-darwin": { version: "1.0.0", optional: true, os: ["darwin"] },
      },
    },
    installed: { packages: rows },
    versionOf: (location) => (location.endsWith("zod") ? "4.1.0" : "1.0.0"),
    platform: "linux",
    arch: "x64",
    ...changes,
  });

  it("is current when every package of the lock is there, other systems' optional ones aside", () => {
    expect(staleness(state({}))).toBeNull();
  });

  it("is stale after an install that was cut short, which leaves no list of packages", () => {
    expect(staleness(state({ installed: null }))).toBe("no complete install is there");
  });

  it("is stale when the lock asks for another version, other contents or one more package", () => {
    const lockWith = (changes: State["lock"]["packages"]) =>
      staleness(state({ lock: { packages: { ...state({}).lock.packages, ...changes } } }));
    expect(lockWith({ "node_modules/zod": { version: "4.2.0" } })).toBe("zod is 4.1.0, 4.2.0 is asked for");
    expect(lockWith({ "node_modules/zod": { version: "4.1.0", integrity: "sha512-b" } })).toContain("zod");
    expect(lockWith({ "node_modules/@scope/new": { version: "1.0.0" } })).toBe("@scope/new is missing");
  });

  it("is stale when a package was deleted by hand", () => {
    expect(staleness(state({ versionOf: () => undefined }))).toBe("zod is missing, 4.1.0 is asked for");
  });

  it("is stale when it was installed on another kind of system", () => {
    expect(staleness(state({ platform: "darwin", arch: "arm64" }))).toBe(
      "binding-linux is not for darwin arm64",
    );
  });

  it("is stale when package.json asks for what the lock does not know", () => {
    const manifest = { dependencies: { zod: "^4.0.0", yaml: "^2.0.0" } };
    expect(staleness(state({ manifest }))).toContain("package.json");
  });
});
