// Where WebGPU comes from: what `navigator.gpu` is, or Dawn for Node, held so that it can never be collected.

import { DeviceUnavailableError, UsageError } from "../errors/errors.ts";
import { missingPackage } from "../errors/optional-packages.ts";
import { inNode, noWebGpu, orReference } from "./home.ts";
import { pollPatiently } from "./patient-polling.ts";

/**
 * The object from `create([])` owns Dawn's instance. A module-level or local constant does not keep it: once V8
 * optimises the functions that mention it, the dead variable is dropped, the instance is destroyed, and a later
 * ProcessEvents crashes the process (mutex assertion, std::system_error or a segfault, most often after heavy
 * JavaScript; webgpu 0.3.8 to 0.6.2, seen 8 of 8 times in 2026). A property of globalThis is always reachable.
 */
const lasting = Symbol.for("tessera.webgpu");
const lastingWithoutRobustness = Symbol.for("tessera.webgpu.withoutRobustness");
type Lasting = { [lasting]?: Promise<GPU>; [lastingWithoutRobustness]?: Promise<GPU> };

async function createProvider(robustness: boolean): Promise<GPU> {
  // In Node, a `navigator.gpu` is one that the program has put there, and that is Dawn's, which waits by spinning too.
  if (inNode()) pollPatiently();
  const present = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (present !== undefined) {
    if (robustness) return present;
    throw new UsageError(
      "robustness: false is an option of the Dawn that Tessera opens; there is another WebGPU at navigator.gpu, whose checks " +
        "cannot be left out",
    );
  }
  // Elsewhere there is no binding to load: bundlers leave it out (package.json, "browser").
  if (!inNode()) throw new DeviceUnavailableError(noWebGpu());
  // lavapipe asks for this folder and complains on stderr when it is not named; any existing folder will do.
  process.env["XDG_RUNTIME_DIR"] ??= "/tmp";
  let dawn: { create: (options: string[]) => GPU };
  try {
    dawn = await import("webgpu");
  } catch (cause) {
    throw new DeviceUnavailableError(
      `${missingPackage("webgpu", cause)}; or use --device reference; ${orReference}`,
      { cause },
    );
  }
  // Times of launches in nanoseconds: rounded to 65 microseconds they are of use to web pages only.
  const options = ["disable-dawn-features=timestamp_quantization"];
  if (!robustness) options.push("enable-dawn-features=disable_robustness");
  return dawn.create(options);
}

/**
 * The WebGPU entry point of this process, created once and never released; another one is without robustness, for that is a
 * switch of a whole instance of Dawn.
 * @throws DeviceUnavailableError when neither a browser's WebGPU nor Dawn's binding can be loaded, UsageError where it is a
 *   browser's and `robustness` is false
 */
export function provider(robustness = true): Promise<GPU> {
  const holder = globalThis as Lasting;
  return (holder[robustness ? lasting : lastingWithoutRobustness] ??= createProvider(robustness));
}
