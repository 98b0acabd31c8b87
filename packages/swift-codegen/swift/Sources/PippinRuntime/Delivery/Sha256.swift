/// SHA-256 of bytes that come in pieces (FIPS 180-4), for systems without CryptoKit.
struct Sha256 {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// Bytes that do not fill a block yet.
  private var rest: [UInt8] = []
  private var byteCount: UInt64 = 0

  init() { rest.reserveCapacity(Self.blockBytes) }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount &+= UInt64(bytes.count)
    var at = 0
    if !rest.isEmpty {
      at = min(Self.blockBytes - rest.count, bytes.count)
      rest.append(contentsOf: bytes[..<at])
      guard rest.count == Self.blockBytes else { return }
      let block = rest
      block.withUnsafeBytes { digest($0) }
      rest.removeAll(keepingCapacity: true)
    }
    let whole = (bytes.count - at) / Self.blockBytes * Self.blockBytes
    digest(UnsafeRawBufferPointer(rebasing: bytes[at..<at + whole]))
    rest.append(contentsOf: bytes[(at + whole)...])
  }

  /// The digest, 32 bytes. Nothing may be added afterwards.
  mutating func finalize() -> [UInt8] {
    let bits = byteCount &* 8
    var padding: [UInt8] = [0x80]
    let length = (rest.count + 1 + 8) % Self.blockBytes
    padding.append(contentsOf: repeatElement(0, count: length == 0 ? 0 : Self.blockBytes - length))
    for shift in stride(from: 56, through: 0, by: -8) { padding.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift))) }
    padding.withUnsafeBytes { update($0) }
    return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
  }

  /// Whole blocks.
  private mutating func digest(_ blocks: UnsafeRawBufferPointer) {
    state.withUnsafeMutableBufferPointer { h in
      Self.constants.withUnsafeBufferPointer { k in
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
          for start in stride(from: 0, to: blocks.count, by: Self.blockBytes) {
            Self.round(blocks, start, h, k, w)
          }
        }
      }
    }
  }

  private static func round(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ h: UnsafeMutableBufferPointer<UInt32>, _ k: UnsafeBufferPointer<UInt32>,
    _ w: UnsafeMutableBufferPointer<UInt32>
  ) {
    var t = 0
    while t < 16 {
      w[t] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 4 * t, as: UInt32.self))
      t += 1
    }
    while t < 64 {
      let a = w[t - 15]
      let b = w[t - 2]
      let s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)
      let s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10)
      w[t] = w[t - 16] &+ s0 &+ w[t - 7] &+ s1
      t += 1
    }
    var (a, b, c, d) = (h[0], h[1], h[2], h[3])
    var (e, f, g, last) = (h[4], h[5], h[6], h[7])
    t = 0
    while t < 64 {
      let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      let choice = (e & f) ^ (~e & g)
      let one = last &+ s1 &+ choice &+ k[t] &+ w[t]
      let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      let two = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
      (last, g, f, e) = (g, f, e, d &+ one)
      (d, c, b, a) = (c, b, a, one &+ two)
      t += 1
    }
    (h[0], h[1], h[2], h[3]) = (h[0] &+ a, h[1] &+ b, h[2] &+ c, h[3] &+ d)
    (h[4], h[5], h[6], h[7]) = (h[4] &+ e, h[5] &+ f, h[6] &+ g, h[7] &+ last)
  }

  @inline(__always) private static func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { (x >> n) | (x << (32 &- n)) }

  private static let blockBytes = 64
  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
