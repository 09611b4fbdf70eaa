// What a bundler takes in the place of tessera/studies when it builds for a browser (package.json, "browser"). CommonJS, so that
// names are looked up when it runs: the build goes through, and this line is read instead of "no such export".
throw new Error(
  "tessera/studies writes study folders and needs Node; in a browser import tessera, tessera/kernels, tessera/operators, " +
    "tessera/nn, tessera/optim, tessera/training, tessera/data, tessera/assemble, tessera/metrics or tessera/profiling",
);
