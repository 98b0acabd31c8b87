/// The stages by which tokens become text.
struct Decoder: Sendable {
  private enum Stage: Sendable {
    case byteLevel
    case replace(Dfa, [UInt8])
    case byteFallback
    case fuse
    case strip([UInt8], Int, Int)
    case metaspace([UInt8], dropsFirst: Bool)
    case wordPiece([UInt8], isClean: Bool)
    case bpe([UInt8])
    case ctc([UInt8], [UInt8], isClean: Bool)
    case joinSpaces
  }

  private let stages: [Stage]

  init(_ program: Program) throws {
    stages = try program.decoders.map { op in
      switch op.code {
      case 1: return .byteLevel
      case 2: return .replace(try Dfa(program.file.section(op.a, .dfa)), try program.string(op.b))
      case 3: return .byteFallback
      case 4: return .fuse
      case 5: return .strip(try program.string(op.a), Int(op.b), Int(op.c))
      case 6: return .metaspace(try program.string(op.a), dropsFirst: op.b != 0)
      case 7: return .wordPiece(try program.string(op.a), isClean: op.b != 0)
      case 8: return .bpe(try program.string(op.a))
      case 9: return .ctc(try program.string(op.a), try program.string(op.b), isClean: op.c != 0)
      case 10: return .joinSpaces
      default: throw TokenizerError.broken("it names the unknown decoder \(op.code)")
      }
    }
  }

  var isByteLevelOnly: Bool {
    if stages.count == 1, case .byteLevel = stages[0] { return true }
    return false
  }

  /// The first of the steps, which ends in `last`.
  func steps(before last: any DecodeStep, isEager: Bool) -> any DecodeStep {
    var next = last
    for number in stages.indices.reversed() {
      // Behind a `Fuse` or a `ByteLevel` there is one piece: the whole text.
      let isFused = stages[..<number].contains { stage in
        switch stage {
        case .fuse, .byteLevel: true
        default: false
        }
      }
      // Other steps look at the pieces, which are whole runs.
      var mayCut = number == stages.count - 1
      if !mayCut, case .fuse = stages[number + 1] { mayCut = true }
      next = step(stages[number], isFused: isFused, isEager: isEager && mayCut, next)
    }
    return next
  }

  private func step(_ stage: Stage, isFused: Bool, isEager: Bool, _ next: any DecodeStep) -> any DecodeStep {
    func whole(_ step: any DecodeStep) -> any DecodeStep { isFused ? Whole(step) : step }
    switch stage {
    case .byteLevel: return whole(BytesToText(next))
    case .replace(let dfa, let content):
      return whole(
        EachPiece(next) { piece, _ in
          var head = 0
          return piece.withUnsafeBufferPointer { replaced(dfa, content, $0, &head) } ?? piece
        })
    case .byteFallback: return whole(ByteFallback(next, isEager: isEager && !isFused))
    case .fuse: return Fused(next)
    case .strip(let character, let start, let stop):
      if isFused { return StripFused(next, character, start: start, stop: stop) }
      return EachPiece(next) { piece, _ in stripped(piece, character, start, stop) }
    case .metaspace(let mark, let dropsFirst):
      return whole(
        EachPiece(next) { piece, isFirst in
          piece.replacing(all: mark, with: isFirst && dropsFirst ? [] : [0x20])
        })
    case .wordPiece(let prefix, let isClean):
      return whole(
        EachPiece(next) { piece, isFirst in
          var text = piece
          if !isFirst { text = piece.starts(with: prefix) ? Array(piece[prefix.count...]) : [0x20] + piece }
          return isClean ? cleanedUp(text) : text
        })
    case .bpe(let suffix): return whole(Suffixes(next, suffix))
    case .ctc(let pad, let delimiter, let isClean):
      return whole(Ctc(next, pad: pad, delimiter: delimiter, isClean: isClean))
    case .joinSpaces: return EachPiece(next) { piece, isFirst in isFirst ? piece : [0x20] + piece }
    }
  }
}
