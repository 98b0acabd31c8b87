// A stand-in for the part of Apple's CryptoKit that the runtime calls: SHA256 of bytes that come in pieces. Signatures from
// Apple's documentation of HashFunction and SHA256Digest. It computes: straight from FIPS 180-4, section 6.2.2, all at the end.

import Foundation

public struct SHA256Digest: Sequence, Sendable {
  let bytes: [UInt8]
  public func makeIterator() -> Array<UInt8>.Iterator { bytes.makeIterator() }
}

public struct SHA256: Sendable {
  private var message: [UInt8] = []

  public init() {}

  public static func hash<Bytes: DataProtocol>(data: Bytes) -> SHA256Digest {
    var hash = SHA256()
    hash.message = Array(data)
    return hash.finalize()
  }

  public mutating func update(bufferPointer: UnsafeRawBufferPointer) { message.append(contentsOf: bufferPointer) }

  public func finalize() -> SHA256Digest {
    let bits = UInt64(message.count) * 8
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
    var h = Self.roots(of: Self.primes.prefix(8), 2)
    let k = Self.roots(of: Self.primes.prefix(64), 3)
    for block in stride(from: 0, to: padded.count, by: 64) { Self.add(padded[block..<block + 64], to: &h, k) }
    return SHA256Digest(bytes: h.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } })
  }

  private static func add(_ block: ArraySlice<UInt8>, to h: inout [UInt32], _ k: [UInt32]) {
    let bytes = Array(block)
    var w = (0..<16).map { t in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[4 * t + $1]) } }
    for t in 16..<64 {
      let small0 = turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ w[t - 15] >> 3
      let small1 = turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ w[t - 2] >> 10
      w.append(small1 &+ w[t - 7] &+ small0 &+ w[t - 16])
    }
    var v = h
    for t in 0..<64 {
      let big1 = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25)
      let t1 = v[7] &+ big1 &+ (v[4] & v[5] ^ ~v[4] & v[6]) &+ k[t] &+ w[t]
      let big0 = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22)
      let t2 = big0 &+ (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
      v = [t1 &+ t2, v[0], v[1], v[2], v[3] &+ t1, v[4], v[5], v[6]]
    }
    for i in 0..<8 { h[i] = h[i] &+ v[i] }
  }

  private static func turned(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }

  private static let primes: [UInt64] = (2..<312).filter { n in !(2..<n).contains { n % $0 == 0 } }.map(UInt64.init)

  /// First 32 bits behind the point of the square (2) or cube (3) roots, by halving the interval.
  private static func roots(of primes: ArraySlice<UInt64>, _ power: Int) -> [UInt32] {
    primes.map { prime in
      // The root times 2³² fits 36 bits; its powers are compared in 128 bits.
      var root: UInt64 = 0
      for bit in stride(from: UInt64(36), through: 0, by: -1) {
        let next = root | 1 << bit
        if isAtMost(next, prime, power) { root = next }
      }
      return UInt32(truncatingIfNeeded: root)
    }
  }

  /// (root / 2³²)^power ≤ prime.
  private static func isAtMost(_ root: UInt64, _ prime: UInt64, _ power: Int) -> Bool {
    let square = root.multipliedFullWidth(by: root)
    if power == 2 { return square.high < prime || (square.high == prime && square.low == 0) }
    let low = square.low.multipliedFullWidth(by: root)
    let (high, overflow) = square.high.multipliedFullWidth(by: root).low.addingReportingOverflow(low.high)
    // prime · 2⁹⁶: its high 64 bits of 128 are prime · 2³².
    return !overflow && (high < prime << 32 || (high == prime << 32 && low.low == 0))
  }
}
