// The version of the package, for programs that have no package.json beside them; test/entries/package.test.ts holds it to that.

export const version = "0.2.0";
