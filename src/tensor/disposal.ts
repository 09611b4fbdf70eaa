// Gives the language Symbol.dispose where it has none yet, as in Safari: `using` and the classes that it is for look it up. Every file
// that names the symbol in a class imports this one.

if (!Object.hasOwn(Symbol, "dispose")) {
  Object.defineProperty(Symbol, "dispose", { value: Symbol("Symbol.dispose") });
}
