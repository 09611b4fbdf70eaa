// Folders of encoders: what is damaged, missing or of another model is refused in one line, and an encoder of this engine comes back.

import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { plainSafetensors, tensorFileParts } from "../../src/interchange/tensor-file.ts";
import { readWeightFile } from "../../src/interchange/weight-file.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { HeldTensor } from "../../src/tensor/held.ts";
import { fromFolder, openFolder } from "../../src/text/encoder/encoder-folder.ts";
import { encoderRecord } from "../../src/text/encoder/encoder-record.ts";
import { createEncoder } from "../../src/text/encoder/encoders.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { useEngine } from "../engines.ts";

const root = fileURLToPath(new URL("folders", import.meta.url));
const temporary = temporaryFolder();
afterAll(temporary.remove);
const folder = join(temporary.path, "model");
const at = (name: string): string => join(folder, name);
const open = useEngine({ device: "reference" });

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, "bert"), folder, { recursive: true });
});

/** The message of a folder that cannot be opened, without its place; it leaves no tensors behind. */
async function refusal(): Promise<string> {
  const before = open().memory().tensors;
  const message = await openFolder(open(), folder).then(
    () => "",
    (error: unknown) => (error as Error).message.replaceAll(folder, "MODEL"),
  );
  expect(message).not.toContain("\n");
  if (message !== "") expect(open().memory().tensors).toBe(before);
  return message;
}

function changeJson(name: string, change: (value: Record<string, unknown>) => object): void {
  const value = JSON.parse(readFileSync(at(name), "utf8")) as Record<string, unknown>;
  writeFileSync(at(name), JSON.stringify(change(value)));
}

async function changeWeights(change: (weights: Map<string, HeldTensor>) => void): Promise<void> {
  const weights = new Map<string, HeldTensor>((await readWeightFile(at("model.safetensors"))).tensors);
  change(weights);
  writeFileSync(at("model.safetensors"), Buffer.concat(plainSafetensors(weights, {})));
}

describe("a folder of BERT", () => {
  test("is opened with what is left over told", async () => {
    const { encoder, leftOver } = await openFolder(open(), folder);
    expect([...leftOver].sort()).toEqual([
      "embeddings.position_ids",
      "pooler.dense.bias",
      "pooler.dense.weight",
    ]);
    expect(encoder.mostTokens).toBe(20);
    const vectors = await encoder.encode(["abc wing", "wing ".repeat(40)]);
    expect(vectors).toHaveLength(24);
    encoder.dispose();
  });

  test.each<[string, (value: Record<string, unknown>) => object, string]>([
    [
      "another model",
      (c) => ({ ...c, model_type: "gpt2" }),
      'config.json: model_type is "gpt2", and what is read is bert, roberta, xlm-roberta',
    ],
    [
      "another activation",
      (c) => ({ ...c, hidden_act: "silu" }),
      'hidden_act is "silu", and what is read is "gelu" and "relu"',
    ],
    [
      "other positions",
      (c) => ({ ...c, position_embedding_type: "relative_key" }),
      'position_embedding_type is "relative_key"',
    ],
    ["a decoder", (c) => ({ ...c, is_decoder: true }), "is_decoder is true"],
    [
      "a width of no heads",
      (c) => ({ ...c, num_attention_heads: 5 }),
      "num_attention_heads is 5, and what is read is a divisor of hidden_size 12",
    ],
    ["a missing field", ({ hidden_size: _, ...c }) => c, "config.json: hidden_size: "],
    ["half a layer", (c) => ({ ...c, num_hidden_layers: 1.5 }), "config.json: num_hidden_layers: "],
    ["no object", () => [], "config.json: "],
    [
      "far more weights than there are",
      (c) => ({ ...c, vocab_size: 1e9 }),
      "describes an encoder of some 1.20e+10 weights, and the file beside it has ",
    ],
    [
      "a layer too few",
      (c) => ({ ...c, num_hidden_layers: 1 }),
      "left over encoder.layer.1.attention.self.query.weight",
    ],
    [
      "a layer too many",
      (c) => ({ ...c, num_hidden_layers: 3 }),
      "missing encoder.layer.2.attention.self.query.weight, encoder.layer.2.attention.self.key.weight, encoder.layer.2.attention.self.value.weight and 13 more",
    ],
    [
      "another vocabulary",
      (c) => ({ ...c, vocab_size: 9 }),
      "of another shape embeddings.word_embeddings.weight [27, 12], of [9, 12] in all",
    ],
  ])("is refused with a configuration of %s", async (_, change, message) => {
    changeJson("config.json", change);
    expect(await refusal()).toContain(message);
  });

  test("is refused when files are missing or damaged", async () => {
    writeFileSync(at("config.json"), "{");
    expect(await refusal()).toMatch(/^MODEL\/config\.json: is no JSON; take the config\.json that was saved/);
    rmSync(at("config.json"));
    expect(await refusal()).toMatch(/^MODEL: holds no encoder, neither encoder\.json nor config\.json/);
    copyFileSync(join(root, "bert", "config.json"), at("config.json"));
    const bytes = readFileSync(at("model.safetensors"));
    writeFileSync(at("model.safetensors"), bytes.subarray(0, 5000));
    expect(await refusal()).toMatch(/^MODEL\/model\.safetensors: is a damaged safetensors file/);
    rmSync(at("model.safetensors"));
    expect(await refusal()).toMatch(/^MODEL\/model\.safetensors: /);
    writeFileSync(at("model.safetensors"), bytes);
    rmSync(at("tokenizer.json"));
    expect(await refusal()).toMatch(/^MODEL\/tokenizer\.json: /);
  });

  test("is refused with weights that are missing or left over, which are listed", async () => {
    await changeWeights((weights) => {
      weights.delete("embeddings.LayerNorm.bias");
      weights.set("encoder.adapter.weight", { shape: [1], data: Float32Array.of(1) });
    });
    expect(await refusal()).toBe(
      "MODEL/model.safetensors: is not of the model that config.json describes: missing embeddings.LayerNorm.bias; left over encoder.adapter.weight",
    );
  });

  test("may have the names of the first years, gamma and beta", async () => {
    await changeWeights((weights) => {
      for (const [name, tensor] of [...weights]) {
        if (!name.includes("LayerNorm")) continue;
        weights.delete(name);
        weights.set(`bert.${name.replace("weight", "gamma").replace("bias", "beta")}`, tensor);
      }
    });
    // Names with and without the prefix are of two models.
    expect(await refusal()).toContain("missing embeddings.LayerNorm.weight");
    await changeWeights((weights) => {
      for (const [name, tensor] of [...weights]) {
        if (name.startsWith("bert.")) continue;
        weights.delete(name);
        weights.set(`bert.${name}`, tensor);
      }
    });
    expect(await refusal()).toBe("");
  });

  test("is refused with a tokeniser of more tokens, and with pooling that is no mean", async () => {
    copyFileSync(join(root, "bert", "tokenizer.json"), at("tokenizer.json"));
    changeJson("tokenizer.json", (value) => ({
      ...value,
      model: {
        ...(value["model"] as object),
        vocab: { ...(value["model"] as { vocab: object }).vocab, more: 27 },
      },
    }));
    expect(await refusal()).toMatch(/tokenizer\.json: has 28 tokens, and the encoder beside it rows for 27/);
    copyFileSync(join(root, "bert", "tokenizer.json"), at("tokenizer.json"));
    mkdirSync(at("1_Pooling"));
    const pooling = {
      word_embedding_dimension: 12,
      pooling_mode_cls_token: true,
      pooling_mode_mean_tokens: false,
    };
    writeFileSync(at("1_Pooling/config.json"), JSON.stringify(pooling));
    expect(await refusal()).toMatch(/asks for pooling_mode_cls_token, and vectors here are means/);
    writeFileSync(
      at("1_Pooling/config.json"),
      JSON.stringify({ ...pooling, pooling_mode_cls_token: false, pooling_mode_mean_tokens: true }),
    );
    expect(await refusal()).toBe("");
  });
});

describe("a folder of this engine", () => {
  const configuration = { kind: "bag", vocabulary: 27, width: 6, padding: 0 } as const;

  async function write(): Promise<void> {
    const module = createEncoder(open(), new Initialiser(open(), 5), configuration);
    const content = {
      record: { task: "text encoder", epoch: 1, layout: 2 },
      tensors: await readWeights(module),
    };
    module.dispose();
    rmSync(at("config.json"));
    writeFileSync(at("encoder.json"), encoderRecord(configuration, 9));
    writeFileSync(at("model.safetensors"), Buffer.concat(tensorFileParts("tessera model 1", content)));
  }

  test("comes back as it was written", async () => {
    await write();
    using encoder = await fromFolder(open(), folder);
    expect(encoder.mostTokens).toBe(9);
    expect(encoder.module.configuration).toEqual(configuration);
    const drawn = createEncoder(open(), new Initialiser(open(), 5), configuration);
    expect(await readWeights(encoder.module)).toEqual(await readWeights(drawn));
    drawn.dispose();
  });

  test("is refused where something is odd", async () => {
    await write();
    const record = readFileSync(at("encoder.json"), "utf8");
    const refused = async (change: (text: string) => string): Promise<string> => {
      writeFileSync(at("encoder.json"), change(record));
      return await refusal();
    };
    expect(await refused(() => "nothing")).toMatch(/^MODEL\/encoder\.json: is no JSON/);
    expect(await refused((text) => text.replace("bag", "sack"))).toMatch(
      /^MODEL\/encoder\.json: encoder\.kind: /,
    );
    expect(await refused((text) => text.replace("encoder 1", "encoder 7"))).toMatch(
      /encoder\.json: format: /,
    );
    expect(await refused((text) => text.replace('"width": 6', '"width": -6'))).toMatch(/encoder\.width: /);
    expect(await refused((text) => text.replace('"padding": 0', '"padding": 27'))).toMatch(
      /encoder\.json: BagEncoder: padding must be a token of the vocabulary, 0 to 26, got 27/,
    );
    expect(await refused((text) => text.replace('"width": 6', '"width": 7'))).toMatch(
      /model\.safetensors: is not of the encoder beside it: "words\.weight" is \[27, 6\] in it and \[27, 7\] here/,
    );
    writeFileSync(at("encoder.json"), record);
    const bytes = readFileSync(at("model.safetensors"));
    bytes[bytes.length - 3] ^= 1;
    writeFileSync(at("model.safetensors"), bytes);
    expect(await refusal()).toMatch(/^MODEL\/model\.safetensors: /);
  });
});
