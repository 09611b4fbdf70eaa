// The `model` section of a manifest: which backbone, and its fields.
import { z } from "zod";
import { wrongWord } from "../../data/manifest/fields.ts";
import { backboneKind, type BackboneConfiguration, type BackboneKind } from "../../nn/backbones.ts";
import type { BackboneFamily, ModelProblem, ModelSection } from "./backbone-family.ts";
import { densenetFamily } from "./densenet-family.ts";
import { resnetFamily } from "./resnet-family.ts";

/** A row for each kind of backbone that there is. */
const families: { readonly [Kind in BackboneKind]: BackboneFamily<Kind> } = {
  densenet: densenetFamily,
  resnet: resnetFamily,
};

type Discriminable<Output> = z.ZodType<Output> & z.core.$ZodTypeDiscriminable;

/** The choice between the rows of a table, by a word that each of them has. */
function oneOfRows<Output>(
  word: string,
  rows: readonly z.ZodType<Output>[],
  error?: (issue: z.core.$ZodRawIssue) => string | undefined,
): z.ZodType<Output> {
  // That there are rows, and that each has the word as a literal, is beyond the compiler; zod throws where one has none.
  const options = rows as unknown as readonly [Discriminable<Output>, ...Discriminable<Output>[]];
  return z.discriminatedUnion(word, options, { ...(error === undefined ? {} : { error }) });
}

const models = Object.values(families).flatMap(({ models: named }) =>
  Object.entries<z.ZodType<ModelSection>>(named),
);

/** The words that `model.backbone` may say. */
export const backboneNames = models.map(([name]) => name);

const defaultBackbone = "densenet";

/** The `model` section of a manifest. Where it names no backbone, it is of a DenseNet. */
export const model = z.preprocess(
  (given) => {
    const isGroup = typeof given === "object" && given !== null && !Array.isArray(given);
    return isGroup && !Object.hasOwn(given, "backbone") ? { backbone: defaultBackbone, ...given } : given;
  },
  oneOfRows(
    "backbone",
    models.map(([, section]) => section),
    ({ input }) => wrongWord(input, "backbone", backboneNames),
  ),
);

/** A network as model files hold it. */
export const storedNetwork: z.ZodType<BackboneConfiguration> = oneOfRows<BackboneConfiguration>(
  "kind",
  Object.values(families).map(({ stored }) => stored),
);

/** What stands against a network on images of this size, if anything does. */
export function modelProblem(
  section: ModelSection,
  image: { readonly height: number; readonly width: number },
): ModelProblem | undefined {
  // The row for a section's kind takes that section; the compiler cannot follow this through a table.
  const problem = families[backboneKind(section)].problem as (
    section: ModelSection,
    image: { readonly height: number; readonly width: number },
  ) => ModelProblem | undefined;
  return problem(section, image);
}
