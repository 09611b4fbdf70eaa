// Which operators compute the gradient of an operator: its rule is run on its samples, on the CPU, and what it calls is noted.

import { gradients } from "../../src/autograd/gradients.ts";
import { partOfFirst } from "../../src/autograd/gradients/gradient-parts.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { operators } from "../../src/operators/registry.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import { samples } from "./packed.mjs";

const elementsOf = ({ inputs }) => inputs.reduce((sum, { data }) => sum + data.length, 0);

/** Notes the operators that it computes while `names` is set. */
class NotingBackend extends ReferenceBackend {
  names;
  execute(operator, ...rest) {
    this.names?.add(operator.name);
    return super.execute(operator, ...rest);
  }
}

function called(engine, backend, operator, rule, { inputs, attributes }) {
  const given = inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
  const outputs = engine.run(operator, given, attributes);
  const upstream = outputs.map(({ shape }) => engine.full(shape, 1));
  const call = { inputs: given, outputs, attributes };
  backend.names = new Set();
  const thunks =
    typeof rule === "function"
      ? rule({ ...call, gradient: upstream[0] })
      : rule.ofOutputs({ ...call, gradients: upstream });
  for (const thunk of thunks) {
    if (thunk === undefined || thunk === partOfFirst) continue;
    try {
      thunk();
    } catch (error) {
      // An input of which there is no gradient says so.
      if (!(error instanceof UsageError)) throw error;
    }
  }
  const { names } = backend;
  backend.names = undefined;
  return names;
}

/** What the gradient table says of each operator, and the operators that its rule calls over three small samples. */
export function gradientOperators() {
  const backend = new NotingBackend();
  const engine = new Engine(backend);
  const rows = Object.entries(operators).map(([name, operator]) => {
    const rule = gradients[name];
    if (typeof rule === "string") return [name, { gradient: rule, gradientOperators: [] }];
    const small = [...samples[name]].sort((a, b) => elementsOf(a) - elementsOf(b)).slice(0, 3);
    const names = small.flatMap((sample) => [...called(engine, backend, operator, rule, sample)]);
    // What only names the same data launches nothing.
    const launched = [...new Set(names)].filter((each) => operators[each].aliases !== true);
    return [name, { gradient: "by operators", gradientOperators: launched.sort() }];
  });
  engine.close();
  return Object.fromEntries(rows);
}
