// Resizing and its gradient as rows of the registry.

import { resize2d, resize2dGradient } from "./resize2d.ts";

export type { ResizeMethod } from "./positions.ts";
export type { Resize2dAttributes, Resize2dGradientAttributes } from "./resize2d.ts";

export const resizingOperators = { resize2d, resize2dGradient } as const;
