// The native packages that an installation may be without, since they weigh more than all the rest: what to say where one is needed.

/** What each is for; package.json has them as optional peers. */
const optionalPackages = {
  webgpu: "Dawn, WebGPU for Node",
  sharp: "libvips, which decodes JPEG, TIFF, WebP and GIF and scales images",
} as const;

type OptionalPackage = keyof typeof optionalPackages;

/** Whether an import failed because the package is not installed, and not because of something in it. */
export function isAbsent(name: OptionalPackage, cause: unknown): boolean {
  // Node throws this also where the package is there and a file of its own is not.
  return (
    (cause as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND" && messageOf(cause).includes(`'${name}'`)
  );
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/**
 * Why a package could not be imported, and the command that mends it, in one line.
 * @param cause what its import threw
 */
export function missingPackage(name: OptionalPackage, cause: unknown): string {
  const how = isAbsent(name, cause)
    ? "is not installed"
    : `does not load on ${process.platform}-${process.arch} (${messageOf(cause).split("\n")[0] ?? ""})`;
  return `the package "${name}" (${optionalPackages[name]}) ${how}: npm install ${name}`;
}
