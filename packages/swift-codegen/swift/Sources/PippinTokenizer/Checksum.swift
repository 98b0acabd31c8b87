/// CRC-32 as in zip, gzip and PNG.
struct Checksum {
  private static let tables: [[UInt32]] = {
    var first = [UInt32](repeating: 0, count: 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
      first[byte] = crc
    }
    var tables = [first]
    for k in 1..<8 { tables.append(tables[k - 1].map { ($0 >> 8) ^ first[Int($0 & 255)] }) }
    return tables
  }()

  private var crc: UInt32 = 0xffff_ffff

  var value: UInt32 { ~crc }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var c = crc
    Self.tables.withUnsafeBufferPointer { t in
      var at = 0
      while at + 8 <= bytes.count {
        let low = c ^ UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
        c = t[7][Int(low & 255)] ^ t[6][Int((low >> 8) & 255)] ^ t[5][Int((low >> 16) & 255)]
        c ^= t[4][Int(low >> 24)] ^ t[3][Int(high & 255)] ^ t[2][Int((high >> 8) & 255)]
        c ^= t[1][Int((high >> 16) & 255)] ^ t[0][Int(high >> 24)]
        at += 8
      }
      while at < bytes.count {
        c = (c >> 8) ^ t[0][Int((c ^ UInt32(bytes[at])) & 255)]
        at += 1
      }
    }
    crc = c
  }
}
