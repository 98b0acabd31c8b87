/// Finds the end of an answer in its text while it arrives.
///
/// The stop text that is complete first counts, of those that end together the longest: the result does not depend on the pieces
/// in which the text comes. Compared by code points, as Python does, not by Swift's characters.
struct StopTexts: Sendable {
  private let texts: [[UInt8]]
  /// What may be the beginning of a stop text.
  private var held: [UInt8] = []
  private(set) var hasStopped = false

  init(_ texts: [String]) { self.texts = texts.filter { !$0.isEmpty }.map { Array($0.utf8) } }

  /// What belongs to the answer for certain; nothing after a stop text.
  mutating func push(_ text: String) -> String {
    guard !hasStopped else { return "" }
    if texts.isEmpty { return text }
    let from = held.count
    held += text.utf8
    for end in stride(from: from + 1, through: held.count, by: 1) {
      guard let length = texts.filter({ held[..<end].ends(with: $0) }).map(\.count).max() else { continue }
      hasStopped = true
      return take(end - length)
    }
    return take(held.count - heldBack())
  }

  /// What was held back and turned out not to be a stop text.
  mutating func finish() -> String { hasStopped ? "" : take(held.count) }

  /// How many bytes at the end may be the beginning of a stop text. They are whole characters: their first byte begins one.
  private func heldBack() -> Int {
    texts.map { text in
      let longest = min(text.count - 1, held.count)
      return stride(from: longest, to: 0, by: -1).first { held.ends(with: text.prefix($0)) } ?? 0
    }.max() ?? 0
  }

  private mutating func take(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }
}

extension BidirectionalCollection where Element: Equatable {
  fileprivate func ends(with end: some BidirectionalCollection<Element>) -> Bool {
    count >= end.count && suffix(end.count).elementsEqual(end)
  }
}
