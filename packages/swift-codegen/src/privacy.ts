import { plistText } from "./plist.ts";

/**
 * The privacy manifest of the package: it collects nothing, and calls these APIs for which Apple wants a reason
 * (source: "Describing use of required reason API").
 */
export function privacyManifest(): string {
  return manifestText([
    // Sizes and dates of the model's own files, within the app's container.
    ["FileTimestamp", "C617.1"],
    // Whether there is room for a model that is downloaded.
    ["DiskSpace", "E174.1"],
    // Times between events within the app.
    ["SystemBootTime", "35F9.1"],
  ]);
}

/** The same for the demo app, which keeps its settings. */
export function appPrivacyManifest(): string {
  return manifestText([["UserDefaults", "CA92.1"]]);
}

function manifestText(used: readonly (readonly [category: string, reason: string])[]): string {
  return plistText({
    NSPrivacyTracking: false,
    NSPrivacyTrackingDomains: [],
    NSPrivacyCollectedDataTypes: [],
    NSPrivacyAccessedAPITypes: used.map(([category, reason]) => ({
      NSPrivacyAccessedAPIType: `NSPrivacyAccessedAPICategory${category}`,
      NSPrivacyAccessedAPITypeReasons: [reason],
    })),
  });
}
