import { createHash } from "node:crypto";

/** A value of an Xcode project file: text, a list, or an object's members. A reference is the text of another object's id. */
export type PbxValue = string | readonly PbxValue[] | { readonly [key: string]: PbxValue };

/** An object of a project: what it is (`isa`), a name for the comment behind its id, and its members. */
export interface PbxObject {
  readonly id: string;
  readonly isa: string;
  readonly comment: string;
  readonly members: { readonly [key: string]: PbxValue };
}

/** The id of an object: 24 hex digits, as Xcode's are, but the same in each run. */
export function pbxId(project: string, object: string): string {
  return createHash("sha256").update(`${project}\0${object}`).digest("hex").slice(0, 24).toUpperCase();
}

/** The text of a `project.pbxproj`: an OpenStep property list, laid out as Xcode does, so that its first save changes little. */
export function pbxprojText(objects: readonly PbxObject[], rootObject: string): string {
  const comments = new Map(objects.map(({ id, comment }) => [id, comment]));
  const kinds = [...new Set(objects.map(({ isa }) => isa))].sort();
  const sections = kinds.map((kind) => {
    const entries = objects.filter(({ isa }) => isa === kind).sort((a, b) => (a.id < b.id ? -1 : 1));
    const lines = entries.map((object) => entry(object, comments));
    return `/* Begin ${kind} section */\n${lines.join("\n")}\n/* End ${kind} section */\n`;
  });
  return `// !$*UTF8*$!
{
	archiveVersion = 1;
	classes = {
	};
	objectVersion = 77;
	objects = {

${sections.join("\n")}	};
	rootObject = ${reference(rootObject, comments)};
}
`;
}

function entry({ id, isa, members }: PbxObject, comments: ReadonlyMap<string, string>): string {
  const all = { isa, ...members };
  // Xcode writes these two kinds on one line.
  if (isa === "PBXBuildFile" || isa === "PBXFileReference") {
    const inline = Object.entries(all).map(
      ([key, value]) => `${quoted(key)} = ${valueText(value, comments, "")}; `,
    );
    return `\t\t${reference(id, comments)} = {${inline.join("")}};`;
  }
  return `\t\t${reference(id, comments)} = ${valueText(all, comments, "\t\t")};`;
}

function valueText(value: PbxValue, comments: ReadonlyMap<string, string>, indent: string): string {
  if (typeof value === "string") return comments.has(value) ? reference(value, comments) : quoted(value);
  const inner = `${indent}\t`;
  if (isList(value)) {
    const lines = value.map((item) => `${inner}${valueText(item, comments, inner)},\n`);
    return `(\n${lines.join("")}${indent})`;
  }
  const lines = Object.entries(value).map(
    ([key, member]) => `${inner}${quoted(key)} = ${valueText(member, comments, inner)};\n`,
  );
  return `{\n${lines.join("")}${indent}}`;
}

function isList(value: PbxValue): value is readonly PbxValue[] {
  return Array.isArray(value);
}

function reference(id: string, comments: ReadonlyMap<string, string>): string {
  const comment = comments.get(id);
  return comment === undefined ? id : `${id} /* ${comment.replaceAll("*/", "* /")} */`;
}

/** Text as a project file holds it: bare where it is one word, else quoted. */
export function quoted(text: string): string {
  if (/^[A-Za-z0-9_$./]+$/.test(text) && !text.includes("//")) return text;
  const escaped = text.toWellFormed().replaceAll(/[\\"\n\t\r]|[^\P{Cc}]/gu, (character) => {
    const named = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r" }[character];
    return named ?? `\\U${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
