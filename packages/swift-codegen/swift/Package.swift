// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Pippin",
  platforms: [.iOS(.v17), .macOS(.v14)],
  products: [
    .library(name: "PippinTokenizer", targets: ["PippinTokenizer"]),
    .library(name: "PippinRuntime", targets: ["PippinRuntime"]),
  ],
  targets: [
    .target(name: "PippinTokenizer"),
    .target(name: "PippinRuntime", dependencies: ["PippinTokenizer"]),
    .executableTarget(name: "DownloadDriver", dependencies: ["PippinRuntime"]),
    .executableTarget(name: "TokenizerDriver", dependencies: ["PippinTokenizer"]),
    .executableTarget(name: "RuntimeDriver", dependencies: ["PippinRuntime", "PippinTokenizer"]),
    .executableTarget(name: "SamplerDriver", dependencies: ["PippinRuntime"]),
    .testTarget(
      name: "PippinTokenizerTests", dependencies: ["PippinTokenizer"], resources: [.copy("Fixtures")]),
    .testTarget(name: "PippinRuntimeTests", dependencies: ["PippinRuntime", "PippinTokenizer"]),
  ]
)
