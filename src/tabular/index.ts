// Synthetic tables: a table of text read into typed columns, learned by a copula or a network, drawn from under conditions and
// constraints, and judged. The training loop that a network needs is in tessera/training.

export { DeadEndError } from "../errors/table-errors.ts";
export type { Delimiter, TableForm } from "../files/table-forms.ts";
export type { Table } from "../files/csv.ts";
export type {
  CategoryColumn,
  NumberColumn,
  TypedColumn,
  TypedTable,
} from "../metrics/tables/typed-columns.ts";
export type { CodeModel } from "./code-model.ts";
export type { Code, CodedColumn, CodedTable, Drawn } from "./coded-table.ts";
export type { RareCategories } from "./codes/category-codes.ts";
export { fitCodes, type CodeOptions } from "./codes/fit-codes.ts";
export type { ColumnForm, ColumnKind } from "./columns/column-forms.ts";
export type { DateForm } from "./columns/date-cells.ts";
export type { NumberForm } from "./columns/number-cells.ts";
export { sampledRows } from "./columns/sampled-rows.ts";
export { tableFromText } from "./columns/table-from-text.ts";
export { guessForms, typedTable, type ColumnForms } from "./columns/typed-table.ts";
export { brokenConstraints, type BrokenConstraint } from "./constraints/broken-rows.ts";
export type { Condition } from "./constraints/condition.ts";
export type {
  Constraint,
  OrderConstraint,
  RangeConstraint,
  WhenConstraint,
} from "./constraints/constraint.ts";
export { fitCopula, type CopulaOptions } from "./copula/fit-copula.ts";
export { copulaFromJson, type CopulaModel } from "./copula/copula-model.ts";
export { describeTable, type ColumnDescription, type TableDescription } from "./findings/describe-table.ts";
export type { Finding, FindingTopic } from "./findings/finding.ts";
export { judgeTables, type JudgedTables, type JudgeTablesOptions } from "./judging/judge-tables.ts";
export type {
  Associations,
  Bar,
  ColumnJudgement,
  PairJudgement,
  TableJudgement,
  Yardsticked,
} from "./judging/table-judgement.ts";
export { networkModel, type NetworkModelOptions } from "./network/network-model.ts";
export {
  networkLoop,
  networkTask,
  type NetworkReport,
  type NetworkTask,
  type NetworkTaskOptions,
} from "./network/network-task.ts";
export { TabularNetwork, type TabularNetworkOptions } from "./network/tabular-network.ts";
export type { Conditions } from "./sampling/conditions.ts";
export { sample, type SampledColumn, type SampledTable, type SampleOptions } from "./sampling/draw-rows.ts";
export { typedSample } from "./sampling/typed-sample.ts";
