/// A token's place in the order of likelihood: higher weight, then higher logit, then lower id.
private struct Place {
  var weight: Float
  var logit: Float
  var id: Int

  func isBefore(_ other: Place) -> Bool {
    if weight != other.weight { return weight > other.weight }
    return logit != other.logit ? logit > other.logit : id < other.id
  }
}

/// Weights of 2^-126 … 1 have 127 exponents, 0 the one below.
private let exponents = 128
private let highMantissa = 1 << 12

/// Sets the weights to 0 that are not among the most likely ones which together reach a share of the sum. The most likely one stays.
///
/// A token is dropped when those before it, in the order of `Place`, sum up to `share` of all. Weights with one exponent add up exactly in
/// Double in any order (24 bits, fewer than 2^29 of them), so sums are taken by exponent and then from the highest exponent down: the result
/// is that of a full sort, but only weights with the last kept one's exponent and first 12 bits are sorted.
///
/// - Parameters:
///   - weights: of each id: 0, or from 2^-126 to 1.
///   - logits: of each id, for those whose weights are equal.
///   - share: at least 0 and below 1.
func keepShare(_ weights: UnsafeMutableBufferPointer<Float>, logits: UnsafeBufferPointer<Float>, share: Float) {
  let last = lastKept(UnsafeBufferPointer(weights), logits, share)
  for id in weights.indices where weights[id] <= last.weight {
    if weights[id] < last.weight || last.isBefore(Place(weight: weights[id], logit: logits[id], id: id)) { weights[id] = 0 }
  }
}

private func lastKept(_ weights: UnsafeBufferPointer<Float>, _ logits: UnsafeBufferPointer<Float>, _ share: Float) -> Place {
  var target = 0.0
  var before = 0.0
  let exponent = withUnsafeTemporaryAllocation(of: Double.self, capacity: exponents) { sums in
    sums.initialize(repeating: 0)
    for weight in weights { sums[Int(weight.bitPattern &>> 23)] += Double(weight) }
    target = Double(share) * sums.reversed().reduce(0, +)
    var exponent = exponents - 1
    while before + sums[exponent] < target {
      before += sums[exponent]
      exponent -= 1
    }
    return exponent
  }
  var within = 0.0
  let part = withUnsafeTemporaryAllocation(of: Double.self, capacity: highMantissa) { sums in
    sums.initialize(repeating: 0)
    for weight in weights where weight.bitPattern &>> 23 == UInt32(exponent) {
      sums[Int(weight.bitPattern &>> 11) & (highMantissa - 1)] += Double(weight)
    }
    var part = highMantissa - 1
    while sums[part] == 0 || before + (within + sums[part]) < target {
      within += sums[part]
      part -= 1
    }
    return part
  }
  let prefix = UInt32(exponent << 12 | part)
  var places: [Place] = []
  for id in weights.indices where weights[id].bitPattern &>> 11 == prefix {
    places.append(Place(weight: weights[id], logit: logits[id], id: id))
  }
  places.sort { $0.isBefore($1) }
  var index = 0
  while index < places.count - 1 {
    within += Double(places[index].weight)
    if before + within >= target { break }
    index += 1
  }
  return places[index]
}
