/// Joins pairs of lowest rank, the leftmost first, until none is left.
struct Merger {
  /// Up to here looking at all pairs for each merge is faster than a heap.
  private static let few = 48

  private let table: MergeTable
  private var ranks = [UInt32](repeating: 0, count: few + 1)

  init(_ table: MergeTable) { self.table = table }

  /// - Returns: how many ids are left at the beginning of `symbols`.
  mutating func merge(_ symbols: UnsafeMutableBufferPointer<UInt32>) -> Int {
    symbols.count <= Self.few ? mergeFew(symbols) : mergeMany(symbols)
  }

  private mutating func mergeFew(_ symbols: UnsafeMutableBufferPointer<UInt32>) -> Int {
    let table = self.table
    return ranks.withUnsafeMutableBufferPointer { ranks in
      guard let s = symbols.baseAddress, let r = ranks.baseAddress else { return 0 }
      var n = symbols.count
      var i = 0
      while i + 1 < n {
        r[i] = table.rank(s[i], s[i + 1])
        i += 1
      }
      while n > 1 {
        var best = 0
        var least = r[0]
        i = 1
        while i < n - 1 {
          if r[i] < least {
            least = r[i]
            best = i
          }
          i += 1
        }
        if least == MergeTable.noRank { break }
        s[best] = table.result(least)
        n -= 1
        i = best + 1
        while i < n {
          s[i] = s[i + 1]
          r[i] = r[i + 1]
          i += 1
        }
        if best > 0 { r[best - 1] = table.rank(s[best - 1], s[best]) }
        if best + 1 < n { r[best] = table.rank(s[best], s[best + 1]) }
      }
      return n
    }
  }

  /// Time n · log n: a heap of pairs by rank, then place, over a linked list.
  private func mergeMany(_ symbols: UnsafeMutableBufferPointer<UInt32>) -> Int {
    let count = symbols.count
    var next = (1...count).map { Int32($0) }
    var previous = (0..<count).map { Int32($0) - 1 }
    // The rank of the pair that begins here, to tell entries of the heap that are out of date.
    var ranks = [UInt32](repeating: MergeTable.noRank, count: count)
    var heap = PairHeap(capacity: count)
    func look(_ at: Int) {
      let right = Int(next[at])
      let rank = right < count ? table.rank(symbols[at], symbols[right]) : MergeTable.noRank
      ranks[at] = rank
      if rank != MergeTable.noRank { heap.push(UInt64(rank) << 32 | UInt64(at)) }
    }
    for at in 0..<count { look(at) }
    while let least = heap.pop() {
      let (rank, at) = (UInt32(least >> 32), Int(least & 0xffff_ffff))
      if ranks[at] != rank { continue }
      let right = Int(next[at])
      symbols[at] = table.result(rank)
      ranks[right] = MergeTable.noRank
      next[at] = next[right]
      if Int(next[at]) < count { previous[Int(next[at])] = Int32(at) }
      look(at)
      if previous[at] >= 0 { look(Int(previous[at])) }
    }
    var n = 0
    var at = 0
    while at < count {
      symbols[n] = symbols[at]
      n += 1
      at = Int(next[at])
    }
    return n
  }
}

/// A binary heap of numbers, the least first.
private struct PairHeap {
  private var keys: [UInt64] = []

  init(capacity: Int) { keys.reserveCapacity(capacity) }

  mutating func push(_ key: UInt64) {
    keys.append(key)
    var at = keys.count - 1
    while at > 0 {
      let parent = (at - 1) >> 1
      if keys[parent] <= key { break }
      keys[at] = keys[parent]
      at = parent
    }
    keys[at] = key
  }

  mutating func pop() -> UInt64? {
    guard let least = keys.first, let key = keys.popLast() else { return nil }
    if keys.isEmpty { return least }
    var at = 0
    var child = 1
    while child < keys.count {
      if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
      if keys[child] >= key { break }
      keys[at] = keys[child]
      at = child
      child = 2 * at + 1
    }
    keys[at] = key
    return least
  }
}
