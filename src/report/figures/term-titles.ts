// What figures call loss terms: those of Label-Assemble as its table says, others by their names.

import { lossTerms, type LossTerm } from "../../assemble/assemble-terms.ts";
import { label } from "../html/drawing.ts";

const rowOf = (term: string): LossTerm | undefined => lossTerms.find(({ name }) => name === term);

/** In text and tables; the total is what a metrics file calls `loss`. */
export const termName = (term: string): string => (term === "total" ? "loss" : term);

/** Above a curve. */
export const termTitle = (term: string): string => label(rowOf(term)?.title ?? termName(term), 60);

/** In a legend. */
export const termLegend = (term: string): string =>
  label(rowOf(term)?.legend ?? rowOf(term)?.title ?? termName(term), 20);
