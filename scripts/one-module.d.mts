import type { BuildOptions } from "vite";

<<<<<<< HEAD
=======
/** Sources as one module. */
>>>>>>> h-files
export function oneModule(options: BuildOptions): Promise<string>;
