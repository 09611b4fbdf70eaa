// Proof that models of tables keep what matters: `npm run prove:tables [-- --data-root FOLDER] [-- --out FOLDER]`.
//
// On the census table (13 columns, 32,561 rows to learn from, 16,281 held out) it fits the rank copula, trains the network, draws as many
// rows as are held out from each, and prints docs/tables.md's table: how near they are to the held-out rows, beside columns that were
// shuffled by themselves (the floor) and the training rows themselves (the ceiling of likeness, and copies). Fails unless the network is
// as good as the figures below say. Training takes two to three minutes of CPU; with --out the run is kept there, and one that is there
// is gone on with, or taken as it is where it is finished. `--seed` draws other rows of the same network.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openEngine } from "@tessera-gpu/tessera";
import { readTaskModel, trainTask } from "@tessera-gpu/tessera/training";
import { independentColumns, someRows } from "../dist/metrics/tables/typed-rows.js";
import { fitCodes } from "../dist/tabular/codes/fit-codes.js";
import { fitCopula } from "../dist/tabular/copula/fit-copula.js";
import { judgeTables } from "../dist/tabular/judging/judge-tables.js";
import { networkModel } from "../dist/tabular/network/network-model.js";
import { networkLoop, networkTask } from "../dist/tabular/network/network-task.js";
import { sample } from "../dist/tabular/sampling/draw-rows.js";
import { readCensus } from "./prove-tables/census.mjs";
import { head, line, measuresOf, nearerToTraining, noticed } from "./prove-tables/measures.mjs";

const { values: options } = parseArgs({
  options: {
    "data-root": { type: "string", default: process.env["TESSERA_DATA"] ?? "../shared/data" },
    out: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});

/** What the network must reach: least, and most. */
const bars = {
  shapes: [0.979, 1],
  pairs: [0.962, 1],
  triples: [0.923, 1],
  useAuc: [0.896, 1],
  nearer: [0.48, 0.52],
  noCapital: [0.86, 0.88],
  countriesOff: [0, 6],
  femaleHusbands: [0, 15],
};

const [training, holdout] = ["adult.data.gz", "adult.test.gz"].map((file) =>
  readCensus(options["data-root"], file),
);
const seed = Number(options.seed);
const { rows } = holdout;
const coded = fitCodes(training);
const temporary = mkdtempSync(join(tmpdir(), "tessera-prove-"));

/** Rows that were drawn, as the measures take them. */
const typed = ({ columns }) => ({
  rows,
  columns: training.columns.map(({ name, kind }, i) => ({
    name,
    kind,
    values:
      kind === "number"
        ? Float64Array.from(columns[i].values, (value) => value ?? NaN)
        : columns[i].values.map((value) => value ?? ""),
  })),
});

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

async function drawn(name, model) {
  const began = performance.now();
  const table = typed(await sample(model, { rows, seed }));
  console.log(`${name}: ${rows} rows drawn in ${seconds(began)}`);
  return table;
}

/** The network's rows, from a run that is finished, or is trained now. */
async function networkRows(engine) {
  const out = options.out ?? join(temporary, "run");
  const task = networkTask(engine, coded);
  const began = performance.now();
  try {
    if (existsSync(join(out, "summary.json"))) await readTaskModel(task.module, out);
    else {
      const { summary } = await trainTask(task, networkLoop, {
        name: "table",
        out,
        resume: existsSync(join(out, "run.json")),
        listener: {
          epoch: ({ epoch, learningRate, losses, validation }) =>
            console.log(
              `epoch ${epoch}: loss ${losses.total.toFixed(3)}, of validation ${validation.loss.toFixed(3)}, rate ${learningRate}`,
            ),
        },
      });
      console.log(
        `network: ${summary.epochs} epochs in ${seconds(began)}, that of epoch ${summary.kept} kept`,
      );
    }
    return await drawn("network", networkModel(task.module, coded.columns));
  } finally {
    task.module.dispose();
  }
}

const fails = [];
const engine = await openEngine();
try {
  let began = performance.now();
  const copula = fitCopula(coded);
  console.log(`copula: fitted in ${seconds(began)}`);
  const tables = { "rank copula": await drawn("copula", copula), network: await networkRows(engine) };
  const judged = {};
  for (const [name, synthetic] of Object.entries(tables)) {
    began = performance.now();
    judged[name] = await judgeTables(engine, { real: training, synthetic, holdout }, { seed });
    console.log(`${name}: judged in ${seconds(began)}`);
  }
  const independent = someRows(independentColumns(training, seed), rows, seed, 1);
  const learned = someRows(training, rows, seed, 2);
  const said = (measures, table) => ({
    ...measures,
    nearer: nearerToTraining(training, holdout, table, seed),
    ...noticed(training, table),
  });
  const found = {
    "independent columns": said(measuresOf(judged.network, "floor"), independent),
    ...Object.fromEntries(
      Object.entries(tables).map(([name, table]) => [name, said(measuresOf(judged[name], "value"), table)]),
    ),
    "training rows": said(measuresOf(judged.network, "ceiling"), learned),
  };
  console.log([head(), ...Object.entries(found).map(([name, each]) => line(name, each))].join("\n"));
  for (const [name, [least, most]] of Object.entries(bars)) {
    const value = found.network[name];
    if (value >= least && value <= most) continue;
    fails.push(`the network's ${name} is ${value}, not from ${least} to ${most}`);
  }
} finally {
  engine.close();
  rmSync(temporary, { recursive: true, force: true });
}
if (fails.length > 0) {
  console.error(`FAILED: ${fails.join("; ")}`);
  process.exit(1);
}
