// The report floor: what people look at.

export { aucTable, plainTable, showAuc } from "./tables.ts";
