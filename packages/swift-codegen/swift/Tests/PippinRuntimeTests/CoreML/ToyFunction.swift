#if canImport(CoreML) && os(Linux)
  import CoreML
  import Foundation

  /// One function of one of the toy's packages.
  struct ToyFunction: FakeFunction {
    let form: Toy.Form
    /// Place in the chain.
    let part: Int
    let name: String
    let script: Toy.Script

    private var size: Int? {
      switch form {
      case .ranged: nil
      case .fixed: Toy.context
      default: name == "prefill" ? Toy.prefill : 1
      }
    }
    private var isCached: Bool { form != .ranged && form != .fixed }
    private var isFirstOfChain: Bool { form == .chain && part == 0 }

    var inputs: [FakeFeature] {
      if isFirstOfChain { return [FakeFeature("input_ids", [1, size], .int32)] }
      var inputs = [form == .chain ? FakeFeature("hidden", [1, size], .float16) : FakeFeature("input_ids", [1, size], .int32)]
      if isCached { inputs.append(FakeFeature("position", [1], .int32)) }
      if isCached, name == "prefill" { inputs.append(FakeFeature("last_token", [1], .int32)) }
      if !isCached { inputs.append(FakeFeature("attention_mask", [1, size], .int32)) }
      if form == .features { inputs.append(FakeFeature("keys", [1, 1, Toy.context, 2], .float16)) }
      return inputs
    }

    var outputs: [FakeFeature] {
      if isFirstOfChain { return [FakeFeature("hidden", [1, size], .float16)] }
      let logits = FakeFeature("logits", [1, isCached ? 1 : size, Toy.vocabSize], .float16)
      return form == .features ? [logits, FakeFeature("new_keys", [1, 1, Toy.context, 2], .float16)] : [logits]
    }

    var states: [FakeFeature] {
      form == .states || (form == .chain && part == 1) ? [FakeFeature("keyCache", [1, 1, Toy.context, 2], .float16)] : []
    }

    func newState() -> any FakeState { ToyState() }

    func predict(_ inputs: [String: MLMultiArray], _ state: (any FakeState)?) throws -> [String: MLMultiArray] {
      if part == 0 { try script.count() }
      let given = (inputs["input_ids"] ?? inputs["hidden"])!
      let ids = given.numbers
      if isFirstOfChain { return ["hidden": try .halves(ids.map { Float($0) }, shape: [1, ids.count])] }
      guard isCached else {
        let mask = inputs["attention_mask"]!.numbers
        let count = mask.reduce(0, +)
        guard mask.prefix(count).allSatisfy({ $0 == 1 }) else { throw MLModelError(.generic, "the mask has a gap") }
        return ["logits": try .logits(ids.indices.map { Toy.next(ids[...$0]) })]
      }
      let position = inputs["position"]!.numbers[0]
      let last = inputs["last_token"]?.numbers[0] ?? 0
      guard position + ids.count <= Toy.context else { throw MLModelError(.generic, "the cache has no room") }
      let cache = form == .features ? try inputs["keys"]!.copy() : (state as! ToyState).keys
      // Padding is written too, as programs do.
      for (place, id) in ids.enumerated() { cache.setPair(position + place, Float(id), Float(position + place)) }
      let history = (0...position + last).map { place -> Int in
        let (id, at) = cache.pair(place)
        return Int(at) == place ? Int(id) : -1
      }
      guard !history.contains(-1) else { throw MLModelError(.generic, "a token before \(position) was never written") }
      let logits = try MLMultiArray.logits([Toy.next(history)])
      return form == .features ? ["logits": logits, "new_keys": cache] : ["logits": logits]
    }
  }

  final class ToyState: FakeState, @unchecked Sendable {
    // Rows of the cache lie apart, as those of a device may. Places that were never written say so.
    let keys: MLMultiArray = {
      let (rows, stride) = (Toy.context, 5)
      let memory = UnsafeMutableRawPointer.allocate(byteCount: rows * stride * 2, alignment: 16)
      memory.initializeMemory(as: UInt16.self, repeating: Float16(-7).bitPattern, count: rows * stride)
      let strides = [rows * stride, rows * stride, stride, 1].map { NSNumber(value: $0) }
      return try! MLMultiArray(
        dataPointer: memory, shape: [1, 1, NSNumber(value: rows), 2], dataType: .float16, strides: strides,
        deallocator: { $0.deallocate() })
    }()

    func array(_ name: String) -> MLMultiArray { keys }
    func changed(_ name: String, _ array: MLMultiArray) {}
  }

  extension MLMultiArray {
    var numbers: [Int] {
      withUnsafeBytes { bytes in
        dataType == .int32
          ? bytes.bindMemory(to: Int32.self).map(Int.init) : bytes.bindMemory(to: Float16.self).map { Int($0) }
      }
    }

    static func halves(_ values: [Float], shape: [Int]) throws -> MLMultiArray {
      let array = try MLMultiArray(shape: shape.map { NSNumber(value: $0) }, dataType: .float16)
      array.withUnsafeMutableBytes { bytes, _ in
        let places = bytes.bindMemory(to: Float16.self)
        for (place, value) in values.enumerated() { places[place] = Float16(value) }
      }
      return array
    }

    /// Rows in which the wanted token is the largest, at a stride that is not the vocabulary's.
    static func logits(_ wanted: [Int]) throws -> MLMultiArray {
      let stride = Toy.vocabSize + 64
      let count = wanted.count * stride
      let memory = UnsafeMutablePointer<Float16>.allocate(capacity: count)
      // What lies between the rows is larger than all logits.
      memory.initialize(repeating: 999, count: count)
      for (row, id) in wanted.enumerated() {
        for place in 0..<Toy.vocabSize { memory[row * stride + place] = Float16((place * 7) % 64) / 8 }
        memory[row * stride + id] = 20
      }
      return try MLMultiArray(
        dataPointer: memory, shape: [1, NSNumber(value: wanted.count), NSNumber(value: Toy.vocabSize)], dataType: .float16,
        strides: [NSNumber(value: count), NSNumber(value: stride), 1],
        deallocator: { $0.deallocate() })
    }

    func copy() throws -> MLMultiArray {
      let array = try MLMultiArray(shape: shape, dataType: dataType)
      withUnsafeBytes { source in array.withUnsafeMutableBytes { target, _ in target.copyMemory(from: source) } }
      return array
    }

    private func place(_ row: Int) -> Int { row * strides[2].intValue }

    func pair(_ row: Int) -> (Float, Float) {
      withUnsafeBytes { bytes in
        let values = bytes.bindMemory(to: Float16.self)
        return (Float(values[place(row)]), Float(values[place(row) + 1]))
      }
    }

    func setPair(_ row: Int, _ first: Float, _ second: Float) {
      withUnsafeMutableBytes { bytes, _ in
        let values = bytes.bindMemory(to: Float16.self)
        values[place(row)] = Float16(first)
        values[place(row) + 1] = Float16(second)
      }
    }
  }
#endif
