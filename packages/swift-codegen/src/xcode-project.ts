import { type PbxObject, type PbxValue, pbxId, pbxprojText } from "./pbxproj.ts";
import { xmlText } from "./plist.ts";

/** What a demo's project depends on. */
export interface ProjectFacts {
  /** Of target, scheme and product; an identifier. */
  readonly name: string;
  /** What the home screen shows below the icon. */
  readonly displayName: string;
  /** Folder beside the project whose files the target holds. */
  readonly folder: string;
  /** Product of the package in the folder above. */
  readonly kit: string;
  /** File beside the project, for iPhone and iPad; absent where none is needed. */
  readonly entitlements?: string | undefined;
  /** The same for the Mac. */
  readonly macEntitlements: string;
  readonly iOS: number;
  readonly macOS: number;
}

type Members = PbxObject["members"];

/**
 * `project.pbxproj` of an app with one target for iPhone, iPad and Mac, for Xcode 16: the files of `folder` belong to it without being
 * listed, and it uses the package in the folder above the project's.
 */
export function xcodeProject(facts: ProjectFacts): string {
  const { name, folder, kit, entitlements, macEntitlements } = facts;
  const objects: PbxObject[] = [];
  const add = (key: string, isa: string, comment: string, members: Members): string => {
    const id = pbxId(name, key);
    objects.push({ id, isa, comment, members });
    return id;
  };
  const packageReference = add(
    "package",
    "XCLocalSwiftPackageReference",
    'XCLocalSwiftPackageReference ".."',
    {
      relativePath: "..",
    },
  );
  const product = add("kit", "XCSwiftPackageProductDependency", kit, { productName: kit });
  const linked = add("kit file", "PBXBuildFile", `${kit} in Frameworks`, { productRef: product });
  const app = add("app", "PBXFileReference", `${name}.app`, {
    explicitFileType: "wrapper.application",
    includeInIndex: "0",
    path: `${name}.app`,
    sourceTree: "BUILT_PRODUCTS_DIR",
  });
  const files = add("sources", "PBXFileSystemSynchronizedRootGroup", folder, {
    path: folder,
    sourceTree: "<group>",
  });
  const others = [...(entitlements ? [entitlements] : []), macEntitlements].map((path) =>
    add(`file ${path}`, "PBXFileReference", path, {
      lastKnownFileType: "text.plist.entitlements",
      path,
      sourceTree: "<group>",
    }),
  );
  const products = add("products", "PBXGroup", "Products", {
    children: [app],
    name: "Products",
    sourceTree: "<group>",
  });
  const mainGroup = add("main group", "PBXGroup", "Main", {
    children: [files, ...others, products],
    sourceTree: "<group>",
  });
  const phase = (isa: string, comment: string, inside: readonly string[]) =>
    add(comment, isa, comment, {
      buildActionMask: "2147483647",
      files: inside,
      runOnlyForDeploymentPostprocessing: "0",
    });
  const target = add("target", "PBXNativeTarget", name, {
    buildConfigurationList: configurations(add, `PBXNativeTarget "${name}"`, targetSettings(facts)),
    buildPhases: [
      phase("PBXSourcesBuildPhase", "Sources", []),
      phase("PBXFrameworksBuildPhase", "Frameworks", [linked]),
      phase("PBXResourcesBuildPhase", "Resources", []),
    ],
    buildRules: [],
    dependencies: [],
    fileSystemSynchronizedGroups: [files],
    name,
    packageProductDependencies: [product],
    productName: name,
    productReference: app,
    productType: "com.apple.product-type.application",
  });
  const project = add("project", "PBXProject", "Project object", {
    attributes: {
      BuildIndependentTargetsInParallel: "1",
      LastSwiftUpdateCheck: "1600",
      LastUpgradeCheck: "1600",
      TargetAttributes: { [target]: { CreatedOnToolsVersion: "16.0" } },
    },
    buildConfigurationList: configurations(add, `PBXProject "${name}"`, projectSettings(facts)),
    developmentRegion: "en",
    hasScannedForEncodings: "0",
    knownRegions: ["en", "Base"],
    mainGroup,
    minimizedProjectReferenceProxies: "1",
    packageReferences: [packageReference],
    preferredProjectObjectVersion: "77",
    productRefGroup: products,
    projectDirPath: "",
    projectRoot: "",
    targets: [target],
  });
  return pbxprojText(objects, project);
}

interface Settings {
  readonly debug: Members;
  readonly release: Members;
}

function configurations(
  add: (key: string, isa: string, comment: string, members: Members) => string,
  of: string,
  { debug, release }: Settings,
): string {
  const one = (name: string, buildSettings: Members) =>
    add(`${of} ${name}`, "XCBuildConfiguration", name, { buildSettings, name });
  return add(`${of} list`, "XCConfigurationList", `Build configuration list for ${of}`, {
    buildConfigurations: [one("Debug", debug), one("Release", release)],
    defaultConfigurationIsVisible: "0",
    defaultConfigurationName: "Release",
  });
}

function projectSettings({ iOS, macOS }: ProjectFacts): Settings {
  const shared: Record<string, PbxValue> = {
    ALWAYS_SEARCH_USER_PATHS: "NO",
    CLANG_ENABLE_MODULES: "YES",
    ENABLE_USER_SCRIPT_SANDBOXING: "YES",
    IPHONEOS_DEPLOYMENT_TARGET: `${iOS}.0`,
    MACOSX_DEPLOYMENT_TARGET: `${macOS}.0`,
    SDKROOT: "auto",
    SWIFT_VERSION: "6.0",
  };
  return {
    debug: {
      ...shared,
      DEBUG_INFORMATION_FORMAT: "dwarf",
      ENABLE_TESTABILITY: "YES",
      GCC_OPTIMIZATION_LEVEL: "0",
      ONLY_ACTIVE_ARCH: "YES",
      SWIFT_ACTIVE_COMPILATION_CONDITIONS: "DEBUG $(inherited)",
      SWIFT_OPTIMIZATION_LEVEL: "-Onone",
    },
    release: {
      ...shared,
      DEBUG_INFORMATION_FORMAT: "dwarf-with-dsym",
      ENABLE_NS_ASSERTIONS: "NO",
      SWIFT_COMPILATION_MODE: "wholemodule",
    },
  };
}

function targetSettings({ name, displayName, entitlements, macEntitlements }: ProjectFacts): Settings {
  const settings: Record<string, PbxValue> = {
    ASSETCATALOG_COMPILER_APPICON_NAME: "AppIcon",
    ASSETCATALOG_COMPILER_GLOBAL_ACCENT_COLOR_NAME: "AccentColor",
    // On the Mac these entitlements would need a provisioning profile, and its limits are others.
    ...(entitlements && { "CODE_SIGN_ENTITLEMENTS[sdk=iphoneos*]": entitlements }),
    "CODE_SIGN_ENTITLEMENTS[sdk=macosx*]": macEntitlements,
    CODE_SIGN_STYLE: "Automatic",
    CURRENT_PROJECT_VERSION: "1",
    ENABLE_HARDENED_RUNTIME: "YES",
    ENABLE_PREVIEWS: "YES",
    GENERATE_INFOPLIST_FILE: "YES",
    INFOPLIST_KEY_CFBundleDisplayName: displayName,
    "INFOPLIST_KEY_UIApplicationSceneManifest_Generation[sdk=iphone*]": "YES",
    "INFOPLIST_KEY_UIApplicationSupportsIndirectInputEvents[sdk=iphone*]": "YES",
    "INFOPLIST_KEY_UILaunchScreen_Generation[sdk=iphone*]": "YES",
    INFOPLIST_KEY_UISupportedInterfaceOrientations_iPad:
      "UIInterfaceOrientationPortrait UIInterfaceOrientationPortraitUpsideDown UIInterfaceOrientationLandscapeLeft UIInterfaceOrientationLandscapeRight",
    INFOPLIST_KEY_UISupportedInterfaceOrientations_iPhone:
      "UIInterfaceOrientationPortrait UIInterfaceOrientationLandscapeLeft UIInterfaceOrientationLandscapeRight",
    "LD_RUNPATH_SEARCH_PATHS[sdk=macosx*]": "@executable_path/../Frameworks",
    LD_RUNPATH_SEARCH_PATHS: "@executable_path/Frameworks",
    MARKETING_VERSION: "1.0",
    PRODUCT_BUNDLE_IDENTIFIER: bundleIdentifier(name),
    // Unlike the model's class, which is called as the product.
    PRODUCT_MODULE_NAME: `${name}Demo`,
    PRODUCT_NAME: "$(TARGET_NAME)",
    SUPPORTED_PLATFORMS: "iphoneos iphonesimulator macosx",
    SUPPORTS_MACCATALYST: "NO",
    SWIFT_EMIT_LOC_STRINGS: "YES",
    TARGETED_DEVICE_FAMILY: "1,2",
  };
  return { debug: settings, release: settings };
}

/** Letters, digits, hyphens and dots are all that a bundle identifier may hold. */
export function bundleIdentifier(name: string): string {
  return `com.example.${name.replaceAll("_", "-").replaceAll(/^-+|-+$/g, "") || "model"}`;
}

/** A shared scheme: who opens the project runs the app without making one. */
export function xcodeScheme(name: string): string {
  const buildable = `<BuildableReference
            BuildableIdentifier = "primary"
            BlueprintIdentifier = "${pbxId(name, "target")}"
            BuildableName = "${xmlText(name)}.app"
            BlueprintName = "${xmlText(name)}"
            ReferencedContainer = "container:${xmlText(name)}.xcodeproj">
         </BuildableReference>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Scheme
   LastUpgradeVersion = "1600"
   version = "1.7">
   <BuildAction
      parallelizeBuildables = "YES"
      buildImplicitDependencies = "YES">
      <BuildActionEntries>
         <BuildActionEntry
            buildForTesting = "YES"
            buildForRunning = "YES"
            buildForProfiling = "YES"
            buildForArchiving = "YES"
            buildForAnalyzing = "YES">
         ${buildable}
         </BuildActionEntry>
      </BuildActionEntries>
   </BuildAction>
   <TestAction
      buildConfiguration = "Debug"
      selectedDebuggerIdentifier = "Xcode.DebuggerFoundation.Debugger.LLDB"
      selectedLauncherIdentifier = "Xcode.DebuggerFoundation.Launcher.LLDB"
      shouldUseLaunchSchemeArgsEnv = "YES">
   </TestAction>
   <LaunchAction
      buildConfiguration = "Release"
      selectedDebuggerIdentifier = "Xcode.DebuggerFoundation.Debugger.LLDB"
      selectedLauncherIdentifier = "Xcode.DebuggerFoundation.Launcher.LLDB"
      launchStyle = "0"
      useCustomWorkingDirectory = "NO"
      ignoresPersistentStateOnLaunch = "NO"
      debugDocumentVersioning = "YES"
      allowLocationSimulation = "NO">
      <BuildableProductRunnable
         runnableDebuggingMode = "0">
         ${buildable}
      </BuildableProductRunnable>
   </LaunchAction>
   <ProfileAction
      buildConfiguration = "Release"
      shouldUseLaunchSchemeArgsEnv = "YES"
      savedToolIdentifier = ""
      useCustomWorkingDirectory = "NO"
      debugDocumentVersioning = "YES">
      <BuildableProductRunnable
         runnableDebuggingMode = "0">
         ${buildable}
      </BuildableProductRunnable>
   </ProfileAction>
   <AnalyzeAction
      buildConfiguration = "Debug">
   </AnalyzeAction>
   <ArchiveAction
      buildConfiguration = "Release"
      revealArchiveInOrganizer = "YES">
   </ArchiveAction>
</Scheme>
`;
}
