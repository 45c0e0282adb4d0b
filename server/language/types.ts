/** The types of the language (language.md, "Declarations" and rules 7–17). */
export type Type =
  | { readonly kind: "string" }
  | { readonly kind: "int" }
  | { readonly kind: "float" }
  | { readonly kind: "bool" }
  | { readonly kind: "file" }
  | { readonly kind: "dir" }
  | { readonly kind: "bytes" }
  | { readonly kind: "duration" }
  | { readonly kind: "json" }
  | { readonly kind: "null" }
  | { readonly kind: "list"; readonly element: Type }
  | { readonly kind: "optional"; readonly inner: Type }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** A row of a table; `unknown` columns (a table without a column block that is not read yet) are Strings. */
  | { readonly kind: "row"; readonly columns: ReadonlyMap<string, Type> }
  /** Elements of `zip`, `for (A, B) in …`. */
  | { readonly kind: "tuple"; readonly elements: readonly Type[] }
  /** A single node, read through its members only (rule 10). */
  | { readonly kind: "node"; readonly members: ReadonlyMap<string, Type> }
  /** A family with key types by position. */
  | { readonly kind: "family"; readonly keys: readonly Type[]; readonly members: ReadonlyMap<string, Type> }
  /** After an error: agrees with everything, so that one mistake gives one problem. */
  | { readonly kind: "unknown" };
