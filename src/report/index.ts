// The report floor: what people look at.

export { contactSheet, type Cell, type ContactSheet } from "./contact-sheet.ts";
export { aucTable, plainTable, showAuc } from "./tables.ts";
