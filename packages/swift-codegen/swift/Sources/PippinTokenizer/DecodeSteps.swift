/// A step of decoding: takes the pieces of text that tokens stand for, gives others. It is asked to end before it is used again.
protocol DecodeStep: AnyObject {
  func push(_ piece: [UInt8])
  func end()
}

/// Keeps what the last step gives.
final class Collected: DecodeStep {
  private(set) var text: [UInt8] = []
  func push(_ piece: [UInt8]) { text += piece }
  func end() {}

  func take() -> [UInt8] {
    defer { text = [] }
    return text
  }
}

/// A step that looks at one piece at a time; the first one may be treated in another way.
final class EachPiece: DecodeStep {
  private let change: (_ piece: [UInt8], _ isFirst: Bool) -> [UInt8]
  private let next: any DecodeStep
  private var isFirst = true

  init(_ next: any DecodeStep, _ change: @escaping (_ piece: [UInt8], _ isFirst: Bool) -> [UInt8]) {
    self.next = next
    self.change = change
  }

  func push(_ piece: [UInt8]) {
    let changed = change(piece, isFirst)
    isFirst = false
    next.push(changed)
  }

  func end() {
    isFirst = true
    next.end()
  }
}

/// Pieces spelled in the byte alphabet are bytes, others their own UTF-8; all of them are decoded as one text.
final class BytesToText: DecodeStep {
  private let next: any DecodeStep
  private var stream = Utf8Stream()

  init(_ next: any DecodeStep) { self.next = next }

  func push(_ piece: [UInt8]) { give(stream.push(ByteAlphabet.bytes(of: piece) ?? piece)) }

  func end() {
    give(stream.finish())
    next.end()
  }

  private func give(_ text: [UInt8]) {
    if !text.isEmpty { next.push(text) }
  }
}

/// Runs of byte tokens `<0xHH>` become text; an invalid run, one U+FFFD for each byte.
final class ByteFallback: DecodeStep {
  private let isEager: Bool
  private let next: any DecodeStep
  private var run: [UInt8] = []

  /// - Parameter isEager: as soon as a run is valid. Otherwise at its end, as the reference decides: only text that contains an
  ///   invalid run differs.
  init(_ next: any DecodeStep, isEager: Bool) {
    self.next = next
    self.isEager = isEager
  }

  func push(_ piece: [UInt8]) {
    guard let byte = Self.byte(of: piece) else {
      flush()
      next.push(piece)
      return
    }
    run.append(byte)
    if isEager, Utf8Stream.valid(run) { flush() }
  }

  func end() {
    flush()
    next.end()
  }

  private func flush() {
    if run.isEmpty { return }
    if Utf8Stream.valid(run) {
      next.push(run)
    } else {
      for _ in run { next.push([0xef, 0xbf, 0xbd]) }
    }
    run = []
  }

  /// The reference reads `+F` as well.
  private static func byte(of token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">") else { return nil }
    guard let low = digit(token[4]) else { return nil }
    if token[3] == UInt8(ascii: "+") { return low }
    return digit(token[3]).map { $0 << 4 | low }
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x41 + 10
    case 0x61...0x66: character - 0x61 + 10
    default: nil
    }
  }
}

/// All pieces are one from here on.
final class Fused: DecodeStep {
  private let next: any DecodeStep
  init(_ next: any DecodeStep) { self.next = next }
  func push(_ piece: [UInt8]) { next.push(piece) }
  func end() { next.end() }
}

/// `Strip` behind `Fuse`. What `stop` might remove is held back.
final class StripFused: DecodeStep {
  private let character: [UInt8]
  private let start: Int
  private let stop: Int
  private let next: any DecodeStep
  private var toStrip: Int
  private var held: [UInt8] = []

  init(_ next: any DecodeStep, _ character: [UInt8], start: Int, stop: Int) {
    self.next = next
    self.character = character
    self.start = start
    self.stop = stop
    toStrip = start
  }

  func push(_ piece: [UInt8]) {
    var text = held + piece
    held = []
    while toStrip > 0, !text.isEmpty {
      if text.starts(with: character) {
        text.removeFirst(character.count)
        toStrip -= 1
      } else {
        toStrip = 0
      }
    }
    if stop > 0 {
      let cut = cutBefore(character, stop, in: text, from: 0)
      held = Array(text[cut...])
      text.removeLast(text.count - cut)
    }
    if !text.isEmpty { next.push(text) }
  }

  func end() {
    toStrip = start
    held = []
    next.end()
  }
}

/// Holds all pieces until the end: for steps behind `Fuse` that look at the whole text.
final class Whole: DecodeStep {
  private let next: any DecodeStep
  private var text: [UInt8] = []
  init(_ next: any DecodeStep) { self.next = next }
  func push(_ piece: [UInt8]) { text += piece }

  func end() {
    next.push(text)
    text = []
    next.end()
  }
}

/// Pieces but the last get a space for each suffix; the last one, nothing. So one piece is held back.
final class Suffixes: DecodeStep {
  private let suffix: [UInt8]
  private let next: any DecodeStep
  private var held: [UInt8]?

  init(_ next: any DecodeStep, _ suffix: [UInt8]) {
    self.next = next
    self.suffix = suffix
  }

  func push(_ piece: [UInt8]) {
    if let held { next.push(held.replacing(all: suffix, with: [0x20])) }
    held = piece
  }

  func end() {
    if let held { next.push(held.replacing(all: suffix, with: [])) }
    held = nil
    next.end()
  }
}

/// Repeated tokens are one, the pad token is none.
final class Ctc: DecodeStep {
  private let pad: [UInt8]
  private let delimiter: [UInt8]
  private let isClean: Bool
  private let next: any DecodeStep
  private var last: [UInt8]?

  init(_ next: any DecodeStep, pad: [UInt8], delimiter: [UInt8], isClean: Bool) {
    self.next = next
    self.pad = pad
    self.delimiter = delimiter
    self.isClean = isClean
  }

  func push(_ piece: [UInt8]) {
    if piece == last { return }
    last = piece
    var text = piece.replacing(all: pad, with: [])
    if isClean { text = cleanedUp(text).replacing(all: delimiter, with: [0x20]) }
    if !text.isEmpty { next.push(text) }
  }

  func end() {
    last = nil
    next.end()
  }
}

/// Source: `wordpiece::cleanup` of the crate tokenizers.
func cleanedUp(_ text: [UInt8]) -> [UInt8] {
  let changes: [(String, String)] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ]
  return changes.reduce(text) { $0.replacing(all: Array($1.0.utf8), with: Array($1.1.utf8)) }
}

/// Removes up to `start` of a character from the beginning and `stop` from the end.
func stripped(_ piece: [UInt8], _ character: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
  guard !character.isEmpty else { return piece }
  var from = 0
  var count = 0
  while count < start, from < piece.count, piece[from...].starts(with: character) {
    from += character.count
    count += 1
  }
  return Array(piece[from..<cutBefore(character, stop, in: piece, from: from)])
}

/// Where the last characters, `most` at most, that equal `character` begin.
private func cutBefore(_ character: [UInt8], _ most: Int, in text: [UInt8], from: Int) -> Int {
  var cut = text.count
  var count = 0
  while count < most, cut - from >= character.count, !character.isEmpty,
    text[(cut - character.count)..<cut].elementsEqual(character)
  {
    cut -= character.count
    count += 1
  }
  return cut
}

extension [UInt8] {
  /// Every occurrence replaced, from left to right. As in the reference, an empty pattern occurs between all characters.
  func replacing(all pattern: [UInt8], with content: [UInt8]) -> [UInt8] {
    if pattern.isEmpty { return insertingBetweenCharacters(content) }
    var out: [UInt8] = []
    out.reserveCapacity(count)
    var at = 0
    while at < count {
      if self[at] == pattern[0], self[at...].starts(with: pattern) {
        out += content
        at += pattern.count
      } else {
        out.append(self[at])
        at += 1
      }
    }
    return out
  }

  private func insertingBetweenCharacters(_ content: [UInt8]) -> [UInt8] {
    var out = content
    var at = 0
    while at < count {
      let length = Swift.min(utf8Length(self[at]), count - at)
      out += self[at..<at + length]
      out += content
      at += length
    }
    return out
  }
}
