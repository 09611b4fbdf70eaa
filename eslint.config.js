// The lint rules: types as strict as they go, no promise left floating. Everything a formatter can decide is left to
// prettier; floors, circles and names of files are checked by scripts/house/check.mjs.
//
// About package.json, which takes no comments: linkedom is held at 0.18.12 because later ones depend on cssomnom, which the
// registry does not have; vite at 8.3 because 8.4 asks for an optional package that it does not have either. gpu.js, for one example and the tests of what it gives, asks for a webgpu of its own, which no part
// of it loads, and for "gl", which brings node-gyp and a native build and is loaded for WebGL alone; kernels here run on the
// CPU. `overrides` gives it our webgpu and an empty package: 130 packages and 107 MB less.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/dist/", "node_modules/", "**/*.generated.ts", "runs/", "docs/api/"] },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ["**/*.ts"] })),
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
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
      // So that whoever reads the top of a file sees all that it imports, and the house's checks do.
      "no-restricted-syntax": [
        "error",
        { selector: "TSImportType", message: 'Import the type at the top, not with import("...").' },
        { selector: "ImportExpression[source.type!='Literal']", message: "Import a path written out." },
      ],
    },
  },
);
