// The field of a manifest that says what several rows of one image mean.
import { oneOf } from "../manifest/fields.ts";
import { repeatedPolicies } from "./repeated-rows.ts";

/** Fields of every format that reads a table with a row for each image, or several. */
export const rowFields = {
  /**
   * What rows of one image that say different things mean together, label by label. Rows in which the label is blank or
   * unlabelled have no say, and where all that have one say the same, it is that. Otherwise
   *
   * - any: positive if any row is, else uncertain if any is, else the greatest probability, else negative
   * - all: negative if any row is, else uncertain if any is, else the least probability, else positive
   * - majority: as most of the certain rows say; uncertain for as many positive as negative ones, and for none
   * - mean: the share of positive rows, as a soft label, to which a soft row adds its probability; uncertain if any row is
   * - uncertain: uncertain
   *
   * Default: rows of one image that say the same are one row, and different ones are an error.
   */
  repeated: oneOf(repeatedPolicies).optional(),
};
