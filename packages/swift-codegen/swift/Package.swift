// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Pippin",
  platforms: [.iOS(.v17), .macOS(.v14)],
  products: [
    .library(name: "PippinTokenizer", targets: ["PippinTokenizer"])
  ],
  targets: [
    .target(name: "PippinTokenizer"),
    .executableTarget(name: "TokenizerDriver", dependencies: ["PippinTokenizer"]),
    .testTarget(
      name: "PippinTokenizerTests", dependencies: ["PippinTokenizer"], resources: [.copy("Fixtures")]),
  ]
)
