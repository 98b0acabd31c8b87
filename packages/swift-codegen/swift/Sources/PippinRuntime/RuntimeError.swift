import Foundation

/// Why a model cannot answer. Each has a sentence for people and says what helps.
public enum RuntimeError: Error, Equatable, Sendable {
  /// A file of the model is not where it should be.
  case fileMissing(String)
  /// A file of the model is cut off or changed.
  case fileDamaged(String, reason: String)
  /// The system does not let a file of the model be read or written.
  case fileUnusable(String, reason: String)
  /// `pippin-manifest.json` cannot be followed.
  case manifestInvalid(String)
  case systemTooOld(needed: String, found: String)
  /// The model needs more memory than the app may use now.
  case notEnoughMemory(needed: Int64, available: Int64)
  /// None of the compute units took the model; what each said.
  case computeUnitsRefused([String])
  /// The model could not be compiled or loaded.
  case loadFailed(String)
  /// The model failed in the middle of its work.
  case predictionFailed(String)
  /// The model gave NaN or infinite logits at a position.
  case notFinite(position: Int)
  case promptEmpty
  case promptTooLong(tokens: Int, limit: Int)
  /// The model's first load ended the app, or failed; it is not tried again by itself.
  case quarantined(String)
  /// The device is too hot or has too little memory to go on.
  case conditionsTooBad(String)
  /// The download was refused, or its bytes are not what the manifest says.
  case downloadFailed(String, reason: String)
  /// There is not enough room on the disk.
  case diskFull(needed: Int64, available: Int64)
  /// What was asked for is not possible with this model.
  case unsupported(String)
}

extension RuntimeError: LocalizedError {
  public var errorDescription: String? {
    switch self {
    case .fileMissing(let name): "\(name) is missing."
    case .fileDamaged(let name, let reason): "\(name) is damaged: \(reason)."
    case .fileUnusable(let name, let reason): "\(name) cannot be read or written: \(reason)."
    case .manifestInvalid(let reason): "The model's manifest cannot be followed: \(reason)."
    case .systemTooOld(let needed, let found): "The model needs \(needed), this device has \(found)."
    case .notEnoughMemory(let needed, let available):
      "The model needs \(megabytes(needed)) of memory, \(megabytes(available)) are free for this app."
    case .computeUnitsRefused(let reasons): "No compute unit takes the model: \(reasons.joined(separator: "; "))."
    case .loadFailed(let reason): "The model cannot be loaded: \(reason)."
    case .predictionFailed(let reason): "The model failed while it answered: \(reason)."
    case .notFinite(let position): "The model computed values that are no numbers at token \(position)."
    case .promptEmpty: "There is no text to answer."
    case .promptTooLong(let tokens, let limit): "The conversation has \(tokens) tokens, the model reads \(limit)."
    case .quarantined(let reason): "The model was set aside after its first load failed: \(reason)."
    case .conditionsTooBad(let reason): "The device cannot go on now: \(reason)."
    case .downloadFailed(let name, let reason): "\(name) could not be downloaded: \(reason)."
    case .diskFull(let needed, let available):
      "The model needs \(megabytes(needed)) on the disk, \(megabytes(available)) are free."
    case .unsupported(let reason): "This is not possible: \(reason)."
    }
  }

  public var recoverySuggestion: String? {
    switch self {
    case .fileMissing, .fileDamaged, .manifestInvalid: "Delete the model and fetch or build it again."
    case .fileUnusable: "Restart the device and try again."
    case .systemTooOld: "Update the system, or convert the model with an older --target."
    case .notEnoughMemory: "Close other apps, choose a smaller model or context, or add the increased-memory-limit entitlement."
    case .computeUnitsRefused, .loadFailed: "Restart the device, or convert the model for other compute units."
    case .predictionFailed, .notFinite: "Try again; if it happens again, run the self-test."
    case .promptEmpty: "Write something."
    case .promptTooLong: "Shorten the conversation, or choose another context policy."
    case .quarantined: "Try it once more from the app's settings, or choose a smaller model."
    case .conditionsTooBad: "Let the device cool down, or close other apps."
    case .downloadFailed: "Check the connection and try again; what arrived is kept."
    case .diskFull: "Free some space."
    case .unsupported: nil
    }
  }
}

private func megabytes(_ bytes: Int64) -> String { "\((bytes + 999_999) / 1_000_000) MB" }
