/// Byte strings by their bytes. Nodes are in breadth-first order, so that the children of a node lie beside each other.
struct Trie: Sendable {
  /// Three words each, whatever they mean to the owner.
  let patterns: Table<UInt32>
  private let children: Table<UInt32>
  private let values: Table<UInt32>
  private let labels: Bytes
  /// Child of the root by byte, 0 for none.
  private let first: [UInt32]

  init(_ section: UnsafeRawBufferPointer) throws {
    let table = Table<UInt32>(section)
    let (nodes, count) = (Int(table[0]), Int(table[1]))
    let end = 2 + 2 * nodes + 1 + 3 * count
    guard nodes > 0, 4 * end + nodes <= section.count else { throw TokenizerError.broken("its tokens are cut off") }
    children = table.slice(2, nodes + 1)
    values = table.slice(2 + nodes + 1, nodes)
    patterns = table.slice(2 + 2 * nodes + 1, 3 * count)
    labels = Bytes(section).slice(4 * end, nodes)
    var first = [UInt32](repeating: 0, count: 256)
    var child = Int(children[0])
    while child < min(Int(children[1]), nodes) {
      first[Int(labels[child])] = UInt32(child)
      child += 1
    }
    self.first = first
  }

  @inline(__always)
  func begins(_ byte: UInt8) -> Bool { first[Int(byte)] != 0 }

  /// The child of `node` (0: the root) for `byte`, 0 for none.
  @inline(__always)
  func child(_ node: Int, _ byte: UInt8) -> Int {
    if node == 0 { return Int(first[Int(byte)]) }
    var low = Int(children[node])
    var high = min(Int(children[node + 1]), labels.count)
    while low < high {
      let middle = (low + high) >> 1
      let label = labels[middle]
      if label == byte { return middle }
      if label < byte { low = middle + 1 } else { high = middle }
    }
    return 0
  }

  /// The value of a node where a pattern ends, or `Layout.none`.
  @inline(__always)
  func value(_ node: Int) -> UInt32 { node < values.count ? values[node] : Layout.none }
}
