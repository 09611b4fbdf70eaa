// `using` where the browser does not know it yet (Safari 26, say): the compiler writes it out, and asks for these two symbols.
// Imported first by what has a method by such a name.

const symbols = Symbol as { -readonly [Name in "dispose" | "asyncDispose"]?: symbol };
symbols.dispose ??= Symbol.for("Symbol.dispose");
symbols.asyncDispose ??= Symbol.for("Symbol.asyncDispose");
