// What heads, losses, studies and checks know of a network: images go in, features come out.

import type { Tensor } from "../tensor/tensor.ts";
import type { Mode, Module } from "./module.ts";

/** The first convolution of a network, and what it is followed by. */
export interface StemConfiguration {
  readonly features: number;
  readonly kernel: number;
  readonly stride: number;
  /** Whether a 3x3 max pool of stride 2 follows its batch norm and ReLU. */
  readonly pool: boolean;
}

/**
 * A network from images to features. Its stages make maps that are ever coarser; the mean of the last maps over their
 * pixels are the features.
 */
export interface Backbone extends Module {
  /** Width D of the feature vector. */
  readonly features: number;
  /** Channels of the maps of each stage, in the order of `maps`; the last is D. */
  readonly stageChannels: readonly number[];

  /**
   * @param images normalised, [B, H, W, C]
   * @returns [B, D]
   * @throws ShapeError when the images have other channels, or too few pixels
   */
  forward(images: Tensor, mode: Mode): Tensor;

  /**
   * The same network, with what its stages make: for tasks that need places, such as segmentation.
   *
   * @param images normalised, [B, H, W, C]
   * @returns [B, h, w, c] of each stage, finest first
   * @throws ShapeError as `forward`
   */
  maps(images: Tensor, mode: Mode): readonly Tensor[];
}
