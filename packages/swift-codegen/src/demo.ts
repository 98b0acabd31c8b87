import { neededEntitlements } from "./entitlements.ts";
import type { SwiftFacts } from "./facts.ts";
import { commentText } from "./literal.ts";
import { PRIVACY_FILE } from "./package-swift.ts";
import { plistText } from "./plist.ts";
import { appPrivacyManifest } from "./privacy.ts";
import type { GeneratedFile } from "./runtime-sources.ts";
import { type SeamFacts, seamFile } from "./seam.ts";
import { xcodeProject, xcodeScheme } from "./xcode-project.ts";

/** Folder of the demo app within the package, and of its sources in there. */
export const DEMO_FOLDER = "App";
const SOURCES = "Demo";

/** Longest name below an icon: the home screen cuts longer ones. */
const MAX_DISPLAY_NAME = 24;

/** The project around the demo's hand-written sources, and the one file by which they know the model. */
export function demoFiles(seam: SeamFacts, sources: readonly GeneratedFile[]): GeneratedFile[] {
  const { facts } = seam;
  const { name } = facts;
  const needed = neededEntitlements(facts);
  const entitlements = needed.length > 0 ? `${name}.entitlements` : undefined;
  const macEntitlements = `${name}Mac.entitlements`;
  const project = xcodeProject({
    name,
    displayName: displayName(facts),
    folder: SOURCES,
    kit: `${name}Kit`,
    entitlements,
    macEntitlements,
    ...facts.minimumSystem,
  });
  const files: GeneratedFile[] = [
    { path: `${name}.xcodeproj/project.pbxproj`, content: project },
    { path: `${name}.xcodeproj/xcshareddata/xcschemes/${name}.xcscheme`, content: xcodeScheme(name) },
    { path: macEntitlements, content: plistText(MAC_ENTITLEMENTS) },
    { path: `${SOURCES}/Model.swift`, content: seamFile(seam) },
    { path: `${SOURCES}/${PRIVACY_FILE}`, content: appPrivacyManifest() },
    ...ASSETS.map(([path, content]) => ({
      path: `${SOURCES}/Assets.xcassets/${path}`,
      content: jsonText(content),
    })),
  ];
  if (entitlements !== undefined) {
    const granted = Object.fromEntries(needed.map((key) => [key, true]));
    files.push({ path: entitlements, content: plistText(granted) });
  }
  const own = new Set(files.map(({ path }) => `${DEMO_FOLDER}/${path}`));
  return [
    ...sources.filter(({ path }) => !own.has(path)),
    ...files.map((file) => ({ ...file, path: `${DEMO_FOLDER}/${file.path}` })),
  ];
}

/** Where the demo's hand-written sources go. */
export const DEMO_SOURCES: string = `${DEMO_FOLDER}/${SOURCES}`;

/** A sandboxed app that fetches models and saves logs where the user says. */
const MAC_ENTITLEMENTS = {
  "com.apple.security.app-sandbox": true,
  "com.apple.security.files.user-selected.read-write": true,
  "com.apple.security.network.client": true,
};

const XCODE = { author: "xcode", version: 1 };
const ASSETS: readonly (readonly [string, object])[] = [
  ["Contents.json", { info: XCODE }],
  ["AccentColor.colorset/Contents.json", { colors: [{ idiom: "universal" }], info: XCODE }],
  [
    "AppIcon.appiconset/Contents.json",
    {
      images: [
        { idiom: "universal", platform: "ios", size: "1024x1024" },
        ...["16x16", "32x32", "128x128", "256x256", "512x512"].flatMap((size) =>
          ["1x", "2x"].map((scale) => ({ idiom: "mac", scale, size })),
        ),
      ],
      info: XCODE,
    },
  ],
];

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The last part of the model's name. Dollar signs would begin a build setting. */
function displayName({ source, name }: SwiftFacts): string {
  const last = commentText(source.split("/").at(-1) ?? "").replaceAll(/[$\\"]/g, "");
  return last.slice(0, MAX_DISPLAY_NAME).toWellFormed().trim() || name;
}
