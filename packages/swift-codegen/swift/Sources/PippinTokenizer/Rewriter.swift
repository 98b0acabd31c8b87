/// What becomes of a text: parts of it that stay, and others that are put in the place of something.
///
/// It keeps count of the text's head: the bytes that come from the first character of the original. A piece that begins there begins
/// the original.
struct Rewriter {
  private let text: UnsafeBufferPointer<UInt8>
  private let head: Int
  private var newHead = 0
  private var out: [UInt8] = []

  init(_ text: UnsafeBufferPointer<UInt8>, head: Int) {
    self.text = text
    self.head = head
    out.reserveCapacity(text.count + 16)
  }

  @inline(__always)
  mutating func keep(_ start: Int, _ end: Int) {
    if start < head { newHead = out.count + min(end, head) - start }
    out.append(contentsOf: text[start..<end])
  }

  /// Writes `content` in the place of the bytes from `start` to `end`. What takes no place comes from what is before it.
  @inline(__always)
  mutating func put(_ content: some Sequence<UInt8>, _ start: Int, _ end: Int) {
    out.append(contentsOf: content)
    place(start, end)
  }

  @inline(__always)
  mutating func put(codePoint: Int, _ start: Int, _ end: Int) {
    out.append(codePoint: codePoint)
    place(start, end)
  }

  private mutating func place(_ start: Int, _ end: Int) {
    if start < head || (start == end && start <= head) { newHead = out.count }
  }

  /// The text, whose head is `head` now.
  func done(_ head: inout Int) -> [UInt8] {
    head = newHead
    return out
  }
}
