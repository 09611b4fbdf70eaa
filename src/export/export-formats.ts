// What a model can be exported to, and the file of each.

export const exportFormats = ["onnx", "safetensors", "torch"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const exportFiles: Readonly<Record<ExportFormat, string>> = {
  onnx: "model.onnx",
  safetensors: "model.torchvision.safetensors",
  torch: "model.pth",
};

/** The page beside them. */
export const cardFile = "README.md";
