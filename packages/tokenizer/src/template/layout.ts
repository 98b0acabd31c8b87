/** The chat-template program, to the byte: docs/chat-template-program.md. All numbers are U32, little-endian. */

/** "PTPL". */
export const MAGIC = 0x4c505450;
export const VERSION = 1;

/** Words before the offsets of the nodes: magic, version, count of nodes, count of strings, words of all nodes, bytes of all strings. */
export const HEAD = {
  magic: 0,
  version: 1,
  nodes: 2,
  strings: 3,
  nodeWords: 4,
  stringBytes: 5,
  words: 6,
} as const;

/** No node, no string. */
export const NONE = 0xffffffff;

/** Nodes inside of nodes; a template written by a person has twenty levels. */
export const MAX_DEPTH = 200;

/**
 * What a node's operands are: `n` a node, `o` a node or `NONE`, `s` a string, `i` a number; a last `*` repeats the operand before it, so
 * that `n*` is any number of nodes.
 */
export const KINDS = {
  // Statements. A block is a list of them.
  block: { code: 1, operands: "n*" },
  text: { code: 2, operands: "s" },
  print: { code: 3, operands: "n" },
  /** condition, block, other block */
  if: { code: 4, operands: "nno" },
  /** target, sequence, condition, block, block when there was nothing */
  for: { code: 5, operands: "nnono" },
  /** target, value */
  set: { code: 6, operands: "nn" },
  /** target, filter of the text or nothing, block */
  setBlock: { code: 7, operands: "non" },
  /** name, block, count of parameters; then parameters as `parameter` */
  macro: { code: 8, operands: "snn*" },
  /** name, default */
  parameter: { code: 9, operands: "so" },
  /** call, macro of the body (`caller`) */
  callBlock: { code: 10, operands: "nn" },
  /** filter of the text, block */
  filterBlock: { code: 11, operands: "nn" },
  /** block; then targets and values in turn */
  with: { code: 12, operands: "nn*" },
  break: { code: 13, operands: "" },
  continue: { code: 14, operands: "" },
  // Targets of assignments: a name, an attribute of a namespace, several.
  nameTarget: { code: 20, operands: "s" },
  attributeTarget: { code: 21, operands: "ss" },
  tupleTarget: { code: 22, operands: "n*" },
  // Expressions.
  name: { code: 30, operands: "s" },
  string: { code: 31, operands: "s" },
  /** decimal digits */
  integer: { code: 32, operands: "s" },
  /** as Python prints it */
  float: { code: 33, operands: "s" },
  true: { code: 34, operands: "" },
  false: { code: 35, operands: "" },
  none: { code: 36, operands: "" },
  list: { code: 37, operands: "n*" },
  tuple: { code: 38, operands: "n*" },
  /** keys and values in turn */
  dict: { code: 39, operands: "n*" },
  /** value, name */
  attribute: { code: 40, operands: "ns" },
  /** value, index */
  item: { code: 41, operands: "nn" },
  /** value, start, stop, step */
  slice: { code: 42, operands: "nooo" },
  /** what is called, then arguments */
  call: { code: 43, operands: "nn*" },
  /** Only among arguments: name, value. */
  keyword: { code: 44, operands: "sn" },
  /** name, value or nothing (in blocks: the text), then arguments */
  filter: { code: 45, operands: "son*" },
  /** name, value, then arguments */
  test: { code: 46, operands: "snn*" },
  /** then, condition, else */
  conditional: { code: 47, operands: "nno" },
  not: { code: 48, operands: "n" },
  and: { code: 49, operands: "nn" },
  or: { code: 50, operands: "nn" },
  negative: { code: 51, operands: "n" },
  positive: { code: 52, operands: "n" },
  add: { code: 53, operands: "nn" },
  subtract: { code: 54, operands: "nn" },
  multiply: { code: 55, operands: "nn" },
  divide: { code: 56, operands: "nn" },
  floorDivide: { code: 57, operands: "nn" },
  modulo: { code: 58, operands: "nn" },
  power: { code: 59, operands: "nn" },
  concat: { code: 60, operands: "n*" },
  /** first value; then `comparison`s of it with the next value, and so on */
  compare: { code: 61, operands: "nn*" },
  /** operator, value */
  comparison: { code: 62, operands: "sn" },
} as const satisfies Record<string, { code: number; operands: string }>;

export type Kind = keyof typeof KINDS;
