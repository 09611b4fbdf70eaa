import type { AdapterTraits } from "../src/device/traits.ts";

type Kinds = Readonly<Record<"gpu" | "gpuSubgroups" | "software" | "softwareSubgroups", AdapterTraits>>;

export const leastAdapters: Kinds;
export const fullAdapters: Kinds;
