import { holdsData, showType, type Type, withoutNull } from "../../language/types.js";

/** A type as a declaration writes it; undefined for what cannot be written. */
export function typeSyntax(type: Type): { readonly text: string; readonly data: boolean } | undefined {
  const plain = written(type);
  return plain === undefined ? undefined : { text: plain, data: holdsData(type) };
}

function written(type: Type): string | undefined {
  switch (type.kind) {
    case "list": {
      // Absent elements are left out on the way into a list of files.
      const element = written(holdsData(type) ? withoutNull(type.element) : type.element);
      return element === undefined ? undefined : `[${element}]`;
    }
    case "optional": {
      const inner = written(type.inner);
      return inner === undefined ? undefined : `${inner}?`;
    }
    case "choice":
      // A literal's own text is a value, no type.
      return type.choices.length === 1 ? "String" : showType(type);
    case "string":
    case "int":
    case "float":
    case "bool":
    case "file":
    case "dir":
    case "bytes":
    case "duration":
    case "json":
      return showType(type);
    default:
      return undefined;
  }
}
