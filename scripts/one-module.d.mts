import type { BuildOptions } from "vite";

/** Sources as one module. */
export function oneModule(options: BuildOptions): Promise<string>;
