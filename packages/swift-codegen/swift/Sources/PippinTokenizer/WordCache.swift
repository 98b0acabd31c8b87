/// The ids of recent words. A word's place is given by its hash; the newest stays. All is forgotten when the space is used up.
struct WordCache {
  /// Longer words are rare.
  static let maxBytes = 64
  private static let entries = 1 << 13
  private static let space = 1 << 17

  private struct Entry {
    var hash: UInt32 = 0
    var start: UInt32 = 0
    var idStart: UInt32 = 0
    var length: UInt8 = 0
    var idCount: UInt8 = 0
  }

  private var table = [Entry](repeating: Entry(), count: entries)
  private var text: [UInt8] = []
  private var ids: [UInt32] = []

  /// Appends the word's ids to `out`, if they are known.
  @inline(__always)
  func get(_ word: UnsafePointer<UInt8>, _ count: Int, _ hash: UInt32, _ out: inout [UInt32]) -> Bool {
    let entry = table[Int(hash) & (Self.entries - 1)]
    guard entry.hash == hash, Int(entry.length) == count else { return false }
    let isSame = text.withUnsafeBufferPointer { equal($0.baseAddress! + Int(entry.start), word, count) }
    guard isSame else { return false }
    let from = Int(entry.idStart)
    for at in from..<from + Int(entry.idCount) { out.append(ids[at]) }
    return true
  }

  mutating func put(_ word: UnsafePointer<UInt8>, _ count: Int, _ hash: UInt32, _ new: ArraySlice<UInt32>) {
    guard count <= Self.maxBytes, new.count <= 255 else { return }
    if text.count + count > Self.space || ids.count + new.count > Self.space {
      table = [Entry](repeating: Entry(), count: Self.entries)
      text.removeAll(keepingCapacity: true)
      ids.removeAll(keepingCapacity: true)
    }
    table[Int(hash) & (Self.entries - 1)] = Entry(
      hash: hash, start: UInt32(text.count), idStart: UInt32(ids.count), length: UInt8(count),
      idCount: UInt8(new.count))
    text.append(contentsOf: UnsafeBufferPointer(start: word, count: count))
    ids.append(contentsOf: new)
  }
}
