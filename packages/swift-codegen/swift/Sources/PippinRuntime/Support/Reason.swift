import Foundation

/// What an error of the system says, fit for people and logs: short, and without the folders of this device.
func reason(_ error: any Error) -> String {
  var text = "\(error)"
  for folder in [NSHomeDirectory(), NSTemporaryDirectory()] where folder.count > 1 {
    text = text.replacingOccurrences(of: folder, with: "…")
  }
  return text.count > 300 ? "\(text.prefix(300))…" : text
}
