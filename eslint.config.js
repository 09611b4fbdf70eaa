// The lint rules that hold the house together: floors (imports only go down), no circles, no promise left
// floating. Everything a formatter can decide is left to prettier.
import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import tseslint from "typescript-eslint";

/** The floors of src/, lowest first; a file imports from its own floor or a lower one. */
const floors = [
  ["device"],
  ["kernels"],
  ["tensor"],
  ["runtime"],
  ["operators"],
  ["autograd"],
  ["nn", "optim"],
  ["metrics"],
  ["data"],
  ["assemble"],
  ["report"],
  ["cli"],
];

const zones = floors.flatMap((rooms, floor) =>
  rooms.map((room) => ({
    target: `./src/${room}`,
    from: [...floors.slice(floor + 1).flat(), ...rooms.filter((other) => other !== room), "index.ts"].map(
      (other) => `./src/${other}`,
    ),
    message: `src/${room} may import only from its own folder or a lower floor.`,
  })),
);

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "**/*.generated.ts", "runs/"] },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ["**/*.ts"] })),
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver()] },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Typed arrays are indexed everywhere, so `a[i]` is not typed as possibly undefined; where it may be, it is
      // still checked, and these two rules would call the check needless.
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/no-useless-default-assignment": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
    },
  },
);
