#if canImport(CoreML)
  @preconcurrency import CoreML
  import Foundation

  /// The first positions of a cache, between its array and plain bytes. Arrays of states may have gaps between their rows.
  struct CacheSlice {
    let layout: [RuntimeManifest.State.Axis]
    /// Positions from the first one on.
    let count: Int

    /// Bytes of all rows, in the order of the axes.
    func bytes(of array: MLMultiArray) -> Data {
      var data = Data()
      array.withUnsafeBytes { bytes in
        forEachRow(array, array.strides.map(\.intValue)) { start, length in
          data.append(contentsOf: bytes[start..<start + length])
        }
      }
      return data
    }

    /// - Returns: false, and nothing is written, when `data` is of another size.
    func write(_ data: Data, to array: MLMultiArray) -> Bool {
      var size = 0
      forEachRow(array, array.strides.map(\.intValue)) { _, length in size += length }
      guard data.count == size else { return false }
      data.withUnsafeBytes { source in
        // The array may take other memory for this, with other strides.
        array.withUnsafeMutableBytes { bytes, strides in
          var offset = 0
          forEachRow(array, strides) { start, length in
            bytes.baseAddress!.advanced(by: start).copyMemory(from: source.baseAddress! + offset, byteCount: length)
            offset += length
          }
        }
      }
      return true
    }

    /// Places of rows along the last axis, in bytes.
    private func forEachRow(_ array: MLMultiArray, _ strides: [Int], _ body: (_ start: Int, _ length: Int) -> Void) {
      // Caches are fp16: the manifest has no other type.
      let size = 2
      var shape = array.shape.map(\.intValue)
      guard shape.count == layout.count, let axis = layout.firstIndex(of: .position), let run = shape.last else { return }
      shape[axis] = min(shape[axis], count)
      let isDense = strides[shape.count - 1] == 1 && axis != shape.count - 1
      let rows = isDense ? Array(shape.dropLast()) : shape
      func walk(_ depth: Int, _ start: Int) {
        guard depth < rows.count else { return body(start * size, (isDense ? run : 1) * size) }
        for place in 0..<rows[depth] { walk(depth + 1, start + place * strides[depth]) }
      }
      walk(0, 0)
    }
  }
#endif
