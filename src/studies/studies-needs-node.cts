// What a bundler takes in the place of @tessera-gpu/tessera/studies when it builds for a browser (package.json, "browser"). CommonJS, so that
// names are looked up when it runs: the build goes through, and this line is read instead of "no such export".
throw new Error(
  "@tessera-gpu/tessera/studies writes study folders and needs Node; in a browser import @tessera-gpu/tessera, @tessera-gpu/tessera/kernels, @tessera-gpu/tessera/operators, " +
    "@tessera-gpu/tessera/nn, @tessera-gpu/tessera/optim, @tessera-gpu/tessera/training, @tessera-gpu/tessera/data, @tessera-gpu/tessera/assemble, @tessera-gpu/tessera/tabular, @tessera-gpu/tessera/text, @tessera-gpu/tessera/metrics or @tessera-gpu/tessera/profiling",
);
