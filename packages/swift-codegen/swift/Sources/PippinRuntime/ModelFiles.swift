import Foundation

/// Where a model's files lie.
public struct ModelFiles: Sendable, Equatable {
  /// Holds `pippin-manifest.json` and `tokenizer.pippin`.
  public var folder: URL
  /// Holds the packages that the manifest names, as `.mlpackage` or compiled to `.mlmodelc`.
  public var packages: URL

  /// - Parameter packages: nil: they lie in `folder`.
  public init(folder: URL, packages: URL? = nil) {
    self.folder = folder
    self.packages = packages ?? folder
  }

  public var manifest: URL { folder.appendingPathComponent("pippin-manifest.json") }
  public var tokenizer: URL { folder.appendingPathComponent("tokenizer.pippin") }
}
