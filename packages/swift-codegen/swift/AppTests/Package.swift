// swift-tools-version: 6.0
import PackageDescription

// The demo app as a package of its own, to compile and test it without Xcode: tools/swift/check-app.ts puts it together.
let package = Package(
  name: "PippinDemo",
  platforms: [.iOS(.v17), .macOS(.v14)],
  dependencies: [.package(name: "Pippin", path: "../..")],
  targets: [
    .executableTarget(
      name: "PippinDemo",
      dependencies: [.product(name: "PippinRuntime", package: "Pippin"), .product(name: "PippinTokenizer", package: "Pippin")]),
    .testTarget(
      name: "PippinDemoTests",
      dependencies: [
        "PippinDemo", .product(name: "PippinRuntime", package: "Pippin"), .product(name: "PippinTokenizer", package: "Pippin"),
      ]),
  ]
)
