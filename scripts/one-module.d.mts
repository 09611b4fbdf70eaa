import type { BuildOptions } from "vite";

export function oneModule(options: BuildOptions): Promise<string>;
