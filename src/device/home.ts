// Where the program runs, Node or a page, for what is different there: where WebGPU comes from, and what people can do about a
// device that there is not.

/** Node, and what behaves like it (Deno, Bun). */
export const inNode = (): boolean =>
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

interface Runtimes {
  readonly Deno?: { readonly version?: { readonly deno?: string } };
  readonly Bun?: { readonly version?: string };
  readonly navigator?: { readonly userAgent?: string };
}

/** Which runtime this is, with its version: "Node 20.20.2", "Deno 2.9.6", "Bun 1.4.0", or a browser by what it says of itself. */
export function runtimeName(): string {
  const { Deno, Bun, navigator } = globalThis as Runtimes;
  if (Deno?.version?.deno !== undefined) return `Deno ${Deno.version.deno}`;
  if (Bun?.version !== undefined) return `Bun ${Bun.version}`;
  return inNode() ? `Node ${process.versions.node}` : (navigator?.userAgent ?? "a browser");
}

/** Whether WebGPU is the runtime's own (a browser's, Deno's), and not the package "webgpu" that Node and Bun load. */
export const bringsWebGpu = (): boolean => !inNode() || (globalThis as Runtimes).Deno !== undefined;

/** What a program does without a device. */
export const orReference = 'openEngine({ device: "reference" }) computes on the CPU without one';

/** That there is no adapter, and what to do. */
export function noAdapter(): string {
  return inNode()
    ? "no WebGPU adapter found; install a Vulkan driver (Debian/Ubuntu: mesa-vulkan-drivers 24 or newer), or use --device " +
        `reference; ${orReference}`
    : "this browser has WebGPU, but no adapter for it: its hardware acceleration may be off, or the graphics card on its list of " +
        `those it does not use (chrome://gpu or about:support say which); ${orReference}`;
}

/** That there is no WebGPU in this page, and what to do. */
export function noWebGpu(): string {
  const { isSecureContext } = globalThis as { isSecureContext?: boolean };
  return isSecureContext === false
    ? "this page is no secure context, and browsers have WebGPU (navigator.gpu) in those alone; serve it over https or from " +
        `localhost; ${orReference}`
    : `this browser has no WebGPU (navigator.gpu); take a newer one, or another; ${orReference}`;
}
