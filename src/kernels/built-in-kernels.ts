// All built-in kernels, by name.

import { KernelError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Kernel } from "./kernel.ts";
import * as named from "./named.generated.ts";

export type KernelName = keyof typeof named;

/** What a knob or uniform of a kernel may be called to be, where the shader names its values: `"add" | "subtract" | ...`. */
export type Choice<
  Name extends keyof named.Choices,
  Field extends keyof named.Choices[Name],
> = named.Choices[Name][Field];

/** Every kernel by its name, which is that of its file in shaders/. */
export const kernels: Readonly<Record<KernelName, Kernel>> = /* @__PURE__ */ told({ ...named });

/** The compiler knows the names; whoever writes JavaScript, or has a name from elsewhere, is told. */
function told(rows: Readonly<Record<KernelName, Kernel>>): Readonly<Record<KernelName, Kernel>> {
  return new Proxy(rows, {
    get(target, name): unknown {
      if (typeof name === "symbol" || name in target || name === "toJSON" || name === "then") {
        return Reflect.get(target, name);
      }
      if (/\s/.test(name))
        throw new KernelError(
          "a WGSL text is no name of a kernel; kernelOf(text) makes a kernel of it, once",
        );
      throw new KernelError(`there is no kernel "${name}"${suggestion(name, Object.keys(target))}`);
    },
  });
}

/**
 * The kernel of a launch, which names a built-in one or carries one of the user's.
 * @throws KernelError for a name that there is not, and for what is no kernel
 */
export function kernelFor(kernel: KernelName | Kernel): Kernel {
  if (typeof kernel === "string") return kernels[kernel];
  const given = kernel as Partial<Kernel> | null | undefined;
  if (typeof given?.specialise === "function") return kernel;
  throw new KernelError(
    "a launch's kernel is the name of a built-in kernel or what kernelOf(text) gives; got " +
      (given === null || given === undefined ? String(given) : "something else"),
  );
}
