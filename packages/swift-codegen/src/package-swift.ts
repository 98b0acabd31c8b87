import type { SwiftInput } from "./input.ts";
import { stringLiteral } from "./literal.ts";
import { MODEL_FOLDER } from "./model-files.ts";

/** Privacy manifests are found at the top of a resource bundle only. */
export const PRIVACY_FILE = "PrivacyInfo.xcprivacy";

/** `Package.swift` of the generated package. */
export function packageSwift(
  name: string,
  { dependency }: Pick<SwiftInput["bindings"], "dependency">,
): string {
  const kit = `${name}Kit`;
  const product =
    dependency &&
    `.product(name: ${stringLiteral(dependency.product)}, package: ${stringLiteral(packageIdentity(dependency.url))})`;
  const dependencies = ['"PippinRuntime"', '"PippinTokenizer"', ...(product ? [product] : [])].join(", ");
  return `// swift-tools-version: 6.0
// Written by \`pippin swift\`.
import PackageDescription

let package = Package(
  name: ${stringLiteral(kit)},
  platforms: [.iOS(.v17), .macOS(.v14)],
  products: [
    .library(name: ${stringLiteral(kit)}, targets: [${stringLiteral(kit)}, "PippinRuntime", "PippinTokenizer"])
  ],
${dependency ? `  dependencies: [.package(url: ${stringLiteral(dependency.url)}, from: ${stringLiteral(dependency.from)})],\n` : ""}  targets: [
    .target(name: "PippinTokenizer"),
    .target(name: "PippinRuntime", dependencies: ["PippinTokenizer"]),
    .target(
      name: ${stringLiteral(kit)},
      dependencies: [${dependencies}],
      // The folder is copied as it is: Xcode would compile the model, and an app then holds it in another form.
      resources: [.copy(${stringLiteral(MODEL_FOLDER)}), .copy(${stringLiteral(PRIVACY_FILE)})]
    ),
    .testTarget(
      name: ${stringLiteral(`${kit}Tests`)},
      dependencies: [${stringLiteral(kit)}, "PippinRuntime", "PippinTokenizer"]
    ),
  ]
)
`;
}

/** As SwiftPM names a package: the last part of its address. */
function packageIdentity(url: string): string {
  return (
    url
      .replace(/\/+$/, "")
      .replace(/\.git$/, "")
      .split("/")
      .at(-1) ?? url
  );
}

/** What the shipped sources are laid out by; names of a model's features and files are not ours to spell. */
export const SWIFT_FORMAT: string = `${JSON.stringify(
  {
    version: 1,
    lineLength: 132,
    indentation: { spaces: 2 },
    rules: { AlwaysUseLowerCamelCase: false, TypeNamesShouldBeCapitalized: false },
  },
  null,
  2,
)}\n`;
