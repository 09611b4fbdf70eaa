// `tessera doctor`: whether this machine computes, step by step from Node to a kernel whose results are checked; for each step
// what was found, and what to do about it where it fails.

import Table from "cli-table3";
import { listAdapters } from "../../device/gpu.ts";
import { optionalFeatures, traitsOf } from "../../device/traits.ts";
import { bringsWebGpu, runtimeName } from "../../device/home.ts";
import { TesseraError, UsageError } from "../../errors/errors.ts";
import { isAbsent, missingPackage } from "../../errors/optional-packages.ts";
import { matmul } from "../../functions/products.ts";
import { plainTable } from "../../report/tables.ts";
import { nodeRange } from "../../runs/package-info.ts";
import { webgpuVersion } from "../../runs/provenance.ts";
import { openEngine } from "../../runtime/open-engine.ts";

interface Finding {
  readonly what: string;
  readonly found: string;
  readonly fine: boolean;
  /** What to do; empty where there is nothing. */
  readonly advice: string;
  /** Whether it is not there and need not be. */
  readonly absent?: true;
}

const fine = (what: string, found: string, advice = ""): Finding => ({ what, found, fine: true, advice });
const wrong = (what: string, found: string, advice: string): Finding => ({
  what,
  found,
  fine: false,
  advice,
});

const firstLine = (error: unknown): string =>
  ((error as Error).message || String(error)).split("\n")[0] ?? "";

function node(): Finding {
  const { node: version } = process.versions;
  const [have, need] = [version, nodeRange.replace(/[^\d.]/g, "")].map((each) => each.split(".").map(Number));
  const isOld = need.some(
    (part, i) => have[i] < part && need.slice(0, i).every((same, j) => have[j] === same),
  );
  return isOld
    ? wrong("Node", version, `Tessera needs Node ${nodeRange}: install a newer one`)
    : fine("Node", version);
}

/** Dawn's binding is built for glibc on Linux, which Alpine (musl) has not. */
function system(): Finding {
  const where = `${process.platform}-${process.arch}`;
  if (process.platform !== "linux") return fine("system", where);
  const { header } = process.report.getReport() as unknown as {
    readonly header: { readonly glibcVersionRuntime?: string };
  };
  if (header.glibcVersionRuntime === undefined) {
    return wrong(
      "system",
      `${where}, a C library other than glibc`,
      "the binding to WebGPU needs glibc: take Debian, Ubuntu or Fedora (or their container images), not Alpine",
    );
  }
  return fine("system", `${where}, glibc ${header.glibcVersionRuntime}`);
}

async function binding(): Promise<Finding> {
  const what = "package webgpu";
  if (bringsWebGpu()) return fine(what, `not needed: ${runtimeName()} has WebGPU of its own`);
  try {
    await import("webgpu");
    return fine(what, `${webgpuVersion() ?? ""} loads`.trimStart());
  } catch (error) {
    return wrong(what, missingPackage("webgpu", error), "npm install webgpu");
  }
}

/** Only images need it: an installation without is as good as one with it for all else. */
async function images(): Promise<Finding> {
  const what = "package sharp";
  try {
    const { default: sharp } = await import("sharp");
    return fine(what, `${sharp.versions.sharp ?? ""} loads, libvips ${sharp.versions.vips}`.trimStart());
  } catch (error) {
    const found = missingPackage("sharp", error);
    const advice = "npm install sharp, where images are read from files or scaled";
    return isAbsent("sharp", error)
      ? { ...fine(what, found, advice), absent: true }
      : wrong(what, found, advice);
  }
}

const size = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.floor(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

async function adapters(): Promise<Finding[]> {
  const driver =
    process.platform === "linux"
      ? "install a Vulkan driver: the graphics card's, or without one, on Debian and Ubuntu, apt-get install mesa-vulkan-drivers libvulkan1"
      : "install the graphics card's newest driver";
  try {
    const found = await listAdapters();
    if (found.length === 0) return [wrong("adapter", "none", driver)];
    return found.map((adapter) => {
      const has = optionalFeatures.filter((feature) => adapter.features.has(feature));
      const { name, description, isSoftware, maxBufferBytes, maxBindingBytes } = traitsOf(adapter, has);
      const limits = `a buffer up to ${size(Math.min(maxBufferBytes, maxBindingBytes))}`;
      const features = has.length === 0 ? "no optional features" : has.join(", ");
      const slow = "computes on the CPU: if there is a GPU here, its Vulkan driver is not installed";
      return fine("adapter", `${name} (${description}); ${limits}; ${features}`, isSoftware ? slow : "");
    });
  } catch (error) {
    return [wrong("adapter", firstLine(error), driver)];
  }
}

/** A product of odd sizes on a checked engine against the reference. */
async function kernel(): Promise<Finding> {
  const what = "a checked kernel";
  try {
    using engine = await openEngine({ device: "webgpu", checked: true });
    using reference = await openEngine({ device: "reference" });
    const [rows, inner, columns] = [37, 53, 29];
    const [a, b] = [rows * inner, inner * columns].map((length, seed) =>
      Float32Array.from({ length }, (_, i) => Math.sin(i * (i + 3 + seed))),
    );
    const [found, expected] = await Promise.all(
      [engine, reference].map((each) =>
        matmul(each.tensor(a, [rows, inner]), each.tensor(b, [inner, columns])).read(),
      ),
    );
    const worst = Math.max(...Array.from(found, (value, i) => Math.abs(value - expected[i])));
    if (!(worst < 1e-4)) {
      const advice = "the driver computes wrong results: install a newer one, and report this adapter";
      return wrong(what, `matmul differs by ${worst.toExponential(1)} from the reference`, advice);
    }
    return fine(what, `matmul on "${engine.traits.name}" differs by ${worst.toExponential(1)}`);
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    return wrong(what, firstLine(error), "--device reference computes without an adapter, slowly");
  }
}

/** @throws UsageError where WebGPU cannot be used here */
export async function doctor({ json }: { readonly json: boolean }): Promise<void> {
  const found = [node(), system(), await binding(), await images()];
  // Without the binding, and then without an adapter, there is nothing more to learn.
  if (found.every(({ what, fine: is }) => what !== "package webgpu" || is)) found.push(...(await adapters()));
  if (found.some(({ what, fine: is }) => what === "adapter" && is)) found.push(await kernel());
  if (json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else {
    const table = new Table({ ...plainTable, head: ["", "", "found"] });
    for (const each of found) {
      const state = each.absent === true ? "-" : each.fine ? "ok" : "WRONG";
      table.push([state, each.what, each.found]);
    }
    process.stdout.write(`${table.toString()}\n`);
    for (const { what, advice } of found) if (advice !== "") process.stdout.write(`${what}: ${advice}\n`);
  }
  const failed = found.filter((each) => !each.fine);
  if (failed.length === 0) return;
  throw new UsageError(
    `this machine lacks ${failed.map(({ what }) => what).join(", ")}; what to do is above`,
  );
}
