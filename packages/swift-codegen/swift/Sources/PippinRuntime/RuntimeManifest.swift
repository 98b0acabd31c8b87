import Foundation

/// How to drive a package: `pippin-manifest.json`, version 1. Features are looked up by role, never by name.
public struct RuntimeManifest: Codable, Sendable, Equatable {
  public struct Model: Codable, Sendable, Equatable {
    public var source: String
    public var revision: String?
    public var license: String?
    public var family: String
    public var vocabSize: Int
  }

  public enum Role: String, Codable, Sendable {
    /// Token ids, `[1, tokens]` int32.
    case tokens
    /// Index in the context of the first token of a call, `[1]` int32.
    case position
    /// Index within a call of the last token that is not padding, `[1]` int32.
    case lastToken
    /// 1 for real tokens, 0 for padding on the right, `[1, tokens]` int32.
    case attentionMask
    /// Logits, `[1, rows, vocabSize]`.
    case logits
    /// The cache as a feature: the first output of a role is what the next call gets as the first input of that role, and so on.
    case keyCache, valueCache
  }

  public struct Feature: Codable, Sendable, Equatable {
    public var name: String
    public var role: Role
    /// `F16`, `F32` or `I32`.
    public var dtype: String
    /// nil where the length is free.
    public var shape: [Int?]
  }

  /// Tokens that a call takes: a fixed number, or any in a range.
  public enum Tokens: Codable, Sendable, Equatable {
    case fixed(Int)
    case range(min: Int, max: Int)

    private struct Bounds: Codable {
      var min: Int
      var max: Int
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let count = try? container.decode(Int.self) {
        self = .fixed(count)
      } else {
        let bounds = try container.decode(Bounds.self)
        self = .range(min: bounds.min, max: bounds.max)
      }
    }

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .fixed(let count): try container.encode(count)
      case .range(let min, let max): try container.encode(Bounds(min: min, max: max))
      }
    }

    public var max: Int {
      switch self {
      case .fixed(let count): count
      case .range(_, let max): max
      }
    }
  }

  public struct Function: Codable, Sendable, Equatable {
    public enum Padding: String, Codable, Sendable { case none, right }
    public enum Rows: String, Codable, Sendable { case last, all }

    public var name: String
    public var tokens: Tokens
    public var padding: Padding
    public var logitsRows: Rows
    public var inputs: [Feature]
    public var outputs: [Feature]

    public func input(_ role: Role) -> Feature? { inputs.first { $0.role == role } }
    public func output(_ role: Role) -> Feature? { outputs.first { $0.role == role } }
  }

  public struct State: Codable, Sendable, Equatable {
    public enum Axis: String, Codable, Sendable { case layer, batch, kvHead, position, headDim }

    public var name: String
    public var role: Role
    public var dtype: String
    public var shape: [Int]
    public var layout: [Axis]
  }

  public struct File: Codable, Sendable, Equatable {
    /// Relative to the folder of the manifest.
    public var path: String
    public var size: Int64
    public var sha256: String?
    /// sha256 of each 8 MiB piece, in order.
    public var chunkSha256: [String]?

    public init(path: String, size: Int64, sha256: String? = nil, chunkSha256: [String]? = nil) {
      self.path = path
      self.size = size
      self.sha256 = sha256
      self.chunkSha256 = chunkSha256
    }
  }

  public enum Program: String, Codable, Sendable { case stateful, stateless }
  public enum Mask: String, Codable, Sendable { case `internal`, attentionMask }

  public var version: Int
  public var backend: String
  public var program: Program
  public var model: Model
  public var contextLength: Int
  /// In chain order: each sees the inputs and all earlier outputs by name.
  public var packages: [String]
  public var functions: [Function]
  public var defaultFunction: String
  public var states: [State]
  public var mask: Mask
  public var stopTokens: [Int]
  public var normForm: String
  public var quantization: String
  public var layerOutputs: [String]?
  public var files: [File]?

  /// Reads `pippin-manifest.json`.
  ///
  /// - Throws: `RuntimeError.manifestInvalid`.
  public init(contentsOf url: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw RuntimeError.fileMissing(url.lastPathComponent)
    }
    try self.init(json: data)
  }

  public init(json: Data) throws {
    struct Version: Decodable { var version: Int }
    do {
      let found = try JSONDecoder().decode(Version.self, from: json).version
      guard found == 1 else { throw RuntimeError.manifestInvalid("it is of version \(found), this runtime knows 1") }
      self = try JSONDecoder().decode(Self.self, from: json)
    } catch let error as RuntimeError {
      throw error
    } catch {
      throw RuntimeError.manifestInvalid("\(error)")
    }
  }
}
