/// Numbers in the mapped file. Reading outside of it gives 0: a file that was tampered with cannot make the app read elsewhere.
struct Table<Element: FixedWidthInteger>: @unchecked Sendable {
  // Safe to share: the bytes do not change, and the file outlives its tables.
  let start: UnsafePointer<Element>
  let count: Int

  /// As many elements as there are whole ones.
  init(_ bytes: UnsafeRawBufferPointer) {
    count = bytes.count / MemoryLayout<Element>.stride
    if let base = bytes.baseAddress, count > 0 {
      start = base.assumingMemoryBound(to: Element.self)
    } else {
      start = Table.nothing
    }
  }

  private init(start: UnsafePointer<Element>, count: Int) {
    self.start = start
    self.count = count
  }

  @inline(__always)
  subscript(index: Int) -> Element {
    UInt(bitPattern: index) < UInt(bitPattern: count) ? Element(littleEndian: start[index]) : 0
  }

  /// Elements from `index` on, at most `length`.
  func slice(_ index: Int, _ length: Int) -> Table {
    let from = min(max(0, index), count)
    return Table(start: start + from, count: min(max(0, length), count - from))
  }

  func allSatisfy(_ test: (Element) -> Bool) -> Bool {
    for index in 0..<count where !test(self[index]) { return false }
    return true
  }

  private static var nothing: UnsafePointer<Element> {
    UnsafePointer(bitPattern: MemoryLayout<Element>.alignment)!
  }
}

typealias Bytes = Table<UInt8>

extension Table where Element == UInt8 {
  init(_ array: UnsafeBufferPointer<UInt8>) {
    self.init(UnsafeRawBufferPointer(array))
  }

  /// A copy.
  var array: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }
}
