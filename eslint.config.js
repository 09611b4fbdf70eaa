// The lint rules that hold the house together: floors (imports only go down), no circles, no promise left
// floating. Everything a formatter can decide is left to prettier.
//
// About package.json, which takes no comments: it holds unrs-resolver, which finds files for import-x, at 1.12.2.
// 1.13.0 names platform bindings that were never published, so that npm 11 refuses the lock file. linkedom is held at
// 0.18.12 because later ones depend on cssomnom, which the registry does not have.
import { readdirSync } from "node:fs";
import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import tseslint from "typescript-eslint";

/** The floors of src/, lowest first; a file imports from its own room or a lower floor. */
const floors = [
  ["device"],
  ["kernels"],
  ["tensor"],
  ["runtime"],
  ["operators", "profiling", "tuning"],
  ["autograd"],
  ["nn", "optim"],
  ["metrics"],
  ["data"],
  ["assemble"],
  ["report"],
  ["cli"],
];

const rooms = readdirSync(new URL("src", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const homeless = rooms.filter((room) => !floors.flat().includes(room));
if (homeless.length > 0) {
  throw new Error(`src/${homeless.join(", src/")} is on no floor; add it to floors in eslint.config.js`);
}

const zones = [
  // What is allowed is named, not what is forbidden: a file directly in src/ (the front door, or one that hands
  // higher rooms on) is out of bounds for every room without being listed.
  ...floors.flatMap((here, floor) =>
    here.map((room) => ({
      target: `./src/${room}`,
      from: "./src",
      except: [...floors.slice(0, floor).flat(), room],
      message: `src/${room} may import only from its own folder or a lower floor.`,
    })),
  ),
  {
    target: "./src",
    from: ".",
    except: ["src", "node_modules"],
    message: "src/ may import only from itself and from packages, not from what is built or tested from it.",
  },
];

export default tseslint.config(
  { ignores: ["**/dist/", "node_modules/", "**/*.generated.ts", "runs/", "docs/api/"] },
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
      // The rules of import-x see neither of these, so the floors would not hold.
      "no-restricted-syntax": [
        "error",
        { selector: "TSImportType", message: 'Import the type at the top, not with import("...").' },
        { selector: "ImportExpression[source.type!='Literal']", message: "Import a path written out." },
      ],
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones }],
    },
  },
);
