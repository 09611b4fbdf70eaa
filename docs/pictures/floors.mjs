// Draws floors.svg, the floors of src/: node docs/pictures/floors.mjs
//
// Every text lies on a box of its own colour, so that the drawing reads on a light and on a dark page.
import { writeFileSync } from "node:fs";

/** Top floor first. A floor: its rooms, and what lives there. */
const groups = [
  {
    name: "people",
    colour: "#f6d9d5",
    floors: [
      [["cli"], "the commands"],
      [["export"], "models for other programs, and their cards"],
      [["report"], "pages, figures and tables"],
    ],
  },
  {
    name: "method",
    colour: "#f8e6c8",
    floors: [
      [["studies"], "comparisons of many runs: plans, queue, tests"],
      [["runs"], "run folders, models, predictions on disk"],
      [["assemble", "tabular", "text"], "Label-Assemble: heads, losses, views; synthetic tables; search"],
      [["training"], "the loop of any method, checkpoints, validation"],
    ],
  },
  {
    name: "data",
    colour: "#e3edc9",
    floors: [
      [["pictures"], "contact sheets"],
      [["data"], "manifests, formats, images, cache, sampling"],
      [["interchange"], "files of safetensors, ONNX and PyTorch"],
      [["metrics"], "AUC, ROC, calibration, with absent labels"],
      [["statistics"], "bootstrap, t-tests, Holm"],
    ],
  },
  {
    name: "networks",
    colour: "#cfe8dc",
    floors: [
      [["nn", "optim"], "layers and backbones; optimisers and schedules"],
      [["autograd"], "the tape and the table of gradient rules"],
    ],
  },
  {
    name: "engine",
    colour: "#cfe3f5",
    floors: [
      [["functions", "profiling", "tuning"], "conv2d(x, filter); where time goes; the fastest candidates"],
      [["runtime"], "engine, recorded programs, memory plan, backends"],
      [["operators"], "shape rule, reference, candidates of each operator"],
      [["tensor"], "shapes, host arrays, the handle"],
    ],
  },
  {
    name: "GPU",
    colour: "#dcd8f2",
    floors: [
      [["kernels"], "what shaders/*.wgsl bind, and how they are launched"],
      [["device"], "adapter, limits, loss of the device"],
    ],
  },
  {
    name: "ground",
    colour: "#e4e4e4",
    floors: [
      [["labels", "files"], "label states; files that are not trusted"],
      [["errors"], "typed errors, and the nearest valid name"],
    ],
  },
];

const [width, row, gap, left, room] = [880, 30, 3, 110, 110];
const between = 8;
const text = (x, y, words, style) => `<text x="${x}" y="${y}" ${style}>${words}</text>`;
const shapes = [];
let y = 0;
for (const { name, colour, floors } of groups) {
  const height = floors.length * (row + gap) - gap;
  const box = (x, top, wide, high) =>
    `<rect x="${x}" y="${top}" width="${wide}" height="${high}" rx="4" fill="${colour}"/>`;
  shapes.push(box(0, y, left - gap, height), text(14, y + height / 2 + 5, name, 'class="group"'));
  floors.forEach(([rooms, about], i) => {
    const top = y + i * (row + gap);
    shapes.push(box(left, top, width - left, row));
    rooms.forEach((each, r) => shapes.push(text(left + 14 + r * room, top + 20, each, 'class="room"')));
    shapes.push(text(left + 14 + 3 * room, top + 20, about, ""));
  });
  y += height + between;
}
const height = y - between;
writeFileSync(
  new URL("floors.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>The floors of src/: a file imports from its own room or a lower floor</title>
<style>text { font: 14px system-ui, sans-serif; fill: #1d1d1f } .room { font: 600 14px ui-monospace, monospace } .group { font-style: italic }</style>
${shapes.join("\n")}
</svg>
`,
);
