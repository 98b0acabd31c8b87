/// The pairs that byte pair encoding joins, by rank and by pair.
struct MergeTable: Sendable {
  /// No pair: ranks are below.
  static let noRank = UInt32(0x7fff_ffff)

  private let merges: Table<UInt32>
  private let slots: Table<UInt32>
  private let rankBits: UInt32

  init(_ program: Program) throws {
    merges = Table(program.file.only(.merges))
    slots = Table(program.file.only(.mergeIndex))
    rankBits = program[.rankBits]
    guard (1...24).contains(rankBits), slots.count > 0 else {
      throw TokenizerError.broken("its merges are not indexed")
    }
  }

  /// The rank of a pair, or `noRank`.
  @inline(__always)
  func rank(_ left: UInt32, _ right: UInt32) -> UInt32 {
    let hash = Hash.pair(left, right)
    let rankMask = (UInt32(1) << rankBits) - 1
    let tag = hash << rankBits
    let low = left | (right << 21)
    let high = right >> 11
    var slot = Hash.slot(hash, slots.count)
    // A file that was tampered with may have no empty slot.
    for _ in 0..<slots.count {
      let entry = slots[slot]
      if entry == 0 { return Self.noRank }
      if entry & ~rankMask == tag {
        let rank = Int(entry & rankMask) - 1
        if merges[2 * rank] == low, merges[2 * rank + 1] & 0x3ff == high { return UInt32(truncatingIfNeeded: rank) }
      }
      slot = slot + 1 == slots.count ? 0 : slot + 1
    }
    return Self.noRank
  }

  /// What the pair of `rank` becomes.
  @inline(__always)
  func result(_ rank: UInt32) -> UInt32 { merges[2 * Int(rank) + 1] >> 10 }
}
