// Draws maps.png: drawn radiographs with the outlines of what they show, and where two classifiers looked for it, one with maps of
// 8 x 8 and one with maps of 16 x 16.
//
//   npm run build && node docs/pictures/maps.mjs RUN OTHER_RUN

import { writeFileSync } from "node:fs";
import sharp from "sharp";
import { predictActivations } from "../../dist/assemble/predict-activations.js";
import { phantoms } from "../../dist/data/phantoms/index.js";
import { colours, contactSheet } from "../../dist/pictures/contact-sheet.js";
import { heatOverlay } from "../../dist/pictures/heat-overlay.js";
import { overlay } from "../../dist/pictures/overlay.js";
import { openEngine } from "../../dist/runtime/open-engine.js";
import { classifierOfModel, readModelFile } from "../../dist/runs/model-file.js";

const shown = ["mass", "effusion", "pneumothorax", "cardiomegaly"];
const [zoom, candidates] = [3, 60];
const models = await Promise.all(process.argv.slice(2).map(readModelFile));
const { classes, image, normalisation } = models[0].record;
const size = image.height;
const set = phantoms({ count: candidates, size, site: "A", seed: 11, findings: classes, outlines: true });
const engine = await openEngine();

/** By model: the maps of each image, at the size of a picture. */
const found = [];
for (const model of models) {
  const own = [];
  const keep = (row, each) => void (own[row] = each);
  const shape = [size * zoom, size * zoom];
  await predictActivations(engine, classifierOfModel(engine, model), set, normalisation, 16, keep, {
    size: shape,
  });
  found.push(own);
}

/** Of the images that show a finding and no other, the one that both models are the surest of in the middle of all: a usual one. */
function usual(k) {
  const rows = Array.from({ length: candidates }, (_, row) => row).filter((row) =>
    classes.every((_, other) => (set.states[row * classes.length + other] === 1) === (other === k)),
  );
  const sure = (row) => found.reduce((sum, own) => sum + own[row].logits[k], 0);
  return rows.sort((a, b) => sure(a) - sure(b))[Math.floor(rows.length / 2)];
}

const picked = shown.map((name) => ({ k: classes.indexOf(name), row: usual(classes.indexOf(name)) }));
const cellOf = (row) => ({
  ...{ height: size, width: size, channels: 1 },
  pixels: set.pixels.subarray(row * size * size, (row + 1) * size * size),
});
const outlined = picked.map(({ k, row }) => {
  const map = set.maps.subarray(row * size * size, (row + 1) * size * size);
  return overlay({ image: cellOf(row), given: map.map((label) => (label === k ? label : 254)), zoom });
});
const rows = found.map((own) =>
  picked.map(({ k, row }) => {
    const p = 1 / (1 + Math.exp(-own[row].logits[k]));
    const caption = [[{ text: `p ${p.toFixed(2)}`, colour: colours.name }]];
    return { ...heatOverlay(cellOf(row), own[row].enlarged[k], zoom), caption };
  }),
);
const named = outlined.map((cell, i) => ({
  ...cell,
  caption: [[{ text: shown[i], colour: colours.plain }]],
}));
const captions = ["outlines", ...found.map(([{ height, width }]) => `${height} x ${width}`)];
const sheet = contactSheet({
  ...{ columns: [], zoom: 1, letterScale: 2 },
  rows: [named, ...rows].map((cells, i) => ({ caption: captions[i], cells })),
});
const file = new URL("maps.png", import.meta.url);
writeFileSync(file, await sharp(sheet).png({ palette: true, colours: 96, dither: 0, effort: 10 }).toBuffer());
engine.close();
