// The one table of backbones. To add another, write its module, add a row here and one to the families of
// assemble/backbones/model-section.ts; everything else knows the interface alone.

import { aRecord, aString, expectArgument } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Backbone } from "./backbone.ts";
import { DenseNet } from "./densenet.ts";
import type { Initialiser } from "./initialise.ts";
import { ResNet } from "./resnet.ts";

/** By the `kind` of their configurations. */
const backbones = { densenet: DenseNet, resnet: ResNet };

export type BackboneKind = keyof typeof backbones;

/** The configuration that each kind is built from. */
export type BackboneConfigurations = {
  readonly [Kind in BackboneKind]: ConstructorParameters<(typeof backbones)[Kind]>[2];
};

/** What a network is built from, as it stands in settings, checkpoints and model files. */
export type BackboneConfiguration = BackboneConfigurations[BackboneKind];

/** Which backbone a configuration is of: one without a kind is a DenseNet, as all were before there was a choice. */
export function backboneKind({ kind }: Pick<BackboneConfiguration, "kind">): BackboneKind {
  return kind ?? "densenet";
}

/**
 * The backbone that a configuration describes, with initial weights drawn from `init`.
 * @throws UsageError for a kind that there is not, and what the backbone's own constructor throws
 */
export function createBackbone(
  engine: Engine,
  init: Initialiser,
  configuration: BackboneConfiguration,
): Backbone {
  expectArgument("createBackbone", "the configuration", configuration, aRecord);
  const kind = backboneKind(configuration);
  expectArgument("createBackbone", "the kind", kind, aString);
  if (!Object.hasOwn(backbones, kind)) {
    const names = Object.keys(backbones);
    throw new UsageError(
      `createBackbone: there is no backbone of the kind "${kind}"${suggestion(kind, names) || ";"} there are ${names.join(", ")}`,
    );
  }
  // The row for a configuration's kind takes that configuration; the compiler cannot follow this through a table.
  const Row = backbones[kind] as new (
    engine: Engine,
    init: Initialiser,
    configuration: BackboneConfiguration,
  ) => Backbone;
  return new Row(engine, init, configuration);
}
