/** What a program text imports: `now` by statements (re-exports and types too), `later` by `import("...")`. */
export function importsIn(text: string): { readonly now: string[]; readonly later: string[] };
