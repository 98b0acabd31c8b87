import Foundation
import PippinRuntime
import Testing

@Suite struct RuntimeManifestTests {
  @Test func anUnknownVersionIsNamed() {
    #expect(throws: RuntimeError.manifestInvalid("it is of version 2, this runtime knows 1")) {
      try RuntimeManifest(json: Data(#"{"version": 2}"#.utf8))
    }
  }

  @Test func tokensAreANumberOrARange() throws {
    let tokens = try JSONDecoder().decode(
      [RuntimeManifest.Tokens].self, from: Data(#"[64, {"min": 1, "max": 512}]"#.utf8))
    #expect(tokens == [.fixed(64), .range(min: 1, max: 512)])
    #expect(tokens.map(\.max) == [64, 512])
  }
}
