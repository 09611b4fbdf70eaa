// Attention and its gradients as rows of the registry.

import { attentionGradient } from "./attention-gradient.ts";
import { attention } from "./attention.ts";

export type { AttentionAttributes } from "./attention-extents.ts";

export const attentionOperators = { attention, attentionGradient } as const;
