/** A value of an XML property list. */
export type PlistValue = string | boolean | readonly PlistValue[] | { readonly [key: string]: PlistValue };

/** An XML property list, as Xcode writes them. */
export function plistText(value: PlistValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${element(value, "")}
</plist>
`;
}

function element(value: PlistValue, indent: string): string {
  if (typeof value === "string") return `${indent}<string>${xmlText(value)}</string>`;
  if (typeof value === "boolean") return `${indent}<${value}/>`;
  if (isList(value))
    return container(
      "array",
      value.map((item) => element(item, `${indent}\t`)),
      indent,
    );
  const members = Object.entries(value).map(
    ([key, member]) => `${indent}\t<key>${xmlText(key)}</key>\n${element(member, `${indent}\t`)}`,
  );
  return container("dict", members, indent);
}

function isList(value: PlistValue): value is readonly PlistValue[] {
  return Array.isArray(value);
}

function container(tag: string, lines: readonly string[], indent: string): string {
  if (lines.length === 0) return `${indent}<${tag}/>`;
  return `${indent}<${tag}>\n${lines.join("\n")}\n${indent}</${tag}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text within XML. Characters that XML 1.0 has no place for become U+FFFD. */
export function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replaceAll("\r", "&#13;");
}
