// What people of PyTorch and tf.js write first: each error says what to write instead.

import { expect, test } from "vitest";
import { crossEntropy } from "../../src/functions/losses.ts";
import { stack } from "../../src/functions/movement.ts";
import { linear } from "../../src/functions/products.ts";
import { instanceNorm } from "../../src/functions/normalisation.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { Module } from "../../src/nn/module.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "reference" });
const zeros = (...shape: number[]): Tensor => open().zeros(shape);

test("classes and indices of another type name the call that makes u32", () => {
  expect(() => crossEntropy(zeros(2, 3), zeros(2))).toThrow('engine.tensor(values, shape, "u32") makes u32');
  expect(() => stack([open().tensor(Uint32Array.of(1))])).toThrow(/^stack: takes f32/);
});

test("logits with the classes in torch's place, and a weight turned, are told how they must lie", () => {
  const classes = open().tensor(new Uint32Array(16), [1, 4, 4]);
  expect(() => crossEntropy(zeros(1, 3, 4, 4), classes)).toThrow("the classes along the last axis");
  expect(() => linear(zeros(2, 3), zeros(4, 3))).toThrow("{ transposeWeight: true }");
  expect(() => instanceNorm(zeros(1, 2, 4), zeros(4), zeros(4), { epsilon: -1 })).toThrow(
    /^instanceNorm: epsilon/,
  );
});

test("a module that keeps undeclared modules in a list is refused, not left untrained", () => {
  class Blocks extends Module {
    readonly blocks = [new Linear(open(), new Initialiser(open(), 1), 2, 2)];
    forward(x: Tensor): Tensor {
      return x;
    }
  }
  expect(() => new Blocks(open()).parameters()).toThrow('something in "blocks" is not declared');
});
