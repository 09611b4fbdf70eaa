// Every kind of head by its settings.

import type { Engine } from "../../runtime/engine.ts";
import { DynamicHead } from "./dynamic-head.ts";
import type { Head, HeadSettings } from "./head.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import { LinearHead } from "./linear-head.ts";
import { PerSourceHead } from "./per-source-head.ts";
import { QueryHead } from "./query-head.ts";

/** A head for K classes on features [B, D]. */
export function headOf(
  engine: Engine,
  init: Initialiser,
  features: number,
  classes: number,
  settings: HeadSettings,
): Head {
  switch (settings.kind) {
    case "queries":
      return new QueryHead(engine, init, features, classes, settings.bias);
    case "linear":
      return new LinearHead(engine, init, features, classes);
    case "per-source":
      return new PerSourceHead(engine, init, features, classes, settings.known);
    case "dynamic":
      return new DynamicHead(engine, init, features, classes);
  }
}
