/** One line for each fault of the tree below `root`, naming its files. */
export function faultsIn(root: string): string[];
