// The `model` section of a manifest: which network each backbone means, how it is stored, and what is refused.

import { expect, test } from "vitest";
import type { NetworkConfiguration } from "../../../src/assemble/backbones/backbone-family.ts";
import { backboneNames, storedNetwork } from "../../../src/assemble/backbones/model-section.ts";
import { settingsOf } from "../../../src/assemble/manifest-settings.ts";
import { parseTrainingManifest } from "../../../src/assemble/training-manifest.ts";
import { taskNames, type TaskName } from "../../../src/data/manifest/task-names.ts";
import { ManifestError } from "../../../src/errors/data-errors.ts";
import { densenet121Configuration, densenetConfigurations } from "../../../src/nn/densenet.ts";
import { resnetConfigurations } from "../../../src/nn/resnet.ts";

/** The network of a manifest with this section, for images of this size. */
function networkOf(section: string, size = 32, channels = 3, task?: TaskName): NetworkConfiguration {
  const text = `
classes: [nodule]
image: { height: ${size}, width: ${size}, channels: ${channels} }${task === undefined ? "" : `\ntask: ${task}`}
sources: [{ name: A, format: phantoms, site: A, count: 4, knows: [nodule] }]
test: { format: phantoms, site: B, count: 4 }
${section}
`;
  return settingsOf(parseTrainingManifest(text, "m.yaml"), 0).network;
}

test("no section, no backbone and densenet are the small DenseNet", () => {
  // To the byte: it stands in model files, and keys of runs are digests of it.
  const usual =
    '{"inputChannels":3,"stem":{"features":16,"kernel":3,"stride":1,"pool":false},"blocks":[3,3,3],"growth":12,' +
    '"bottleneck":null,"compression":0.5}';
  for (const section of ["", "model: {}", "model: { backbone: densenet }"]) {
    expect(JSON.stringify(networkOf(section))).toBe(usual);
  }
  const other = networkOf("model: { growth: 8, blocks: [2, 2], stem: { pool: true } }", 32, 1);
  expect(JSON.stringify(other)).toBe(
    '{"inputChannels":1,"stem":{"features":16,"kernel":3,"stride":1,"pool":true},"blocks":[2,2],"growth":8,' +
      '"bottleneck":null,"compression":0.5}',
  );
});

test("the DenseNets and ResNets are torchvision's, with another stem where one is given", () => {
  expect(networkOf("model: { backbone: densenet121 }", 64)).toEqual(densenet121Configuration);
  for (const [name, configuration] of Object.entries({
    ...densenetConfigurations,
    ...resnetConfigurations,
  })) {
    expect(networkOf(`model: { backbone: ${name} }`, 64)).toEqual(configuration);
    expect(networkOf(`model: { backbone: ${name} }`, 64, 1)).toEqual({ ...configuration, inputChannels: 1 });
  }
  const stem = { kernel: 3, stride: 1, pool: false };
  const section = `stem: ${JSON.stringify(stem)}`;
  expect(networkOf(`model: { backbone: resnet18, ${section} }`)).toEqual({
    ...resnetConfigurations.resnet18,
    stem: { features: 64, ...stem },
  });
  expect(networkOf(`model: { backbone: densenet121, ${section} }`)).toEqual({
    ...densenet121Configuration,
    stem: { features: 64, ...stem },
  });
});

test("where pixels are learned, no section and no backbone are a U-Net", () => {
  const usual = { kind: "unet", inputChannels: 3, width: 16, levels: 4 };
  for (const section of ["", "model: {}", "model: { backbone: unet }"]) {
    expect(networkOf(section, 32, 3, "segmentation")).toEqual(usual);
  }
  expect(networkOf("model: { width: 8, levels: 5 }", 32, 1, "segmentation")).toEqual({
    ...{ ...usual, inputChannels: 1, width: 8, levels: 5 },
  });
  for (const section of ["", "model: { growth: 12 }"]) {
    expect(networkOf(section, 32, 3, "classification")).toEqual(networkOf(""));
  }
});

test("a network of the other task is refused, with those that the task has", () => {
  const read = (name: string, task: TaskName) => (): unknown =>
    networkOf(`model: { backbone: ${name} }`, 32, 3, task);
  expect(read("unet", "classification")).toThrow(
    "model.backbone names a network for task: segmentation, but the task is classification, whose networks are densenet, " +
      "densenet121, densenet161, densenet169, densenet201, resnet18, resnet34, resnet50",
  );
  for (const name of ["densenet", "resnet18"]) {
    expect(read(name, "segmentation")).toThrow(
      "model.backbone names a network for task: classification, but the task is segmentation, whose networks are unet",
    );
  }
  expect(() => networkOf("model: { growth: 12 }", 32, 3, "segmentation")).toThrow(
    "model.growth is not a field of unet, whose fields are width, levels",
  );
});

test("a U-Net of images that it cannot halve is refused, with sizes that it can", () => {
  const read = (section: string, size: number) => (): unknown => networkOf(section, size, 3, "segmentation");
  expect(read("", 36)).toThrow(
    "model.levels of 4 cannot halve 36 x 36 pixels 3 times: height and width must be multiples of 8, such as 32 x 32 or 40 x 40",
  );
  expect(read("model: { levels: 3 }", 36)).not.toThrow();
  expect(read("model: { levels: 6 }", 16)).toThrow("must be multiples of 32, such as 32 x 32");
  expect(read("model: { levels: 17 }", 32)).toThrow("model.levels must be at most 16, not 17");
});

test.each(backboneNames)("%s is read back from what is stored of it", (name) => {
  const task = taskNames[name === "unet" ? 1 : 0];
  const network = networkOf(`model: { backbone: ${name} }`, 64, 3, task);
  const stored: unknown = JSON.parse(JSON.stringify(network));
  const read = storedNetwork.parse(stored);
  expect(read).toEqual(network);
  // A key that is there without a value would be another record.
  expect(Object.keys(read).sort()).toEqual(Object.keys(network).sort());
});

test("what is stored of a network that there is not, or of two at once, is not read", () => {
  const [densenet, resnet] = [networkOf(""), networkOf("model: { backbone: resnet34 }")];
  for (const odd of [
    { ...resnet, kind: "vgg" },
    { ...resnet, kind: "densenet" },
    { ...densenet, kind: "resnet" },
    { ...densenet, block: "basic" },
    { ...resnet, kind: "unet" },
    { kind: "unet", inputChannels: 3, width: 16, levels: 40 },
    { ...resnet, blocks: [] },
    {},
    null,
  ]) {
    expect(storedNetwork.safeParse(odd).success, JSON.stringify(odd)).toBe(false);
  }
});

test.each([
  [
    "{ backbone: resnet-18 }",
    'model.backbone must be one of densenet, densenet121, densenet161, densenet169, densenet201, resnet18, resnet34, resnet50, unet, not "resnet-18"; ' +
      'did you mean "resnet18"?',
  ],
  [
    "{ backbone: 18 }",
    "model.backbone must be one of densenet, densenet121, densenet161, densenet169, densenet201, resnet18, resnet34, resnet50, unet, not 18",
  ],
  ["{ backbone: resnet18, growth: 12 }", "model.growth is not a field of resnet18, whose fields are stem"],
  [
    "{ backbone: densenet121, blocks: [3] }",
    "model.blocks is not a field of densenet121, whose fields are stem",
  ],
  [
    "{ grwth: 12 }",
    "model.grwth is not a field of densenet, whose fields are stem, blocks, growth, bottleneck, compression; " +
      'did you mean "growth"?',
  ],
  [
    "{ backbone: resnet50, stem: { kernal: 3 } }",
    'model.stem.kernal is not known here; the keys are features, kernel, stride, pool; did you mean "kernel"?',
  ],
  ["{ backbone: resnet18, stem: { kernel: 0 } }", "model.stem.kernel must be at least 1, not 0"],
  ["resnet18", 'model must be a group of keys, not "resnet18"'],
])("model: %s is refused", (section, message) => {
  const read = (): unknown => networkOf(`model: ${section}`);
  expect(read).toThrow(ManifestError);
  expect(read).toThrow(new ManifestError("m.yaml", "", message, { line: 6 }).message);
});

test("a network that leaves no pixel or channel is refused, by its field", () => {
  const halved = "leave no pixel of a 16 x 16 image: it is halved after each block but the last";
  const wanted = [
    ["model: { blocks: [2, 2, 2, 2, 2, 2] }", `model.blocks ${halved}`],
    ["model: { backbone: densenet121 }", `model.blocks ${halved}`],
    [
      "model: { compression: 0.01, growth: 1 }",
      "model.compression of 0.01 keeps no channel between two blocks",
    ],
    [
      "model: { backbone: resnet18, stem: { kernel: 30, stride: 1 } }",
      undefined, // 15 pixels are left
    ],
    ["model: { blocks: [2, 2, 2, 2, 2] }", undefined], // 16, 8, 4, 2, 1
    ["model: { backbone: resnet50 }", undefined], // 8 behind the stem, 4 behind its pool, then 4, 2, 1, 1
  ] as const;
  for (const [section, message] of wanted) {
    const read = (): unknown => networkOf(section, 16);
    if (message === undefined) expect(read).not.toThrow();
    else expect(read).toThrow(message);
  }
});
