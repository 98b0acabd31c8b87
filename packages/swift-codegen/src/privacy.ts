import { plistText } from "./plist.ts";

/**
 * The privacy manifest of the package: it collects nothing, and calls these APIs for which Apple wants a reason
 * (source: "Describing use of required reason API").
 */
export function privacyManifest(): string {
  return plistText({
    NSPrivacyTracking: false,
    NSPrivacyTrackingDomains: [],
    NSPrivacyCollectedDataTypes: [],
    NSPrivacyAccessedAPITypes: [
      // Sizes and dates of the model's own files, within the app's container.
      {
        NSPrivacyAccessedAPIType: "NSPrivacyAccessedAPICategoryFileTimestamp",
        NSPrivacyAccessedAPITypeReasons: ["C617.1"],
      },
      // Whether there is room for a model that is downloaded.
      {
        NSPrivacyAccessedAPIType: "NSPrivacyAccessedAPICategoryDiskSpace",
        NSPrivacyAccessedAPITypeReasons: ["E174.1"],
      },
      // Times between events within the app.
      {
        NSPrivacyAccessedAPIType: "NSPrivacyAccessedAPICategorySystemBootTime",
        NSPrivacyAccessedAPITypeReasons: ["35F9.1"],
      },
    ],
  });
}
