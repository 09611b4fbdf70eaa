// The `model` section of a manifest: which network, and its fields.
import { z } from "zod";
import { wrongWord } from "../../data/manifest/fields.ts";
import type { TaskName } from "../../data/manifest/task-names.ts";
import type {
  ModelProblem,
  ModelSection,
  NetworkConfiguration,
  NetworkFamily,
  NetworkKind,
} from "./backbone-family.ts";
import { densenetFamily } from "./densenet-family.ts";
import { resnetFamily } from "./resnet-family.ts";
import { unetFamily } from "./unet-family.ts";

/** A row for each kind of network that there is. */
const families: { readonly [Kind in NetworkKind]: NetworkFamily<Kind> } = {
  densenet: densenetFamily,
  resnet: resnetFamily,
  unet: unetFamily,
};

/** One without a kind is a DenseNet, as all were before there was a choice. */
const kindOf = ({ kind }: Pick<NetworkConfiguration, "kind">): NetworkKind => kind ?? "densenet";

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

/** The network of a manifest that names none. */
const defaultBackbones: Readonly<Record<TaskName, string>> = {
  classification: "densenet",
  segmentation: "unet",
};

/** The `model` section of a manifest. */
export const model = oneOfRows(
  "backbone",
  models.map(([, section]) => section),
  ({ input }) => wrongWord(input, "backbone", backboneNames),
);

/** A manifest as it is written, its `model` section with the network that its task has where it names none. */
export function withBackbone(tree: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { task, model: given = {} } = tree;
  const isGroup = typeof given === "object" && given !== null && !Array.isArray(given);
  if (!isGroup || Object.hasOwn(given, "backbone")) return tree;
  const backbone = defaultBackbones[task === "segmentation" ? task : "classification"];
  return { ...tree, model: { backbone, ...given } };
}

/** A network as model files hold it. */
export const storedNetwork: z.ZodType<NetworkConfiguration> = oneOfRows<NetworkConfiguration>(
  "kind",
  Object.values(families).map(({ stored }) => stored),
);

/** What stands against a network for this task, on images of this size, if anything does. */
export function modelProblem(
  section: ModelSection,
  task: TaskName,
  image: { readonly height: number; readonly width: number },
): ModelProblem | undefined {
  const family = families[kindOf(section)];
  if (family.task !== task) {
    const names = Object.values(families).flatMap((each) =>
      each.task === task ? Object.keys(each.models) : [],
    );
    return {
      field: "backbone",
      reason: `names a network for task: ${family.task}, but the task is ${task}, whose networks are ${names.join(", ")}`,
    };
  }
  // The row for a section's kind takes that section; the compiler cannot follow this through a table.
  const problem = family.problem as (
    section: ModelSection,
    image: { readonly height: number; readonly width: number },
  ) => ModelProblem | undefined;
  return problem(section, image);
}
