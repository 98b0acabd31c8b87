import Foundation

/// Small tokenizers, which the tests of PippinTokenizer have as resources.
enum TokenizerFixture {
  /// Of models/pip-chat, with its chat template.
  static var byteLevel: URL { folder.appendingPathComponent("byte-level.pippin") }

  private static var folder: URL {
    URL(fileURLWithPath: #filePath).appendingPathComponent("../../../PippinTokenizerTests/Fixtures").standardizedFileURL
  }
}
