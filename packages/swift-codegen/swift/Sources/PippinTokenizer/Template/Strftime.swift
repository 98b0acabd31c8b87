import Foundation

private let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
private let months = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
  "December",
]

/// Formats a date as Python's `strftime` does in the C locale, in local time. `%-d` drops the leading zero; unknown directives stay as
/// they are written.
func strftime(_ date: Date, _ format: Text) -> Text {
  let calendar = Calendar(identifier: .gregorian)
  let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second, .weekday], from: date)
  var out: Text = []
  var at = 0
  while at < format.count {
    guard format[at] == "%" else {
      out.append(format[at])
      at += 1
      continue
    }
    let isShort = at + 1 < format.count && format[at + 1] == "-"
    let place = at + (isShort ? 2 : 1)
    if place < format.count, let text = directive(format[place], parts, calendar, date) {
      var digits = Text(text)
      while isShort, digits.count > 1, digits[0] == "0", ("0"..."9").contains(digits[1]) { digits.removeFirst() }
      out += digits
      at = place + 1
    } else {
      out.append("%")
      at += 1
    }
  }
  return out
}

private func directive(
  _ letter: Unicode.Scalar, _ parts: DateComponents, _ calendar: Calendar, _ date: Date
) -> String? {
  let (year, month, day) = (parts.year ?? 0, parts.month ?? 1, parts.day ?? 1)
  let (hour, minute, second) = (parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0)
  func padded(_ value: Int, _ width: Int = 2) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
  let weekday = days[(parts.weekday ?? 1) - 1]
  switch letter {
  case "a": return String(weekday.prefix(3))
  case "A": return weekday
  case "b": return String(months[month - 1].prefix(3))
  case "B": return months[month - 1]
  case "d": return padded(day)
  case "F": return "\(year)-\(padded(month))-\(padded(day))"
  case "H": return padded(hour)
  case "I": return padded(hour % 12 == 0 ? 12 : hour % 12)
  case "j": return padded(calendar.ordinality(of: .day, in: .year, for: date) ?? 1, 3)
  case "m": return padded(month)
  case "M": return padded(minute)
  case "p": return hour < 12 ? "AM" : "PM"
  case "S": return padded(second)
  case "T": return "\(padded(hour)):\(padded(minute)):\(padded(second))"
  case "y": return padded(year % 100)
  case "Y": return String(year)
  case "%": return "%"
  default: return nil
  }
}
