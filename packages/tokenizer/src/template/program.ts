import { broken } from "../image/image.ts";
import { HEAD, KINDS, type Kind, MAGIC, MAX_DEPTH, NONE, VERSION } from "./layout.ts";
import { type Node, node } from "./node.ts";

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const KIND_OF: ReadonlyMap<number, Kind> = new Map(
  Object.entries(KINDS).map(([kind, { code }]) => [code, kind as Kind]), // the keys of the table
);

/**
 * Writes a template's nodes as a program: children before parents, equal nodes once, so that no reference can lead in a circle.
 * Equal templates give equal bytes.
 */
export function writeProgram(root: Node): Uint8Array {
  const writer = new ProgramWriter();
  writer.add(root);
  return writer.finish();
}

class ProgramWriter {
  readonly #strings = new Map<string, number>();
  readonly #known = new Map<string, number>();
  readonly #nodes: number[][] = [];

  add({ kind, operands }: Node): number {
    const { code } = KINDS[kind];
    const words = operands.map((operand) => {
      if (operand === undefined) return NONE;
      return typeof operand === "string" ? this.#string(operand) : this.add(operand);
    });
    const key = `${code} ${words.join(" ")}`;
    const known = this.#known.get(key);
    // The root is the last node.
    if (known !== undefined && kind !== "block") return known;
    const number = this.#nodes.push([code | (words.length << 8), ...words]) - 1;
    this.#known.set(key, number);
    return number;
  }

  #string(text: string): number {
    const number = this.#strings.get(text) ?? this.#strings.size;
    this.#strings.set(text, number);
    return number;
  }

  /** See docs/chat-template-program.md. */
  finish(): Uint8Array {
    const texts = [...this.#strings.keys()].map((text) => UTF8.encode(text));
    const nodeWords = this.#nodes.flat();
    const stringBytes = texts.reduce((sum, text) => sum + text.length, 0);
    const head = [MAGIC, VERSION, this.#nodes.length, texts.length, nodeWords.length, stringBytes];
    let at = 0;
    const ends = texts.map((text) => {
      at += text.length;
      return at;
    });
    const words = Uint32Array.from([...head, ...nodeWords, ...ends]);
    const bytes = new Uint8Array(4 * words.length + stringBytes);
    const view = new DataView(bytes.buffer);
    words.forEach((word, i) => {
      view.setUint32(4 * i, word, true);
    });
    at = 4 * words.length;
    for (const text of texts) {
      bytes.set(text, at);
      at += text.length;
    }
    return bytes;
  }
}

/**
 * Reads and checks a program: every kind is known, every operand is what its kind wants and leads to a node before, no node is nested
 * deeper than `MAX_DEPTH`, all texts are UTF-8.
 *
 * @throws PippinError `TOKENIZER_IMAGE_BROKEN`.
 */
export function readProgram(bytes: Uint8Array): Node {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number => view.getUint32(4 * at, true);
  if (bytes.length < 4 * HEAD.words || word(HEAD.magic) !== MAGIC) throw bad("it does not begin as one");
  if (word(HEAD.version) !== VERSION) throw bad(`its version is ${word(HEAD.version)}`);
  const [nodes, strings, nodeWords, stringBytes] = [
    HEAD.nodes,
    HEAD.strings,
    HEAD.nodeWords,
    HEAD.stringBytes,
  ].map(word);
  const stringsAt = HEAD.words + nodeWords!;
  if (4 * (stringsAt + strings!) + stringBytes! !== bytes.length || nodes === 0) throw bad("it is cut off");
  const texts = readTexts(bytes, (i) => word(stringsAt + i), strings!, 4 * (stringsAt + strings!));
  const read: Node[] = [];
  const depths: number[] = [];
  let at: number = HEAD.words;
  for (let i = 0; i < nodes!; i++) {
    if (at >= stringsAt) throw bad("a node is missing");
    const kind = KIND_OF.get(word(at) & 255);
    const count = word(at) >>> 8;
    if (kind === undefined || count > stringsAt - at - 1) throw bad(`node ${i} is not known`);
    const operands = Array.from({ length: count }, (_, k) => word(at + 1 + k));
    depths.push(0);
    read.push(
      node(kind, ...operands.map((operand, k) => operandOf(kind, k, operand, { read, texts, depths }))),
    );
    checkCount(kind, count);
    at += 1 + count;
  }
  if (at !== stringsAt) throw bad("it has words that belong to no node");
  const root = read.at(-1)!;
  if (root.kind !== "block") throw bad("its last node is no block");
  return root;
}

interface Reading {
  readonly read: readonly Node[];
  readonly texts: readonly string[];
  readonly depths: number[];
}

function operandOf(
  kind: Kind,
  place: number,
  operand: number,
  { read, texts, depths }: Reading,
): Node | string | undefined {
  const { operands } = KINDS[kind];
  const fixed = operands.endsWith("*") ? operands.length - 2 : operands.length;
  const wanted = place < fixed ? operands[place] : operands.endsWith("*") ? operands.at(-2) : undefined;
  if (wanted === "s") {
    const text = texts[operand];
    if (text === undefined) throw bad(`it has no text ${operand}`);
    return text;
  }
  if (wanted === "o" && operand === NONE) return undefined;
  const found = wanted === undefined ? undefined : read[operand];
  if (found === undefined) throw bad("a node leads nowhere");
  if (!fits(kind, place, found.kind)) throw bad(`a node of kind ${found.kind} stands in one of kind ${kind}`);
  const depth = depths[operand]! + 1;
  if (depth > MAX_DEPTH) throw bad("its nodes are nested too deep");
  depths[depths.length - 1] = Math.max(depths.at(-1)!, depth);
  return found;
}

const TARGETS: ReadonlySet<Kind> = new Set(["nameTarget", "attributeTarget", "tupleTarget"]);

/** Whether a node of kind `child` can stand there; where any statement or expression can, running it says more. */
function fits(kind: Kind, place: number, child: Kind): boolean {
  switch (kind) {
    case "compare":
      return place === 0 || child === "comparison";
    case "macro":
      return place < 2 || child === "parameter";
    case "callBlock":
      return child === (place === 0 ? "call" : "macro");
    case "filterBlock":
      return place > 0 || child === "filter";
    case "setBlock":
      return place === 0 ? TARGETS.has(child) : place > 1 || child === "filter";
    case "for":
    case "set":
      return place > 0 || TARGETS.has(child);
    case "with":
      return place % 2 === 0 || TARGETS.has(child);
    case "tupleTarget":
      return TARGETS.has(child);
    default:
      return true;
  }
}

function checkCount(kind: Kind, count: number): void {
  const { operands } = KINDS[kind];
  const isOpen = operands.endsWith("*");
  const least = isOpen ? operands.length - 2 : operands.length;
  if (count < least || (!isOpen && count > least)) throw bad(`a node of kind ${kind} has ${count} operands`);
}

function readTexts(
  bytes: Uint8Array,
  endOf: (number: number) => number,
  count: number,
  from: number,
): string[] {
  let begin = 0;
  return Array.from({ length: count }, (_, i) => {
    const end = endOf(i);
    if (end < begin || from + end > bytes.length) throw bad("a text lies outside of it");
    const text = bytes.subarray(from + begin, from + end);
    begin = end;
    try {
      return TEXT.decode(text);
    } catch {
      // Only a damaged file holds what is not UTF-8.
      throw bad("a text is not UTF-8");
    }
  });
}

function bad(reason: string): ReturnType<typeof broken> {
  return broken(`its chat template: ${reason}`);
}
