import swift from "@ast-grep/lang-swift";
import { parse, registerDynamicLanguage, type SgNode } from "@ast-grep/napi";

registerDynamicLanguage({ swift });

/** A tree of tree-sitter's grammar of Swift. */
export function parseSwift(source: string): SgNode {
  return parse("swift", source).root();
}

export function* allNodes(node: SgNode): Generator<SgNode> {
  yield node;
  for (const child of node.children()) yield* allNodes(child);
}

/** Places that the grammar cannot read. */
export function errorsIn(root: SgNode): string[] {
  return [...allNodes(root)]
    .filter(
      (node) =>
        node.kind() === "ERROR" || (node.isLeaf() && node.text() === "" && node.kind() !== "source_file"),
    )
    .map((node) => `${node.kind()} at ${node.range().start.line}: ${node.text().slice(0, 80)}`);
}

/** The values of all string literals, in order; they must be plain, without interpolation. */
export function stringsIn(root: SgNode): string[] {
  return [...allNodes(root)].filter((node) => node.kind() === "line_string_literal").map(textOf);
}

function textOf(literal: SgNode): string {
  const parts = literal.children().slice(1, -1);
  return parts
    .map((part) => {
      if (part.kind() === "line_str_text") return part.text();
      if (part.kind() === "str_escaped_char") return escapedValue(part.text());
      throw new Error(`${part.kind()} in a string literal: ${part.text()}`);
    })
    .join("");
}

/** By "Special Characters in String Literals" of The Swift Programming Language. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\0": "\0",
  "\\\\": "\\",
  "\\t": "\t",
  "\\n": "\n",
  "\\r": "\r",
  '\\"': '"',
  "\\'": "'",
};

function escapedValue(text: string): string {
  const known = ESCAPES[text];
  if (known !== undefined) return known;
  const [, hex] = /^\\u\{([0-9A-Fa-f]{1,8})\}$/.exec(text) ?? [];
  if (hex === undefined) throw new Error(`an unknown escape: ${text}`);
  return String.fromCodePoint(Number.parseInt(hex, 16));
}

/** The kinds of all nodes but for the insides of strings, and without comments: what a program is, whatever its words. */
export function shapeOf(root: SgNode): string[] {
  const kinds: string[] = [];
  const walk = (node: SgNode): void => {
    const kind = String(node.kind());
    if (kind.includes("comment")) return;
    kinds.push(kind);
    if (kind !== "line_string_literal" && kind !== "simple_identifier")
      for (const child of node.children()) walk(child);
  };
  walk(root);
  return kinds;
}

/** Texts of all comments. */
export function commentsIn(root: SgNode): string[] {
  return [...allNodes(root)]
    .filter((node) => String(node.kind()).includes("comment"))
    .map((node) => node.text());
}

/** Names of everything that is declared. */
export function declaredIn(root: SgNode): string[] {
  const kinds = new Set([
    "class_declaration",
    "function_declaration",
    "property_declaration",
    "typealias_declaration",
    "import_declaration",
  ]);
  return [...allNodes(root)]
    .filter((node) => kinds.has(String(node.kind())))
    .map((node) => `${node.kind()} ${node.field("name")?.text() ?? node.text()}`);
}
