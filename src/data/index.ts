// The data floor: from manifests, files and phantoms to an assembly in memory.

export { assembly, concatenate, imageSet, restrict, type Assembly, type ImageSet } from "./assembly.ts";
export { DataError, ManifestError } from "./failures.ts";
export { loadAssembly } from "./load.ts";
export { parseManifest, readManifest, type Manifest } from "./manifest.ts";
export { epochOrder, permutation } from "./order.ts";
export { drawPhantom, findingNames, phantoms, siteNames, type Finding, type Site } from "./phantoms/index.ts";
